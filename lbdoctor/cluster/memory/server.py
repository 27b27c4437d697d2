"""An API server in memory: what it answers to reads and writes, as a real one does."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from lbdoctor.cluster.api import (
    PAGE_SIZE,
    RESOURCES,
    Event,
    EventType,
    Manifest,
    Page,
    Patch,
    ReadError,
    Unread,
    Unwritten,
    WriteError,
)
from lbdoctor.cluster.manifest import namespaced_name
from lbdoctor.cluster.memory import refusals, updates
from lbdoctor.cluster.memory.admission import DeniedError, HarvesterWebhook, Request, Verb
from lbdoctor.cluster.memory.clock import Clock
from lbdoctor.cluster.memory.listing import Listings
from lbdoctor.cluster.memory.patches import PatchError, merged, patched
from lbdoctor.cluster.memory.schema import SchemaError, pruned
from lbdoctor.cluster.memory.storage import Storage
from lbdoctor.domain.refs import Kind, is_object_name
from lbdoctor.domain.snapshot import Origin, OriginKind

FIRST_NAMESPACES: Final = ("default", "harvester-system", "kube-system")


class MemoryServer:
    """A ``WritableApi`` with storage, schema and Harvester's webhook; safe for threads."""

    def __init__(
        self,
        clock: Clock,
        *,
        name: str = "memory",
        new_uid: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        self.origin = Origin(OriginKind.MEMORY, name)
        self.default_namespace = "default"
        self.unserved: set[Kind] = set()
        """Kinds that this server does not know, as one without Harvester's definitions."""

        self._clock = clock
        self._new_uid = new_uid
        self._storage = Storage()
        self._lists = Listings(self._storage)
        self._webhook: HarvesterWebhook | None = HarvesterWebhook(self)
        self._changed = threading.Condition(threading.RLock())
        for namespace in FIRST_NAMESPACES:
            self.add_namespace(namespace)

    @property
    def now(self) -> datetime | None:
        return self._clock.now()

    def add_namespace(self, name: str) -> None:
        self.create(Kind.NAMESPACE, {"kind": "Namespace", "metadata": {"name": name}})

    def without_webhook(self) -> MemoryServer:
        """Let everything pass from now on, as while the webhook's configuration is gone."""
        self._webhook = None
        return self

    def load(self, kind: Kind, manifest: Manifest) -> Manifest:
        """Put an object in as it is, its status too, as a restored backup does."""
        with self._changed:
            given = {"uid": self._new_uid(), "generation": 1, **manifest["metadata"]}
            given.setdefault("creationTimestamp", updates.moment(self._clock.now()))
            return self._stored(kind, {**manifest, "metadata": given})

    def forget_the_past(self) -> None:
        """End every list and watch that began before now with 410, as a compaction does."""
        with self._changed:
            self._storage.forget()
            self._lists.expire()

    def find(self, kind: Kind, name: str, namespace: str = "") -> Manifest | None:
        """Return an object, whether its kind is served or not."""
        return self._storage.get(kind, (namespace, name))

    def every(self, kind: Kind) -> Iterable[Manifest]:
        return self._storage.all(kind)

    def get(self, kind: Kind, name: str, namespace: str = "") -> Manifest | None:
        self._check_served(kind)
        if not is_object_name(name):
            # A slash makes it a path below another object, whose absence says nothing.
            said = f'{refusals.qualified(kind)} "{name.partition("/")[0]}" not found'
            raise ReadError(Unread.FAILED, f"the API server answered 404 Not Found: {said}")
        with self._changed:
            return self.find(kind, name, namespace)

    def page(
        self,
        kind: Kind,
        namespace: str = "",
        *,
        continue_token: str = "",
        limit: int = PAGE_SIZE,
        selector: Mapping[str, str] | None = None,
    ) -> Page:
        self._check_served(kind)
        with self._changed:
            if continue_token:
                return self._lists.go_on(continue_token, limit)
            return self._lists.begin(kind, namespace, limit, selector or {})

    def create(self, kind: Kind, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        namespace, name = namespaced_name(manifest)
        self._check_written(kind)
        with self._changed:
            if manifest["metadata"].get("resourceVersion"):
                text = "resourceVersion should not be set on objects to be created"
                raise WriteError(Unwritten.FAILED, text)
            if not is_object_name(name):
                raise refusals.invalid(kind, name, f'metadata.name: Invalid value: "{name}"')
            if RESOURCES[kind].namespaced and self.find(Kind.NAMESPACE, namespace) is None:
                raise refusals.absent(Kind.NAMESPACE, namespace)
            new = updates.created(kind, manifest, self._new_uid(), self._clock.now())
            new = self._admitted(Request(Verb.CREATE, kind, self._pruned(kind, new)))
            if self.find(kind, name, namespace) is not None:
                raise refusals.exists(kind, name)
            return new if dry_run else self._stored(kind, new)

    def replace(self, kind: Kind, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        namespace, name = namespaced_name(manifest)
        with self._changed:
            current = self._current(kind, name, namespace)
            meta = current["metadata"]
            uid = manifest["metadata"].get("uid", meta["uid"])
            if uid != meta["uid"]:
                raise refusals.another_uid(kind, name, namespace, uid, meta["uid"])
            version = manifest["metadata"].get("resourceVersion")
            if not version:
                problem = "metadata.resourceVersion: Invalid value: 0: must be specified for an "
                raise refusals.invalid(kind, name, problem + "update")
            if version != meta["resourceVersion"]:
                raise refusals.modified(kind, name)
            return self._update(kind, current, manifest, dry_run=dry_run)

    def patch(
        self, kind: Kind, name: str, namespace: str = "", *, body: Patch, dry_run: bool = False
    ) -> Manifest:
        with self._changed:
            current = self._current(kind, name, namespace)
            try:
                new = patched(current, body) if isinstance(body, list) else merged(current, body)
            except PatchError as error:
                text = "the server rejected our request due to an error in our request"
                raise WriteError(Unwritten.INVALID, text) from error
            if new["metadata"].get("name") != name:
                raise refusals.invalid(kind, name, "metadata.name: another name than the path's")
            for field in ("uid", "deletionTimestamp"):
                if new["metadata"].get(field) != current["metadata"].get(field):
                    raise refusals.invalid(kind, name, f"metadata.{field}: field is immutable")
            if new["metadata"].get("resourceVersion") != current["metadata"]["resourceVersion"]:
                raise refusals.modified(kind, name)
            return self._update(kind, current, new, dry_run=dry_run)

    def delete(self, kind: Kind, name: str, namespace: str = "", *, uid: str = "") -> None:
        with self._changed:
            current = self._current(kind, name, namespace)
            if uid and uid != current["metadata"]["uid"]:
                found = current["metadata"]["uid"]
                raise refusals.another_uid(kind, name, namespace, uid, found)
            self._admitted(Request(Verb.DELETE, kind, current, current))
            if not current["metadata"].get("finalizers"):
                self._storage.remove(kind, current)
            elif not updates.is_terminating(current):
                self._storage.write(kind, updates.marked(current, self._clock.now()))
            self._changed.notify_all()

    def watch(
        self, kind: Kind, namespace: str = "", *, since: str, seconds: float
    ) -> Iterator[Event]:
        self._check_served(kind)
        version, ends = int(since), self._clock.now().timestamp() + seconds
        while True:
            with self._changed:
                events = self._storage.since(version, kind, namespace)
                left = ends - self._clock.now().timestamp()
                if not events and left <= 0:
                    at = str(self._storage.version)
                    break
                version = self._storage.version
                if not events:
                    self._clock.wait(self._changed, left)
            yield from events
        yield Event(EventType.BOOKMARK, {"kind": str(kind), "metadata": {"resourceVersion": at}})

    def _update(
        self, kind: Kind, current: Manifest, manifest: Manifest, *, dry_run: bool
    ) -> Manifest:
        new = self._pruned(kind, updates.updated(kind, current, manifest))
        new = self._admitted(Request(Verb.UPDATE, kind, new, current))
        new = updates.with_generation(current, new)
        if dry_run or new == current:
            return new
        if updates.is_over(new):
            self._storage.remove(kind, new)
            self._changed.notify_all()
            return new
        return self._stored(kind, new)

    def _stored(self, kind: Kind, manifest: Manifest) -> Manifest:
        stored = self._storage.write(kind, manifest)
        self._changed.notify_all()
        return stored

    def _current(self, kind: Kind, name: str, namespace: str) -> Manifest:
        self._check_written(kind)
        current = self.find(kind, name, namespace)
        if current is None:
            raise refusals.absent(kind, name)
        return current

    def _pruned(self, kind: Kind, manifest: Manifest) -> Manifest:
        try:
            return pruned(kind, manifest)
        except SchemaError as error:
            raise refusals.invalid(kind, namespaced_name(manifest)[1], str(error)) from error

    def _admitted(self, request: Request) -> Manifest:
        if self._webhook is None:
            return request.new
        try:
            return self._webhook.admit(request)
        except DeniedError as error:
            raise WriteError(Unwritten.DENIED, str(error)) from error

    def _check_served(self, kind: Kind) -> None:
        if kind in self.unserved:
            raise refusals.not_served(kind)

    def _check_written(self, kind: Kind) -> None:
        if kind in self.unserved:
            raise refusals.not_written(kind)
