"""Manifests that were read before, found again by kind, name and page."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from itertools import islice

from lbdoctor.cluster.api import PAGE_SIZE, Manifest, Page
from lbdoctor.cluster.fields import Fields, MalformedError
from lbdoctor.cluster.manifest import namespaced_name
from lbdoctor.domain.refs import Kind
from lbdoctor.domain.snapshot import Origin


class Objects:
    """An ``Api`` to read from, over manifests that are put into it."""

    def __init__(
        self, origin: Origin, *, now: datetime | None = None, default_namespace: str = ""
    ) -> None:
        self.origin = origin
        self.now = now
        self.default_namespace = default_namespace
        self._objects: dict[Kind, dict[tuple[str, str], Manifest]] = {kind: {} for kind in Kind}

    def put(self, kind: Kind, manifest: Manifest) -> None:
        """Create or replace an object; one without a name is kept as it is."""
        objects = self._objects[kind]
        namespace, name = namespaced_name(manifest)
        objects[namespace, name or f" unnamed {len(objects)}"] = manifest

    def remove(self, kind: Kind, name: str, namespace: str = "") -> None:
        self._objects[kind].pop((namespace, name), None)

    def get(self, kind: Kind, name: str, namespace: str = "") -> Manifest | None:
        return self._objects[kind].get((namespace, name))

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
        found: Collection[Manifest] = objects.values()
        if namespace or selector:
            found = [
                item
                for (within, _), item in objects.items()
                if namespace in ("", within) and _is_selected(item, selector or {})
            ]
        start = int(continue_token or 0)
        end = start + (limit or len(found))
        return Page(list(islice(found, start, end)), str(end) if end < len(found) else "")


def _is_selected(manifest: Manifest, selector: Mapping[str, str]) -> bool:
    key, _, value = selector.get("labelSelector", "").partition("=")
    try:
        labels = Fields(manifest).map("metadata").map("labels")
        return not key or labels.text(key) == value
    except MalformedError:
        return True  # the reader will say what is wrong with it
