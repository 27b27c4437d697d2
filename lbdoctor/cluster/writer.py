"""Reads values out of a cluster, and writes changes to it: a ``Cluster`` for repairs.

With ``manifest.py`` the only file that knows the names of fields.
"""

from __future__ import annotations

from lbdoctor.cluster import manifest as decode
from lbdoctor.cluster.api import Manifest, ReviewedApi, WritableApi
from lbdoctor.cluster.fields import MalformedError
from lbdoctor.cluster.reader import Progress, Reader, silent
from lbdoctor.domain import keys
from lbdoctor.domain.changes import Booking, LoadBalancerChange, PoolChange
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import IPPool
from lbdoctor.domain.refs import Kind
from lbdoctor.repair.port import Unwritten, WriteError


class Writer(Reader):
    """A ``Cluster`` on top of any API that can be written to."""

    def __init__(self, api: WritableApi, progress: Progress = silent) -> None:
        super().__init__(api, progress)
        self._writable = api

    def change_pool(self, change: PoolChange, *, dry_run: bool = False) -> IPPool:
        written = self._writable.patch(
            Kind.IP_POOL, change.pool.name, body=pool_patch(change), dry_run=dry_run
        )
        try:
            return decode.ip_pool(written)
        except MalformedError as error:
            raise _unreadable(error) from error

    def change_load_balancer(
        self, change: LoadBalancerChange, *, dry_run: bool = False
    ) -> LoadBalancer:
        owner = change.load_balancer.owner
        written = self._writable.patch(
            Kind.LOAD_BALANCER,
            owner.name,
            owner.namespace,
            body=load_balancer_patch(change),
            dry_run=dry_run,
        )
        try:
            return decode.load_balancer(written)
        except MalformedError as error:
            raise _unreadable(error) from error


class ReviewedWriter(Writer):
    """The same for a cluster that says what its caller may do: a ``rights.Reviewer``."""

    def __init__(self, api: ReviewedApi, progress: Progress = silent) -> None:
        super().__init__(api, progress)
        self._reviewed = api

    @property
    def api(self) -> ReviewedApi:
        """What it writes through, for what is no repair: Events."""
        return self._reviewed

    def may(self, verb: str, kind: Kind, namespace: str = "") -> bool:
        return self._reviewed.may(verb, kind, namespace)


def pool_patch(change: PoolChange) -> Manifest:
    """Return the merge patch of a change: null removes a key."""
    metadata: Manifest = {"resourceVersion": change.resource_version}
    if change.request is not None:
        metadata["annotations"] = {keys.RELEASE_ANNOTATION: change.request.value}
    status = {
        "allocated": dict(change.records) or None,
        "allocatedHistory": dict(change.history) or None,
        "total": change.total,
        "available": change.available,
        "lastAllocated": change.last_allocated,
    }
    status = {key: value for key, value in status.items() if value is not None}
    return {"metadata": metadata, **({"status": status} if status else {})}


def load_balancer_patch(change: LoadBalancerChange) -> Manifest:
    """Return the merge patch of a change."""
    patch: Manifest = {"metadata": {"resourceVersion": change.resource_version}}
    if change.touched:
        patch["metadata"]["annotations"] = {keys.TOUCHED_ANNOTATION: change.touched}
    if change.booking is not None:
        patch["status"] = {"allocatedAddress": _booking(change.booking)}
    if change.ipam is not None:
        patch["spec"] = {"ipam": change.ipam or None}
    return patch


def _booking(booking: Booking) -> Manifest | None:
    value = booking.value
    if value is None:
        return None
    fields = {"ipPool": value.pool, "ip": value.ip, "mask": value.mask, "gateway": value.gateway}
    return {key: text for key, text in fields.items() if text}


def _unreadable(error: MalformedError) -> WriteError:
    return WriteError(Unwritten.FAILED, f"what was written reads back malformed: {error}")
