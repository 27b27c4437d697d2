"""Objects with versions, and the log of every change: the etcd of a cluster in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lbdoctor.cluster.api import Event, EventType, ExpiredError, Manifest
from lbdoctor.cluster.manifest import namespaced_name
from lbdoctor.cluster.memory.copies import copied
from lbdoctor.domain.refs import Kind

Key = tuple[str, str]
"""Namespace and name; the namespace of a cluster-scoped object is empty."""


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the log."""

    version: int
    kind: Kind
    event: Event


class Storage:
    """Keeps copies and hands out copies: nobody changes what is stored but by a write."""

    def __init__(self) -> None:
        self._objects: dict[Kind, dict[Key, Manifest]] = {kind: {} for kind in Kind}
        self._log: list[Change] = []
        self._oldest = 0
        self.version = 1

    def get(self, kind: Kind, key: Key) -> Manifest | None:
        return copied(self._objects[kind].get(key))

    def all(self, kind: Kind, namespace: str = "") -> Iterator[Manifest]:
        """Yield the objects of a namespace, or all, in the order of their names."""
        objects = self._objects[kind]
        for key in sorted(objects):
            if namespace in ("", key[0]):
                yield copied(objects[key])

    def write(self, kind: Kind, manifest: Manifest) -> Manifest:
        """Store an object under the next version and return it."""
        key = namespaced_name(manifest)
        type_ = EventType.MODIFIED if key in self._objects[kind] else EventType.ADDED
        stored = self._versioned(manifest)
        self._objects[kind][key] = stored
        self._note(kind, type_, stored)
        return copied(stored)

    def remove(self, kind: Kind, manifest: Manifest) -> Manifest:
        """Remove an object; its last state is what is given, under the next version."""
        self._objects[kind].pop(namespaced_name(manifest), None)
        gone = self._versioned(manifest)
        self._note(kind, EventType.DELETED, gone)
        return copied(gone)

    def since(self, version: int, kind: Kind, namespace: str) -> list[Event]:
        """Return what happened after a version.

        Raises:
            ExpiredError: The log does not go back so far.
        """
        if version < self._oldest:
            raise ExpiredError
        return [
            Event(change.event.type, copied(change.event.manifest))
            for change in self._log
            if change.version > version
            and change.kind is kind
            and namespace in ("", namespaced_name(change.event.manifest)[0])
        ]

    def forget(self) -> None:
        """Drop the log: nobody can go on from before now."""
        self.version += 1
        self._oldest = self.version
        self._log.clear()

    def _versioned(self, manifest: Manifest) -> Manifest:
        self.version += 1
        stored = copied(manifest)
        stored["metadata"]["resourceVersion"] = str(self.version)
        return stored

    def _note(self, kind: Kind, type_: EventType, manifest: Manifest) -> None:
        self._log.append(Change(self.version, kind, Event(type_, copied(manifest))))
