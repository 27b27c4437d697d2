"""Harvester's controller beside any cluster, driven write by write."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final, Self

from lbdoctor.cluster.api import (
    Event,
    EventType,
    ExpiredError,
    Manifest,
    Patch,
    ReadError,
    Wrapper,
    WritableApi,
    WriteError,
)
from lbdoctor.cluster.manifest import namespaced_name
from lbdoctor.cluster.memory.controller.cache import KINDS
from lbdoctor.cluster.memory.controller.run import Controller, Task
from lbdoctor.cluster.memory.controller.steps import Step
from lbdoctor.domain.controller import parse_version
from lbdoctor.domain.refs import Kind, ObjectRef
from tests.apiserver.waiting import wait_until

WATCH_SECONDS: Final = 1.0
"""The least that a real API server watches for, and the longest that the end of one takes."""

IDLE: Final = 0.02
"""Seconds that a controller with nothing to do waits for something."""

Told = Event | ExpiredError | ReadError


class _Watcher:
    """One thread that follows one kind from a list's version on."""

    def __init__(self, api: WritableApi, kind: Kind, version: str) -> None:
        self.told: queue.Queue[Told] = queue.Queue()
        self._api, self._kind, self._version = api, kind, version
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, name=f"watch {kind}")
        self._thread.start()

    def end(self) -> None:
        self._over.set()

    def join(self) -> None:
        self._thread.join()

    def _follow(self) -> None:
        try:
            while not self._over.is_set():
                for event in self._api.watch(
                    self._kind, since=self._version, seconds=WATCH_SECONDS
                ):
                    self._version = event.version
                    if event.type is not EventType.BOOKMARK:
                        self.told.put(event)
        except (ExpiredError, ReadError) as error:
            self.told.put(error)


class WatchedFeed:
    """A ``Feed`` of a real cluster's watches; a context manager that ends its threads."""

    def __init__(self, api: WritableApi) -> None:
        self._api = api
        self._watchers: dict[Kind, _Watcher] = {}
        self._all: list[_Watcher] = []

    @property
    def lists(self) -> int:
        """How often a kind was listed."""
        return len(self._all)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for watcher in self._all:
            watcher.end()
        for watcher in self._all:
            watcher.join()

    def begin(self, kind: Kind) -> list[Manifest]:
        """List, and follow from there; an earlier watch of the kind is told to end."""
        if kind in self._watchers:
            self._watchers[kind].end()
        page = self._api.page(kind, limit=0)
        self._watchers[kind] = _Watcher(self._api, kind, page.version)
        self._all.append(self._watchers[kind])
        return page.items

    def take(self) -> Iterator[tuple[Kind, Event]]:
        """Yield what the watches told so far.

        Raises:
            ExpiredError: One of them cannot go on: all have to begin anew.
            ReadError: One of them failed.
        """
        for kind, watcher in self._watchers.items():
            while not watcher.told.empty():
                told = watcher.told.get()
                if not isinstance(told, Event):
                    raise told
                yield kind, told


class Noted(Wrapper):
    """A cluster that keeps what it said to every write that it refused."""

    def __init__(self, api: WritableApi) -> None:
        super().__init__(api)
        self._writable = api
        self.refused: list[str] = []

    def create(self, kind: Kind, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        return self._noting(lambda: self._writable.create(kind, manifest, dry_run=dry_run))

    def replace(self, kind: Kind, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        return self._noting(lambda: self._writable.replace(kind, manifest, dry_run=dry_run))

    def patch(
        self, kind: Kind, name: str, namespace: str = "", *, body: Patch, dry_run: bool = False
    ) -> Manifest:
        return self._noting(
            lambda: self._writable.patch(kind, name, namespace, body=body, dry_run=dry_run)
        )

    def delete(self, kind: Kind, name: str, namespace: str = "", *, uid: str = "") -> None:
        self._writable.delete(kind, name, namespace, uid=uid)

    def watch(
        self, kind: Kind, namespace: str = "", *, since: str, seconds: float
    ) -> Iterator[Event]:
        return self._writable.watch(kind, namespace, since=since, seconds=seconds)

    def _noting(self, write: Callable[[], Manifest]) -> Manifest:
        try:
            return write()
        except WriteError as error:
            self.refused.append(str(error))
            raise


class StandIn:
    """The controller of a version, and the steps of a test in its terms."""

    def __init__(
        self,
        api: WritableApi,
        tag: str,
        now: Callable[[], datetime],
        feed: WatchedFeed | None = None,
    ) -> None:
        version = parse_version(tag)
        assert version is not None
        self.api = Noted(api)
        self.controller = Controller(self.api, version, now=now, feed=feed)

    def hear(self) -> None:
        """Wait until the controller knows what is there."""
        wait_until(self._knows_all, "a cache that is up to date", seconds=30.0)

    def sync(self, ref: ObjectRef) -> list[Step]:
        """Handle an object once, by what is there now, and return the writes."""
        return self.finish(self._begin(ref))

    def stop_before(self, step: Step, ref: ObjectRef) -> Task:
        task = self._begin(ref)
        while task.next is not step:
            assert task.next is not None, f"never came to: {step}"
            self.controller.advance(task)
        return task

    def finish(self, task: Task) -> list[Step]:
        steps = []
        while task.next is not None:
            steps.append(task.next)
            self.controller.advance(task)
        return steps

    def _begin(self, ref: ObjectRef) -> Task:
        self.hear()
        self.controller.enqueue(ref)
        return self.controller.begin(ref)

    def _knows_all(self) -> bool:
        self.controller.listen()
        return all(
            _versions(self.api.page(kind, limit=0).items)
            == _versions(self.controller.cache.all(kind))
            for kind in KINDS
        )


class FreeRunning:
    """A controller that works by itself, in a thread; a context manager that ends it.

    Raises:
        Exception: On leaving, what ended the controller early.
    """

    def __init__(self, api: WritableApi, tag: str) -> None:
        self._feed = WatchedFeed(api)
        self._stand = StandIn(api, tag, lambda: datetime.now(UTC), self._feed)
        self._over, self._idle = threading.Event(), threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._work, name=f"controller {tag}")

    @property
    def refused(self) -> list[str]:
        """What the API server said to every write of the controller that it refused."""
        return self._stand.api.refused

    def settle(self) -> None:
        """Wait until it has nothing to do for once."""
        self._idle.clear()
        wait_until(self._idle.is_set, "a controller that has nothing to do", seconds=30.0)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._feed.__exit__()
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        try:
            while not self._over.is_set():
                if not self._stand.controller.work():
                    self._idle.set()
                    self._over.wait(IDLE)
        except Exception as error:  # noqa: BLE001 - raised where the controller is ended
            self._error = error


def _versions(items: list[Manifest]) -> dict[tuple[str, str], str]:
    return {namespaced_name(item): item["metadata"]["resourceVersion"] for item in items}
