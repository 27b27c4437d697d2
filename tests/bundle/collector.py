"""Writes a support bundle of whatever answers GETs, step by step as support-bundle-kit does.

One GET without pages a resource and namespace, only of the version the server prefers; lists
without items are not written; what failed is a line in a log. Source: support-bundle-kit
pkg/manager/client/discovery.go, pkg/manager/collectors, pkg/manager/cluster.go.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bundle.quirks import as_yaml, parsed

ID = "6f8c9a1e-3b52-4f0a-9d6e-1c2b3a4d5e6f"
CREATED_AT = "2026-08-20T10:00:00Z"
ALWAYS = ("default", "kube-system", "cattle-system", "harvester-system", "fleet-local")
EXCLUDED = frozenset({("", "secrets"), ("harvesterhci.io", "settings")})
LOG = "bundleGenerationError.log"

Get = Callable[[str], tuple[int, str]]
"""Answers the path of a GET with a status and a text of JSON."""


@dataclass(frozen=True)
class Listed:
    """A resource that the server prefers in this version."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool

    def url(self, namespace: str = "") -> str:
        root = "/api" if self.api_version == "v1" else "/apis"
        within = f"/namespaces/{namespace}" if namespace else ""
        return f"{root}/{self.api_version}{within}/{self.plural}"


def collect(
    get: Get, into: Path, *, extra: Iterable[str] = (), created_at: str = CREATED_AT
) -> Path:
    """Write an unpacked bundle and return its top folder; ``extra`` namespaces come on top."""
    top = into / f"supportbundle_{ID}_{created_at.replace(':', '-')}"
    top.mkdir(parents=True)
    _write(
        top / "metadata.yaml",
        {
            "bundlename": "bundle-x7k2p",
            "bundleversion": "0.1.0",
            "kubernetesversion": "v1.33.3+rke2r1",
            "projectnamespaceuuid": ID,
            "bundlecreatedat": created_at,
            "issueurl": "",
            "issuedescription": "load balancers are stuck",
        },
    )
    with (top / LOG).open("w", encoding="utf-8") as log:
        resources = list(_preferred(get))
        _collect(get, top / "yamls" / "cluster", resources, "", log.write)
        for namespace in dict.fromkeys((*ALWAYS, *extra)):
            _collect(get, top / "yamls" / "namespaced" / namespace, resources, namespace, log.write)
    return top


def pack(top: Path, *, compression: int = zipfile.ZIP_DEFLATED, folder: bool = True) -> Path:
    """Zip a top folder beside itself, always to the same bytes; or only what is in it."""
    path = top.with_name(f"{top.name}.zip")
    with zipfile.ZipFile(path, "w", compression) as archive:
        for file in sorted([top, *top.rglob("*")] if folder else top.rglob("*")):
            name = file.relative_to(top.parent if folder else top).as_posix()
            info = zipfile.ZipInfo(name + "/" * file.is_dir(), (2026, 8, 20, 10, 0, 0))
            info.create_system = 3
            info.external_attr = (0o40755 if file.is_dir() else 0o100644) << 16
            info.compress_type = compression
            archive.writestr(info, b"" if file.is_dir() else file.read_bytes())
    return path


def _collect(
    get: Get,
    directory: Path,
    resources: Iterable[Listed],
    namespace: str,
    log: Callable[[str], object],
) -> None:
    found: dict[str, Any] = {}
    for item in resources:
        group = item.api_version.rpartition("/")[0]
        if item.namespaced != bool(namespace) or (group, item.plural) in EXCLUDED:
            continue
        url = item.url(namespace)
        status, text = get(url)
        if status != 200:
            log(f"Failed to get {url}: {_message(text)}\n")
            continue
        try:
            objects = parsed(text, item.api_version, item.kind)
        except ValueError as error:
            what = "namespaced" if namespace else "cluster"
            log(f"Unable to fetch {what} resources: {error}\n")
            return
        if objects.get("items"):
            found[f"{item.api_version}/{item.plural}"] = objects
    for name, objects in found.items():
        _write(directory / f"{name}.yaml", objects)


def _preferred(get: Get) -> Iterator[Listed]:
    groups = json.loads(get("/apis")[1])["groups"]
    for version in ("v1", *(group["preferredVersion"]["groupVersion"] for group in groups)):
        root = "/api/v1" if version == "v1" else f"/apis/{version}"
        for item in json.loads(get(root)[1])["resources"]:
            if "/" not in item["name"]:
                yield Listed(version, item["kind"], item["name"], item["namespaced"])


def _message(text: str) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, LookupError):
        return "an error on the server has prevented the request from succeeding"


def _write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_yaml(value), encoding="utf-8")
