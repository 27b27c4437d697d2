"""Support bundles of Harvester: what they hold, and what their silence proves.

A bundle holds the whole cluster's objects and those of some namespaces. A list without
objects is not written, one that failed stands in a log; so no file means no objects, but only
in a namespace that was collected, and only if the log does not say otherwise.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final, Unpack

from lbdoctor.cluster import bundle_log as log
from lbdoctor.cluster.api import RESOURCES, Api, Manifest, Page, PageOptions, Wrapper
from lbdoctor.cluster.bundle_proof import Place, Proof
from lbdoctor.cluster.bundle_text import EMPTY, restored
from lbdoctor.cluster.bundle_tree import HINT, Tree, UnusableError, open_tree, reading
from lbdoctor.cluster.fields import Fields, MalformedError
from lbdoctor.cluster.files import Gathering, kind_of
from lbdoctor.cluster.lists import EmptyList, documents, objects
from lbdoctor.cluster.manifest import namespaced_name
from lbdoctor.cluster.objects import Objects
from lbdoctor.cluster.text import TextError
from lbdoctor.domain.errors import UnreadableError
from lbdoctor.domain.refs import Kind
from lbdoctor.domain.snapshot import Origin, OriginKind

METADATA: Final = "metadata.yaml"
_FILE: Final = re.compile(
    r"yamls/(?:cluster|namespaced/(?P<namespace>[^/]+))"
    r"/(?:(?P<group>[^/]+)/)?[^/]+/(?P<plural>[^/]+)\.yaml"
)
_KINDS: Final = {(item.group, item.plural): kind for kind, item in RESOURCES.items()}


def open_path(path: Path) -> Api | None:
    """Return the objects of a support bundle; None if the path is none.

    Raises:
        UnreadableError: It is one, and cannot be read at all; or it is a zip, but no bundle.
    """
    try:
        tree = open_tree(path)
    except OSError:
        return None  # whoever opens the path next says what is wrong with it
    if tree is None:
        return None
    return _Opening(path, tree).api()


class _Opening:
    """Reads a bundle; what is unusable is noted and the rest goes on."""

    def __init__(self, path: Path, tree: Tree) -> None:
        self._path = path
        self._tree = tree
        self._files = _by_place(tree.files)
        self._unread: dict[Place, str] = {}
        self._gathering = Gathering(Origin(OriginKind.BUNDLE, str(path)))

    def api(self) -> Api:
        failures = self._log()
        for place, files in self._files.items():
            for file in files:
                self._read(place, file, failures)
        found = self._gathering.finish(self._created_at())
        for kind in (Kind.IP_POOL, Kind.NAMESPACE):
            if found.get(kind, EMPTY) is not None:
                raise UnreadableError(
                    f"{self._path} holds a {kind} called null, which a bundle does not tell from "
                    "no name",
                    hint="lbdoctor scan, on the cluster itself",
                )
        proof = Proof(self._tree, self._files, self._unread, failures)
        for namespace in proof.namespaces:
            if found.get(Kind.NAMESPACE, namespace) is None:  # made while the bundle was
                found.put(Kind.NAMESPACE, {"metadata": {"name": namespace}})
        return BundleApi(found, proof)

    def _read(self, place: Place, file: str, failures: log.Log | None) -> None:
        kind, namespace = place
        try:
            if failures and file in failures.files:
                raise UnusableError(f"{file} was not written to its end: {failures.files[file]}")
            with reading(self._tree, file) as stream:
                for found in _list(kind, namespace, objects(stream)):
                    self._gathering.add(found)
        except UnusableError as error:
            self._unread[place] = str(error)

    def _log(self) -> log.Log | None:
        """Return the failures of the collector; None: nothing tells them."""
        if log.NAME not in self._tree.files:
            return None
        plurals = frozenset(item.plural for item in RESOURCES.values())
        try:
            with reading(self._tree, log.NAME) as stream:
                return log.read_log(stream, plurals)
        except UnusableError:
            return None

    def _created_at(self) -> datetime | None:
        """Return when the bundle was made; None if it does not say."""
        if METADATA not in self._tree.files:
            return None
        try:
            with reading(self._tree, METADATA) as stream:
                return Fields(next(documents(stream), None)).time("bundlecreatedat")
        except (UnusableError, MalformedError) as error:
            raise UnreadableError(f"{self._path}: {METADATA}: {error}", hint=HINT) from error


class BundleApi(Wrapper):
    """An ``Api`` over a bundle: what it cannot know is not absent."""

    def __init__(self, objects: Objects, proof: Proof) -> None:
        super().__init__(objects)
        self._proof = proof

    def get(self, kind: Kind, name: str, namespace: str = "") -> Manifest | None:
        self._proof.check(kind, namespace)
        return super().get(kind, name, namespace)

    def page(self, kind: Kind, namespace: str = "", **options: Unpack[PageOptions]) -> Page:
        self._proof.check(kind, namespace)
        return super().page(kind, namespace, **options)


def _by_place(files: frozenset[str]) -> dict[Place, list[str]]:
    """Return the files to read; a kind can be there in more than one version."""
    found: dict[Place, list[str]] = defaultdict(list)
    for file in sorted(files):
        match = _FILE.fullmatch(file)
        if match is None:
            continue
        kind = _KINDS.get((match["group"] or "", match["plural"]))
        if kind and RESOURCES[kind].namespaced == (match["namespace"] is not None):
            found[kind, match["namespace"] or ""].append(file)
    return dict(found)


def _list(
    kind: Kind, namespace: str, found: Iterator[Manifest | EmptyList]
) -> Iterator[Manifest | EmptyList]:
    """Yield the objects of one file as they were in the cluster.

    Raises:
        TextError: It is not one List of objects of this kind and namespace.
    """
    is_list = False
    for item in found:
        is_list = True
        if not isinstance(item, EmptyList):
            if _is_empty_list(item):
                continue
            if kind_of(item) is not kind:
                raise TextError(f"it holds something else than {kind}s")
            if namespace and namespaced_name(item)[0] != namespace:
                raise TextError(f"it holds a {kind} of another namespace")
        yield item if isinstance(item, EmptyList) else restored(kind, item)
    if not is_list:
        raise TextError("it holds no List; it looks cut off")


def _is_empty_list(item: Manifest) -> bool:
    """Whether it is a List whose items were null, and so are text now."""
    return item.get("kind") == "List" and item.get("items") in (EMPTY, None)
