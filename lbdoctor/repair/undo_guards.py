"""What undo has to see live: that nobody waits where a record goes or comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lbdoctor.diagnosis.report import Report
from lbdoctor.domain.changes import PoolChange
from lbdoctor.domain.refs import Owner, parse_owner
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.repair.guards import GuardError, check_no_record, own_records
from lbdoctor.repair.port import Cause
from lbdoctor.repair.recheck import STUCK
from lbdoctor.repair.writing import Pen
from lbdoctor.rules.facts import choice, waits_for_address

Owners = Mapping[str, Owner]
"""Whose the records are that are to be written or removed, by key."""


def owners_of(back: PoolChange, change: PoolChange) -> Owners:
    """Return the owners concerned; what is removed again is what ``change`` had written."""
    texts = {key: text or change.records.get(key) for key, text in back.records.items()}
    return {key: owner for key, text in texts.items() if (owner := parse_owner(text or ""))}


def seen_live(pen: Pen, report: Report, owners: Owners) -> Report:
    """Return the report with these owners as they are now."""
    found = {lb.owner: lb for lb in report.snapshot.load_balancers}
    for owner in sorted(set(owners.values())):
        lb = pen.cluster.load_balancer(owner)
        if lb is None:
            found.pop(owner, None)
        else:
            found[owner] = lb
    return replace(report, snapshot=replace(report.snapshot, load_balancers=tuple(found.values())))


def check_nobody_waits(snapshot: Snapshot, back: PoolChange, owners: Owners, cause: Cause) -> None:
    """Refuse to put a record in the way of an owner that waits, or to take it from one.

    A record that is put back holds up its owner if that takes its address from this pool; one
    that is removed may be about to be booked. That a stuck one hangs again is what the undo of
    its repair means.

    Raises:
        GuardError: Somebody waits.
    """
    for key, owner in owners.items():
        lb = snapshot.load_balancer(owner)
        if lb is None or not waits_for_address(lb):
            continue
        hangs = choice(lb, snapshot).may_be(back.pool.name) and cause.code != STUCK
        if back.records[key] is None or hangs:
            raise GuardError(f"{owner} waits for an address of {back.pool.name}: look again")


def check_no_booking_under_way(pen: Pen, owner: Owner) -> None:
    """Refuse where an unbooked LoadBalancer has a record: its booking would fail.

    Raises:
        GuardError: It has.
    """
    lb = pen.cluster.load_balancer(owner)
    if lb is not None and waits_for_address(lb):
        pools = pen.cluster.ip_pools().items
        check_no_record(record for pool in pools for record in own_records(pool, owner))
