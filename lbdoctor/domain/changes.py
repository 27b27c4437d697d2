"""A write to one object, as data: what becomes of which field, and on which version of it.

A change is guarded by the resourceVersion it was made for. Its inverse is what a journal
keeps, so that it can be undone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lbdoctor.domain import loadbalancers as domain
from lbdoctor.domain.fixes import LoadBalancerId, PoolId
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import IPPool, Record

Entries = Mapping[str, str | None]
"""Keys of a map of records, with the owner to write; None removes the key."""


@dataclass(frozen=True, slots=True)
class Request:
    """What becomes of the release request; None removes it."""

    value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolChange:
    """A write to a pool; what is not named stays."""

    pool: PoolId
    resource_version: str
    records: Entries = field(default_factory=dict)
    history: Entries = field(default_factory=dict)
    total: int | None = None
    available: int | None = None
    last_allocated: str | None = None
    """Goes with the counters where there was none: the schema demands it."""

    request: Request | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """``status.allocatedAddress`` as it stood, to be written back one day."""

    pool: str
    ip: str
    mask: str = ""
    gateway: str = ""


@dataclass(frozen=True, slots=True)
class Booking:
    """What becomes of the booking; None clears it."""

    value: Booked | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancerChange:
    """A write to a LoadBalancer; what is not named stays."""

    load_balancer: LoadBalancerId
    resource_version: str
    touched: str = ""
    """Value of ``lbdoctor.io/touched``; the same value twice would be no write."""

    booking: Booking | None = None
    ipam: str | None = None
    """``spec.ipam`` to set; empty removes it."""

    @property
    def is_touch(self) -> bool:
        """Whether it only ends a back-off, or fences: nothing that could be undone."""
        return self.booking is None and self.ipam is None


Change = PoolChange | LoadBalancerChange


def entries(pool: IPPool, change: PoolChange) -> tuple[dict[str, str], dict[str, str]]:
    """Return records and history of a pool as a change leaves them."""
    records = {item.key: item.owner_text for item in pool.records}
    history = {item.key: item.owner_text for item in pool.history}
    for found, changed in ((records, change.records), (history, change.history)):
        for key, owner in changed.items():
            if owner is None:
                found.pop(key, None)
            else:
                found[key] = owner
    return records, history


def applied_to_pool(pool: IPPool, change: PoolChange) -> IPPool:
    """Return the pool as a change leaves it."""
    records, history = entries(pool, change)
    return replace(
        pool,
        records=tuple(Record(pool.name, key, owner) for key, owner in records.items()),
        history=tuple(Record(pool.name, key, owner) for key, owner in history.items()),
        total=pool.total if change.total is None else change.total,
        available=pool.available if change.available is None else change.available,
        release_request=change.request.value if change.request else pool.release_request,
    )


def is_in_pool(pool: IPPool, change: PoolChange) -> bool:
    """Whether a pool holds what a change writes: carrying it out would change nothing."""
    if pool.uid != change.pool.uid:
        return False
    after = applied_to_pool(pool, change)
    if change.total is not None and (after.total, after.available) != (pool.total, pool.available):
        return False
    kept = (after.records, after.history, after.release_request)
    return kept == (pool.records, pool.history, pool.release_request)


def is_in_load_balancer(lb: LoadBalancer, change: LoadBalancerChange) -> bool:
    """Whether a LoadBalancer has what a change writes; of a touch nothing tells."""
    same = lb.uid == change.load_balancer.uid and not change.is_touch
    return same and applied_to_load_balancer(lb, change) == lb


def applied_to_load_balancer(lb: LoadBalancer, change: LoadBalancerChange) -> LoadBalancer:
    """Return the LoadBalancer as a change leaves it."""
    booking = lb.booking
    if change.booking is not None:
        value = change.booking.value
        booking = domain.Booking(value.pool, value.ip, value.mask, value.gateway) if value else None
    return replace(lb, booking=booking, ipam=lb.ipam if change.ipam is None else change.ipam)


def inverse_of_pool(change: PoolChange, before: IPPool) -> PoolChange:
    """Return the change that takes back exactly what this one does to ``before``.

    Counters are not among it: they are recomputed, for others write too.
    """
    records = {item.key: item.owner_text for item in before.records}
    history = {item.key: item.owner_text for item in before.history}
    return PoolChange(
        pool=change.pool,
        resource_version="",
        records={key: records.get(key) for key in change.records},
        history={key: history.get(key) for key in change.history},
        request=Request(before.release_request) if change.request else None,
    )


def inverse_of_load_balancer(
    change: LoadBalancerChange, before: LoadBalancer
) -> LoadBalancerChange:
    """Return the change that takes back exactly what this one does to ``before``."""
    booking = before.booking
    booked = Booked(booking.pool, booking.ip, booking.mask, booking.gateway) if booking else None
    return LoadBalancerChange(
        load_balancer=change.load_balancer,
        resource_version="",
        booking=Booking(booked) if change.booking else None,
        ipam=before.ipam if change.ipam is not None else None,
    )
