"""The files of a support bundle, packed or unpacked; nothing is ever written to the disk."""

from __future__ import annotations

import lzma
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, Protocol

from lbdoctor.cluster.directories import entries
from lbdoctor.cluster.text import TextError
from lbdoctor.domain.errors import UnreadableError

HINT: Final = "lbdoctor scan --from supportbundle_ID_TIME.zip"

MOST_UNPACKED: Final = 100 << 20
MOST_TIMES: Final = 200
"""A file above the first that grows more than the second is a bomb: lists of load balancers,
as much alike as they are, grow 50 times."""

MOST_DIRECTORY: Final = 8 << 20
"""Bytes of the list of files in a zip: some 80,000 files."""

_TOP: Final = re.compile(r"((?:[^/]+/)?)yamls/(?:cluster|namespaced)/.")
_END: Final = struct.Struct("<4s4H2LH")
_LONG_END: Final = struct.Struct("<4sQ2H2L4Q")


class UnusableError(Exception):
    """One file of a bundle cannot be read; the text says why."""


class Tree(Protocol):
    """The files of a bundle by their paths from its top folder on."""

    files: frozenset[str]

    def open(self, path: str) -> IO[bytes]:
        """Open a file; raises ``UnusableError`` or whatever ``reading`` makes one of."""
        ...


@contextmanager
def reading(tree: Tree, path: str) -> Iterator[IO[bytes]]:
    """Open a file of a bundle.

    Raises:
        UnusableError: It cannot be read, now or further on.
    """
    try:
        with tree.open(path) as stream:
            yield stream
    except TextError as error:
        raise UnusableError(f"{path} is not what a support bundle holds: {error}") from error
    except RecursionError as error:
        raise UnusableError(f"{path} is nested too deeply") from error
    except OSError as error:
        raise UnusableError(f"{path}: {error.strerror or 'it is damaged'}") from error
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as error:
        raise UnusableError(f"{path} is damaged in the zip") from error
    except (NotImplementedError, RuntimeError) as error:
        raise UnusableError(f"{path} is encrypted or packed in an unknown way") from error


class Unpacked:
    """A bundle that was unpacked into a directory."""

    def __init__(self, top: Path) -> None:
        self._top = top
        found = [top / "metadata.yaml", top / "bundleGenerationError.log", *entries(top / "yamls")]
        self.files = frozenset(
            path.relative_to(top).as_posix() for path in found if path.is_symlink() or path.exists()
        )

    def open(self, path: str) -> IO[bytes]:
        file = self._top / path
        if not stat.S_ISREG(file.lstat().st_mode):
            raise UnusableError(f"{path} is a link or no file")
        return file.open("rb")


class Zipped:
    """A bundle in its zip."""

    def __init__(self, archive: zipfile.ZipFile, top: str) -> None:
        self._archive = archive
        self._top = top
        inside = [name for name in archive.namelist() if name.startswith(top)]
        self.files = frozenset(name[len(top) :] for name in inside if not name.endswith("/"))

    def open(self, path: str) -> IO[bytes]:
        info = self._archive.getinfo(self._top + path)
        if stat.S_ISLNK(info.external_attr >> 16):
            raise UnusableError(f"{path} is a link")
        if info.file_size > max(MOST_UNPACKED, info.compress_size * MOST_TIMES):
            size, times = info.file_size >> 20, info.file_size // max(1, info.compress_size)
            raise UnusableError(f"{path} would unpack to {size} MiB, {times} times its size")
        return self._archive.open(info)


def open_tree(path: Path) -> Tree | None:
    """Return the bundle at a path; None if it is neither a zip nor an unpacked bundle.

    Raises:
        UnreadableError: It is a zip, but no bundle; or there are several bundles.
        OSError: It cannot be read.
    """
    if path.is_file():
        with path.open("rb") as file:
            is_zip = file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
        return _zipped(path) if is_zip else None
    if not path.is_dir():
        return None
    if _is_top(path):
        return Unpacked(path)
    tops = [item for item in sorted(path.iterdir()) if _is_top(item)]
    if len(tops) > 1:
        raise UnreadableError(
            f"{path} holds {len(tops)} support bundles", hint=f"lbdoctor scan --from {tops[0]}"
        )
    return Unpacked(tops[0]) if tops else None


def _is_top(path: Path) -> bool:
    yamls = path / "yamls"
    if path.is_symlink() or yamls.is_symlink():
        return False
    return (yamls / "cluster").is_dir() or (yamls / "namespaced").is_dir()


def _zipped(path: Path) -> Tree:
    try:
        if _size_of_list(path) > MOST_DIRECTORY:
            raise UnreadableError(f"{path} lists too many files for a bundle", hint=HINT)
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
        text = f"{path} is no whole zip archive: download it again"
        raise UnreadableError(text, hint=f"unzip -t {path}") from error
    names = archive.namelist()
    for name in names:
        if name.startswith("/") or "\\" in name or ".." in name.split("/"):
            raise UnreadableError(f"{path} names a file outside of itself: {name[:80]}", hint=HINT)
    tops = {match[1] for name in names if (match := _TOP.match(name))}
    if len(tops) != 1:
        what = f"holds {len(tops)} support bundles" if tops else "is a zip, but no support bundle"
        raise UnreadableError(f"{path} {what}", hint=HINT)
    if len(set(names)) != len(names):
        raise UnreadableError(f"{path} holds two files of one name", hint=HINT)
    return Zipped(archive, tops.pop())


def _size_of_list(path: Path) -> int:
    """Return how many bytes the list of files at the end of a zip has, as it says itself.

    Before it is read: a hundred bytes of it become a thousand in memory.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - (1 << 16) - _END.size - 76))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0:
        raise zipfile.BadZipFile
    length: int = _END.unpack_from(tail, at)[5]
    long_at = tail.rfind(b"PK\x06\x06", 0, at)
    if length == 0xFFFFFFFF and long_at >= 0:
        length = _LONG_END.unpack_from(tail, long_at)[8]
    return length
