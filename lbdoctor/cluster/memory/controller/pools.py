"""What the controller does about an IPPool: its allocator, its counters, release requests.

Source: load-balancer-harvester pkg/controller/ippool/controller.go:59-219.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from lbdoctor.cluster import manifest as decode
from lbdoctor.cluster.api import Manifest, WritableApi, WriteError
from lbdoctor.cluster.memory.controller.allocation import Allocator
from lbdoctor.cluster.memory.controller.cache import Cache
from lbdoctor.cluster.memory.controller.conditions import with_ready
from lbdoctor.cluster.memory.controller.shapes import Shape
from lbdoctor.cluster.memory.controller.steps import HandlerError, Pick, Step, Steps
from lbdoctor.domain import keys
from lbdoctor.domain.pools import IPPool
from lbdoctor.domain.refs import Kind, ObjectRef, Owner
from lbdoctor.ipam.annotation import parse_request
from lbdoctor.ipam.ranges import InvalidRangeError, RangeSet, expected_counters, parse_ranges

FINALIZER: Final = "wrangler.cattle.io/harvester-ipam-controller"


class PoolHandler:
    """Keeps an allocator for each pool."""

    def __init__(
        self,
        api: WritableApi,
        cache: Cache,
        shape: Shape,
        pick: Pick,
        now: Callable[[], datetime],
    ) -> None:
        self._api = api
        self._cache = cache
        self._shape = shape
        self._pick = pick
        self._now = now
        self._allocators: dict[str, Allocator] = {}

    def allocator(self, pool: str) -> Allocator:
        """Return the allocator of a pool.

        Raises:
            HandlerError: There is none: the pool is missing, invalid, or not seen yet.
        """
        if pool not in self._allocators:
            raise HandlerError(self._shape.no_allocator(pool))
        return self._allocators[pool]

    def handle(self, ref: ObjectRef) -> Steps[None]:
        """Do what a change of a pool calls for; one handler's failure does not stop the next."""
        found = self._cache.get(ref)
        if found is None:
            return
        errors: list[HandlerError] = []
        handlers = [self._keep_allocator, self._finalize]
        if self._shape.reads_requests:
            handlers.insert(1, self._answer_request)
        for handler in handlers:
            try:
                found = yield from handler(found)
            except HandlerError as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def _keep_allocator(self, manifest: Manifest) -> Steps[Manifest]:
        pool = decode.ip_pool(manifest)
        known = self._allocators.get(pool.name)
        if pool.deleted_at or (known and known.entries == pool.ranges):
            return manifest
        try:
            ranges = parse_ranges(pool.ranges)
        except InvalidRangeError as error:
            raise HandlerError(str(error)) from error
        # Kept before the status is written: if that fails, nobody tries it again.
        self._allocators[pool.name] = Allocator(
            pool.name, pool.ranges, self._api, self._cache, self._shape, self._pick
        )
        new = self._with_status(manifest, pool, ranges)
        if new["status"] != manifest.get("status"):
            yield Step.POOL_STATUS
            self._write(new, f"update IP pool {pool.name} status failed, ")
        return manifest

    def _with_status(self, manifest: Manifest, pool: IPPool, ranges: RangeSet) -> Manifest:
        total, available = expected_counters(ranges, pool.records)
        kept = {}
        for entry in pool.history:
            if entry.address is None:
                text = f"correct allocated history for {pool.name} failed, invalid ip {entry.key}"
                raise HandlerError(text)
            if ranges.contains(entry.address):
                kept[entry.key] = entry.owner_text
        status = {"lastAllocated": "", **(manifest.get("status") or {})}
        status.pop("allocatedHistory", None)
        status |= {"total": total, "available": available}
        status |= {"allocatedHistory": kept} if kept else {}
        return manifest | {"status": with_ready(status, "", self._now())}

    def _answer_request(self, manifest: Manifest) -> Steps[Manifest]:
        """Carry out a release request, or refuse it; either way the annotation goes."""
        pool = decode.ip_pool(manifest)
        if pool.deleted_at or not pool.release_request:
            return manifest
        request = parse_request(pool.release_request)
        if request is None:
            return (yield from self._remove_request(manifest))
        record = pool.record(request.key)
        owner = Owner(request.namespace, request.name)
        if record is None or record.owner_text != request.owner_text:
            return (yield from self._remove_request(manifest))
        if self._cache.get(owner.ref) is not None:
            return (yield from self._remove_request(manifest))
        yield from self.allocator(pool.name).release(request.owner_text)
        return (yield from self._remove_request(manifest))

    def _remove_request(self, manifest: Manifest) -> Steps[Manifest]:
        """Write what was read: after a release it is old, and this has to be done again."""
        metadata = manifest["metadata"]
        left = {
            key: value
            for key, value in metadata["annotations"].items()
            if key != keys.RELEASE_ANNOTATION
        }
        yield Step.REQUEST_DONE
        return self._write(manifest | {"metadata": {**metadata, "annotations": left}})

    def _finalize(self, manifest: Manifest) -> Steps[Manifest]:
        metadata = manifest["metadata"]
        finalizers = list(metadata.get("finalizers") or ())
        is_going = "deletionTimestamp" in metadata
        if is_going:
            self._allocators.pop(metadata["name"], None)
        if is_going != (FINALIZER in finalizers):
            return manifest
        if is_going:
            finalizers.remove(FINALIZER)
        else:
            finalizers.append(FINALIZER)
        yield Step.POOL_FINALIZER
        return self._write(manifest | {"metadata": {**metadata, "finalizers": finalizers}})

    def _write(self, manifest: Manifest, prefix: str = "") -> Manifest:
        try:
            return self._api.replace(Kind.IP_POOL, manifest)
        except WriteError as error:
            raise HandlerError(f"{prefix}{error}") from error
