"""Lists in pages: every page of a list shows the same moment, until that is forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lbdoctor.cluster.api import ExpiredError, Manifest, Page
from lbdoctor.cluster.memory.storage import Storage
from lbdoctor.domain.refs import Kind


@dataclass(frozen=True, slots=True)
class _Rest:
    """What of a list was not handed out yet."""

    items: list[Manifest]
    version: str


class Listings:
    """The lists that somebody is reading."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._rests: dict[str, _Rest] = {}
        self._count = 0

    def begin(self, kind: Kind, namespace: str, limit: int, selector: Mapping[str, str]) -> Page:
        found = [
            item for item in self._storage.all(kind, namespace) if _is_selected(item, selector)
        ]
        return self._cut(_Rest(found, str(self._storage.version)), limit)

    def go_on(self, token: str, limit: int) -> Page:
        """Return the next page.

        Raises:
            ExpiredError: The list of this token is forgotten.
        """
        if token not in self._rests:
            raise ExpiredError
        return self._cut(self._rests[token], limit)

    def expire(self) -> None:
        self._rests.clear()

    def _cut(self, rest: _Rest, limit: int) -> Page:
        if not limit or len(rest.items) <= limit:
            return Page(rest.items, "", rest.version)
        self._count += 1
        token = f"list-{self._count}"
        self._rests[token] = _Rest(rest.items[limit:], rest.version)
        return Page(rest.items[:limit], token, rest.version)


def _is_selected(manifest: Manifest, selector: Mapping[str, str]) -> bool:
    """Whether ``key=value`` of a label and of a field hold, as far as they are given."""
    key, _, value = selector.get("labelSelector", "").partition("=")
    labels = manifest["metadata"].get("labels") or {}
    if key and labels.get(key) != value:
        return False
    path, _, value = selector.get("fieldSelector", "").partition("=")
    return not path or _at(manifest, path) == value


def _at(manifest: Manifest, path: str) -> Any:
    found: Any = manifest
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found
