"""CustomResourceDefinitions: installed until they are served, gone until they are not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from tests.apiserver.client import Api
from tests.apiserver.resources import Manifest, path_of
from tests.apiserver.waiting import wait_until

DIRECTORY = Path(__file__).parent / "crds"
IP_POOLS = DIRECTORY / "ippools.yaml"
LOAD_BALANCERS = DIRECTORY / "loadbalancers.yaml"
NETWORKS = DIRECTORY / "network-attachment-definitions.yaml"
ALWAYS = (IP_POOLS, LOAD_BALANCERS)


class Definitions:
    def __init__(self, api: Api) -> None:
        self._api = api
        self._parsed: dict[Path, Manifest] = {}

    def install(self, crd_file: Path) -> None:
        """Apply a definition and return when all its served versions answer."""
        crd = self._read(crd_file)
        self._api.apply(crd)
        wait_until(lambda: self._is_established(crd), f"{crd['metadata']['name']} established")
        wait_until(lambda: self._is_served(crd), f"{crd['metadata']['name']} served")

    def uninstall(self, crd_file: Path) -> None:
        """Delete a definition with all its objects and return when its paths answer 404."""
        crd = self._read(crd_file)
        self._release_objects(crd)
        self._api.delete(path_of(crd), missing_ok=True)
        wait_until(lambda: self._is_gone(crd), f"{crd['metadata']['name']} gone")

    def is_installed(self, crd_file: Path) -> bool:
        crd = self._read(crd_file)
        return self._api.request("GET", path_of(crd)).status == 200 and self._is_served(crd)

    def restore(self) -> None:
        """Leave the definitions of Harvester installed and no other of ours."""
        for crd_file in DIRECTORY.glob("*.yaml"):
            if crd_file in ALWAYS:
                if not self.is_installed(crd_file):
                    self.install(crd_file)
            elif self._api.request("GET", path_of(self._read(crd_file))).status == 200:
                self.uninstall(crd_file)

    def _release_objects(self, crd: Manifest) -> None:
        """Drop finalizers, with which an object would hold up its definition for ever."""
        answer = self._api.request("GET", _storage_path(crd))
        if answer.status == 404:
            return
        for item in answer.json()["items"]:
            if item["metadata"].get("finalizers"):
                path = path_of({**item, "apiVersion": _api_version(crd), "kind": _kind(crd)})
                self._api.patch(path, {"metadata": {"finalizers": None}})

    def _read(self, crd_file: Path) -> Manifest:
        # Parsed once: emptying looks at all of them after each test.
        if crd_file not in self._parsed:
            self._parsed[crd_file] = yaml.safe_load(crd_file.read_text())
        return self._parsed[crd_file]

    def _is_established(self, crd: Manifest) -> bool:
        conditions = self._api.get(path_of(crd)).get("status", {}).get("conditions") or ()
        return any(
            each["type"] == "Established" and each["status"] == "True" for each in conditions
        )

    def _is_served(self, crd: Manifest) -> bool:
        return all(
            self._api.request("GET", f"{version}/{plural}").status == 200
            and self._is_discoverable(version, plural)
            for version, plural in _paths(crd)
        )

    def _is_gone(self, crd: Manifest) -> bool:
        return all(
            self._api.request("GET", f"{version}/{plural}").status == 404
            and not self._is_discoverable(version, plural)
            for version, plural in _paths(crd)
        )

    def _is_discoverable(self, version: str, plural: str) -> bool:
        """Tell whether kubectl would find it: discovery lags behind the path itself."""
        answer = self._api.request("GET", version)
        if answer.status == 404:
            return False
        return any(each["name"] == plural for each in answer.json()["resources"])


def _paths(crd: Manifest) -> Iterator[tuple[str, str]]:
    for version in crd["spec"]["versions"]:
        if version["served"]:
            yield f"/apis/{crd['spec']['group']}/{version['name']}", crd["spec"]["names"]["plural"]


def _api_version(crd: Manifest) -> str:
    stored = next(each["name"] for each in crd["spec"]["versions"] if each["storage"])
    return f"{crd['spec']['group']}/{stored}"


def _kind(crd: Manifest) -> str:
    return str(crd["spec"]["names"]["kind"])


def _storage_path(crd: Manifest) -> str:
    return f"/apis/{_api_version(crd)}/{crd['spec']['names']['plural']}"
