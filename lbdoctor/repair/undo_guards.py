"""What undo has to see live: that nobody waits where a record goes or comes."""

from __future__ import annotations

from dataclasses import replace

from lbdoctor.diagnosis.report import Report
from lbdoctor.domain.changes import PoolChange
from lbdoctor.domain.pools import IPPool
from lbdoctor.domain.refs import Owner, parse_owner
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.repair.guards import GuardError, check_no_record, own_records
from lbdoctor.repair.port import Cause
from lbdoctor.repair.recheck import STUCK
from lbdoctor.repair.writing import Pen
from lbdoctor.rules.facts import choice, waits_for_address


def seen_live(pen: Pen, report: Report, pool: IPPool, back: PoolChange) -> Report:
    """Return the report with the owners of all records concerned as they are now."""
    found = {lb.owner: lb for lb in report.snapshot.load_balancers}
    for owner in _owners(pool, back):
        lb = pen.cluster.load_balancer(owner)
        if lb is None:
            found.pop(owner, None)
        else:
            found[owner] = lb
    return replace(report, snapshot=replace(report.snapshot, load_balancers=tuple(found.values())))


def _owners(pool: IPPool, back: PoolChange) -> frozenset[Owner]:
    """Return the owners of the records that are to be written or removed."""
    there = {record.key: record.owner_text for record in pool.records}
    texts = (text or there.get(key, "") for key, text in back.records.items())
    return frozenset(owner for text in texts if (owner := parse_owner(text)))


def check_nobody_waits(snapshot: Snapshot, pool: IPPool, back: PoolChange, cause: Cause) -> None:
    """Refuse to put a record in the way of an owner that waits, or to take it from one.

    A record that is put back holds up its owner if that takes its address from this pool; one
    that is removed may be about to be booked. That a stuck one hangs again is what the undo of
    its repair means.

    Raises:
        GuardError: Somebody waits.
    """
    there = {record.key: record.owner_text for record in pool.records}
    for key, text in back.records.items():
        owner = parse_owner(text or there.get(key, ""))
        lb = snapshot.load_balancer(owner) if owner else None
        if lb is None or not waits_for_address(lb):
            continue
        hangs = choice(lb, snapshot).may_be(pool.name) and cause.code != STUCK
        if text is None or hangs:
            raise GuardError(f"{lb.owner} waits for an address of {pool.name}")


def check_no_booking_under_way(pen: Pen, owner: Owner) -> None:
    """Refuse where an unbooked LoadBalancer has a record: its booking would fail.

    Raises:
        GuardError: It has.
    """
    lb = pen.cluster.load_balancer(owner)
    if lb is not None and waits_for_address(lb):
        pools = pen.cluster.ip_pools().items
        check_no_record(record for pool in pools for record in own_records(pool, owner))
