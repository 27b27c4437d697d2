"""Builds files, directories and zips that somebody may hand to ``--from`` to break it."""

from __future__ import annotations

import os
import socket
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.cli.manifests import healthy, lb, listed, pool

MB = 1 << 20
V1 = "loadbalancer.harvesterhci.io/v1beta1"
POOLS = f"yamls/cluster/{V1}/ippools.yaml"
LBS = f"yamls/namespaced/a/{V1}/loadbalancers.yaml"
WHOLE = {
    "bundleGenerationError.log": b"",
    "metadata.yaml": b"bundlecreatedat: '2026-08-20T10:00:00Z'\n",
    POOLS: listed([pool(allocated={"10.0.0.5": "a/web", "10.0.0.6": "a/gone"})]).encode(),
    "yamls/cluster/v1/namespaces.yaml": listed(
        [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}]
    ).encode(),
    "yamls/namespaced/a/v1/configmaps.yaml": b"",
    LBS: listed([lb(ip="10.0.0.5")]).encode(),
}
"""The files of a bundle in which a/gone is stale: no input below may call it so."""

Make = Callable[[Path], Path]


def text(content: str | bytes, name: str = "input.yaml") -> Make:
    def make(directory: Path) -> Path:
        data = content.encode() if isinstance(content, str) else content
        (directory / name).write_bytes(data)
        return directory / name

    return make


def big(pieces: Callable[[], Iterator[bytes]]) -> Make:
    def make(directory: Path) -> Path:
        with (directory / "input.yaml").open("wb") as file:
            file.writelines(pieces())
        return directory / "input.yaml"

    return make


def zipped(change: Callable[[zipfile.ZipFile], None], *, without: str = "") -> Make:
    """Return a bundle with one file more, or one less."""

    def make(directory: Path) -> Path:
        path = directory / "supportbundle_x.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in WHOLE.items():
                if name != without:
                    archive.writestr(f"supportbundle_x/{name}", content)
            change(archive)
        return path

    return make


def bundle_with(name: str, content: bytes, times: int = 1) -> Make:
    """Return a bundle in which one file has another content, so many times."""

    def change(archive: zipfile.ZipFile) -> None:
        with archive.open(f"supportbundle_x/{name}", "w") as file:
            for _ in range(times):
                file.write(content)

    return zipped(change, without=name)


def named(name: str) -> Make:
    return zipped(lambda archive: archive.writestr(name, "x"))


def unpacked(change: Callable[[Path], None]) -> Make:
    def make(directory: Path) -> Path:
        for name, content in WHOLE.items():
            path = directory / "bundle" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        change(directory / "bundle")
        return directory / "bundle"

    return make


def directory_with(put: Callable[[Path], None]) -> Make:
    def make(directory: Path) -> Path:
        (directory / "dump").mkdir()
        (directory / "dump" / "healthy.json").write_text(listed(healthy()), encoding="utf-8")
        put(directory / "dump" / "more.yaml")
        return directory / "dump"

    return make


def with_link(archive: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo(f"supportbundle_x/{LBS}")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(info, "/etc/passwd")


def broken(path: Path) -> None:
    path.write_text("{", encoding="utf-8")


def link_out(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def a_socket(path: Path) -> None:
    before = Path.cwd()
    os.chdir(path.parent)  # the name of a socket has few characters
    with socket.socket(socket.AF_UNIX) as it:
        it.bind(path.name)
    os.chdir(before)


def instead(make: Callable[[Path], object]) -> Callable[[Path], None]:
    def change(top: Path) -> None:
        (top / LBS).unlink()
        make(top / LBS)

    return change


def encrypted(directory: Path) -> Path:
    path = bundle_with(LBS, WHOLE[LBS])(directory)
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(signature, at + 4)
    path.write_bytes(data)
    return path


def cut(directory: Path) -> Path:
    path = bundle_with(LBS, WHOLE[LBS])(directory)
    path.write_bytes(path.read_bytes()[:-200])
    return path


def flipped(directory: Path) -> Path:
    path = bundle_with(LBS, WHOLE[LBS])(directory)
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(f"supportbundle_x/{LBS}")
    data = bytearray(path.read_bytes())
    data[info.header_offset + 30 + len(info.filename) + 20] ^= 0xFF
    path.write_bytes(data)
    return path


def many_files(directory: Path) -> Path:
    path = directory / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for index in range(120_000):
            archive.writestr(f"supportbundle_x/logs/{index:050}", b"")
    return path


def two_bundles(directory: Path) -> Path:
    for name in ("supportbundle_a", "supportbundle_b"):
        (directory / name / "yamls" / "cluster").mkdir(parents=True)
    return directory


def repeated(piece: bytes, megabytes: int, before: bytes = b"", after: bytes = b"") -> Make:
    def pieces() -> Iterator[bytes]:
        yield before
        block = piece * (MB // len(piece))
        for _ in range(megabytes):
            yield block
        yield after

    return big(pieces)


def two_of_one_name(directory: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return named(f"supportbundle_x/{LBS}")(directory)


def long_list(directory: Path) -> Path:
    """Write a zip whose list of files is so long that its length stands elsewhere (zip64)."""
    end = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 9, 9, 1 << 30, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    short = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0, 0)
    (directory / "long.zip").write_bytes(b"PK\x03\x04" + end + locator + short)
    return directory / "long.zip"


def yamls_elsewhere(top: Path) -> None:
    (top / "yamls").rename(top.parent / "elsewhere")
    (top / "yamls").symlink_to(top.parent / "elsewhere")


def too_deep(path: Path) -> None:
    (path.parent / "/".join("d" * 50)).mkdir(parents=True)
