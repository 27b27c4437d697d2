"""What the controller believes to be there: an informer's cache, late by a chosen time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from lbdoctor.cluster.api import Event, EventType, ExpiredError, Manifest, WritableApi
from lbdoctor.cluster.manifest import namespaced_name
from lbdoctor.cluster.memory.copies import copied
from lbdoctor.domain.refs import Kind, ObjectRef

KINDS = (Kind.IP_POOL, Kind.LOAD_BALANCER)


class Feed(Protocol):
    """Where the cache hears of changes."""

    def begin(self, kind: Kind) -> list[Manifest]:
        """Return what is there, and tell of every change from then on."""
        ...

    def take(self) -> Iterable[tuple[Kind, Event]]:
        """Return what was told since the last time."""
        ...


class PolledFeed:
    """Asks for what happened whenever it is asked itself: nothing happens in between."""

    def __init__(self, api: WritableApi) -> None:
        self._api = api
        self._versions: dict[Kind, str] = {}

    def begin(self, kind: Kind) -> list[Manifest]:
        page = self._api.page(kind, limit=0)
        self._versions[kind] = page.version
        return page.items

    def take(self) -> Iterator[tuple[Kind, Event]]:
        for kind, version in self._versions.items():
            for event in self._api.watch(kind, since=version, seconds=0):
                self._versions[kind] = event.version
                if event.type is not EventType.BOOKMARK:
                    yield kind, event


@dataclass(frozen=True, slots=True)
class _Pending:
    due: datetime
    kind: Kind
    event: Event


class Cache:
    """Pools and LoadBalancers as the controller knows them."""

    def __init__(self, feed: Feed, lag: timedelta) -> None:
        self._feed = feed
        self._lag = lag
        self._pending: deque[_Pending] = deque()
        self._objects: dict[Kind, dict[tuple[str, str], Manifest]] = {
            kind: {namespaced_name(item): item for item in feed.begin(kind)} for kind in KINDS
        }

    def get(self, ref: ObjectRef) -> Manifest | None:
        return copied(self._objects[ref.kind].get((ref.namespace, ref.name)))

    def all(self, kind: Kind) -> list[Manifest]:
        return [copied(item) for item in self._objects[kind].values()]

    def refs(self) -> Iterator[ObjectRef]:
        for kind, objects in self._objects.items():
            for namespace, name in objects:
                yield ObjectRef(kind, name, namespace)

    def listen(self, now: datetime) -> None:
        """Hear what happened; it is believed when the lag is over."""
        try:
            told = list(self._feed.take())
        except ExpiredError:
            told = list(self._told_anew())
        self._pending.extend(_Pending(now + self._lag, kind, event) for kind, event in told)

    def _told_anew(self) -> Iterator[tuple[Kind, Event]]:
        """Begin anew: what is not there any more was deleted, all else may have changed."""
        for kind in KINDS:
            there = self._feed.begin(kind)
            keys = {namespaced_name(item) for item in there}
            for key, item in self._objects[kind].items():
                if key not in keys:
                    yield kind, Event(EventType.DELETED, item)
            yield from ((kind, Event(EventType.MODIFIED, item)) for item in there)

    @property
    def unbelieved(self) -> list[tuple[Kind, Event]]:
        """What was heard of and is not taken in yet, oldest first."""
        return [(pending.kind, pending.event) for pending in self._pending]

    @property
    def next_due(self) -> datetime | None:
        return self._pending[0].due if self._pending else None

    def believe(self, now: datetime) -> Iterator[ObjectRef]:
        """Take in what is due, and yield the objects that changed by it."""
        while self._pending and self._pending[0].due <= now:
            yield self.believe_next()

    def believe_next(self) -> ObjectRef:
        """Take in the oldest change, due or not, and return the object that changed by it."""
        pending = self._pending.popleft()
        key = namespaced_name(pending.event.manifest)
        if pending.event.type is EventType.DELETED:
            self._objects[pending.kind].pop(key, None)
        else:
            self._objects[pending.kind][key] = pending.event.manifest
        return ObjectRef(pending.kind, key[1], key[0])
