"""Judgements that several rules share."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from lbdoctor.domain.findings import Evidence
from lbdoctor.domain.loadbalancers import Booking, LoadBalancer
from lbdoctor.domain.pools import IPPool, Record
from lbdoctor.domain.refs import Kind, ObjectRef, Owner
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.ipam.ranges import RangeSet
from lbdoctor.ipam.selection import Choice, choose

CONTROLLER_DOWN: Final = frozenset({"LBD001", "LBD002"})
POOL_FROZEN: Final = frozenset({"LBD104", "LBD109"})

SETTLED_AFTER: Final = 10
"""Seconds after which an unbooked LoadBalancer is no longer in the middle of a sync."""

HANGING_AFTER: Final = 60
"""Seconds after which a deletion, or a missing address, is no longer under way."""

DUPLICATE: Final = "duplicate allocation is not allowed"


def choice(lb: LoadBalancer, snapshot: Snapshot) -> Choice:
    """Return the pool that Harvester would choose; never certain if pools are missing."""
    found = choose(lb, snapshot.ip_pools, snapshot.controller)
    if lb.ip_pool or snapshot.has_all_pools:
        return found
    return replace(found, certain=False)


def is_settled(lb: LoadBalancer, snapshot: Snapshot) -> bool:
    return snapshot.is_older(lb.changed_at, SETTLED_AFTER)


def is_sighted(lb: LoadBalancer, snapshot: Snapshot) -> bool:
    """Whether an earlier look saw the same record of it, and it unbooked as now."""
    return not snapshot.sightings.isdisjoint(snapshot.records_of(lb.owner))


def waits_for_address(lb: LoadBalancer) -> bool:
    """Whether Harvester still has to give this LoadBalancer an address of a pool."""
    return lb.booking is None and lb.takes_from_pool and not lb.is_terminating


def booked_record(owner: Owner, booking: Booking, snapshot: Snapshot) -> Record | None:
    """Return the record of a booking, found as Harvester finds it: by its text."""
    pool = snapshot.pool(booking.pool)
    record = pool.record(booking.ip) if pool else None
    return record if record and record.owner == owner else None


def may_be_carried(record: Record, snapshot: Snapshot) -> bool:
    """Whether some Service may carry the address of a record: it must not be given away."""
    if not snapshot.has_services:
        return True
    return record.address is not None and bool(snapshot.carriers_of(record.address))


def record_evidence(pool: str, record: Record) -> Evidence:
    return Evidence(pool_ref(pool), f"status.allocated[{record.key}]", record.owner_text)


def booking_evidence(lb: LoadBalancer) -> Evidence:
    booking = lb.booking
    value = f"{booking.ip} of {booking.pool or '<no pool>'}" if booking else "<none>"
    return Evidence(lb.ref, "status.allocatedAddress", value)


def message_evidence(lb: LoadBalancer) -> tuple[Evidence, ...]:
    if not lb.message:
        return ()
    return (Evidence(lb.ref, "status.conditions[Ready].message", lb.message),)


def key_is_refused(record: Record, ranges: RangeSet | None) -> bool:
    """Whether the webhook refuses a pool that holds this record, because of its key."""
    address = record.address
    return address is None or (ranges is not None and not ranges.contains(address))


def taken_addresses(pool: IPPool, ranges: RangeSet) -> int:
    """Count the addresses that could be given out but for the records of the pool.

    A key that is spelled oddly takes nothing: Harvester compares keys as text.
    """
    records = (record for record in pool.records if record.is_canonical)
    return sum(1 for record in records if record.address and ranges.is_usable(record.address))


def is_only_entry(record: Record, owner: Owner, snapshot: Snapshot) -> bool:
    """Whether no other entry of the pool, record or history, names the same owner."""
    entries = (*snapshot.records_of(owner), *snapshot.history_of(owner))
    return [entry for entry in entries if entry.pool == record.pool] == [record]


def stamp(when: datetime) -> str:
    """Return a time as Kubernetes writes it."""
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def pool_ref(name: str) -> ObjectRef:
    return ObjectRef(Kind.IP_POOL, name)
