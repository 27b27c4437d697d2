"""Manifests that were read before, found again by kind, name and page."""

from __future__ import annotations

import marshal
from collections.abc import Collection, Mapping
from datetime import datetime
from itertools import islice

from lbdoctor.cluster.api import PAGE_SIZE, Manifest, Page
from lbdoctor.cluster.fields import Fields, MalformedError
from lbdoctor.cluster.manifest import namespaced_name
from lbdoctor.domain.refs import Kind
from lbdoctor.domain.snapshot import Origin


class Objects:
    """An ``Api`` to read from, over manifests that are put into it.

    It keeps them packed, in a quarter of the memory: a cluster can have 100,000 of them.
    """

    def __init__(
        self, origin: Origin, *, now: datetime | None = None, default_namespace: str = ""
    ) -> None:
        self.origin = origin
        self.now = now
        self.default_namespace = default_namespace
        self._objects: dict[Kind, dict[tuple[str, str], bytes]] = {kind: {} for kind in Kind}

    def __len__(self) -> int:
        return sum(map(len, self._objects.values()))

    def put(self, kind: Kind, manifest: Manifest) -> None:
        """Create or replace an object; one without a name is kept as it is."""
        objects = self._objects[kind]
        namespace, name = namespaced_name(manifest)
        objects[namespace, name or f" unnamed {len(objects)}"] = marshal.dumps(manifest)

    def remove(self, kind: Kind, name: str, namespace: str = "") -> None:
        self._objects[kind].pop((namespace, name), None)

    def get(self, kind: Kind, name: str, namespace: str = "") -> Manifest | None:
        packed = self._objects[kind].get((namespace, name))
        return None if packed is None else _unpacked(packed)

    def page(
        self,
        kind: Kind,
        namespace: str = "",
        *,
        continue_token: str = "",
        limit: int = PAGE_SIZE,
        selector: Mapping[str, str] | None = None,
    ) -> Page:
        """Return a page; selectors are left to the reader, which checks again."""
        objects = self._objects[kind]
        found: Collection[bytes] = objects.values()
        if namespace or selector:
            found = [
                packed
                for (within, _), packed in objects.items()
                if namespace in ("", within) and _is_selected(packed, selector or {})
            ]
        start = int(continue_token or 0)
        end = start + (limit or len(found))
        items = [_unpacked(packed) for packed in islice(found, start, end)]
        return Page(items, str(end) if end < len(found) else "")


def _unpacked(packed: bytes) -> Manifest:
    manifest: Manifest = marshal.loads(packed)  # noqa: S302 - packed by this process
    return manifest


def _is_selected(packed: bytes, selector: Mapping[str, str]) -> bool:
    key, _, value = selector.get("labelSelector", "").partition("=")
    if not key:
        return True
    try:
        labels = Fields(_unpacked(packed)).map("metadata").map("labels")
        return labels.text(key) == value
    except MalformedError:
        return True  # the reader will say what is wrong with it
