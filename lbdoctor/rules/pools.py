"""LBD108 to LBD111: pools that give out no address, or the wrong ones."""

from __future__ import annotations

from collections.abc import Iterator

from lbdoctor.domain.findings import Evidence, Finding, Severity, SubjectKind, subject_of
from lbdoctor.domain.keys import GLOBAL_LABEL
from lbdoctor.domain.pools import IPPool
from lbdoctor.domain.refs import Kind, ObjectRef
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.ipam.ranges import read_ranges
from lbdoctor.rules.facts import (
    CONTROLLER_DOWN,
    HANGING_AFTER,
    POOL_FROZEN,
    choice,
    is_settled,
    stamp,
    taken_addresses,
    waits_for_address,
)
from lbdoctor.rules.freezing import update_refusals
from lbdoctor.rules.rule import rule

NEARLY_FULL = 90
"""Per cent of the addresses taken."""

SMALL_POOL = 10
"""Below so many addresses a share in per cent says nothing."""


@rule(
    "LBD108",
    "pool-exhausted",
    Severity.WARNING,
    varies=True,
    noun="exhausted",
    on=SubjectKind.POOL,
    summary="a pool has no address left, or few",
    remedy="release what is stale in it, delete load balancers nobody needs, or widen "
    "spec.ranges of the pool",
    needs={Kind.IP_POOL, Kind.LOAD_BALANCER},
    uses={Kind.DEPLOYMENT},
)
def pool_exhausted(pool: IPPool, snapshot: Snapshot) -> Iterator[Finding]:
    """The addresses of the pool are taken.

    It is an error while a LoadBalancer waits for one of them, a warning from 90 % of ten
    addresses up, else information. Stale records (LBD101) are counted by Harvester as
    taken; they are named, for releasing them makes room. A LoadBalancer that met an empty
    pool is tried again after a back-off of up to two minutes.

    All Harvester versions. Source: load-balancer-harvester pkg/ipam/allocator.go:63-209.
    """
    ranges = read_ranges(pool.ranges)
    if ranges is None:
        return
    capacity = ranges.capacity
    if len(pool.records) * 100 < NEARLY_FULL * capacity:
        return  # no more than these can be taken
    taken = taken_addresses(pool, ranges)
    waiting = _waiting(pool, snapshot) if taken >= capacity else []
    if waiting:
        severity = Severity.ERROR
    elif capacity >= SMALL_POOL and taken * 100 >= NEARLY_FULL * capacity:
        severity = Severity.WARNING
    elif taken >= capacity:
        severity = Severity.INFO
    else:
        return
    stale = [record.key for record in pool.records if snapshot.is_absent(record.owner)]
    room = f"; {len(stale)} of them stale: {_first(stale)}" if stale else ""
    line = f"; {len(waiting)} waiting: {_first(waiting)}" if waiting else ""
    share = taken * 100 // capacity if capacity else 100
    yield Finding(
        subject=subject_of(pool),
        message=f"{taken} of {capacity} addresses taken ({share} %){line}{room}",
        evidence=(
            Evidence(pool.ref, "spec.ranges", str(ranges)),
            Evidence(pool.ref, "status.allocated", f"{len(pool.records)} records"),
        ),
        pool=pool.name,
        severity=severity,
    )


def _waiting(pool: IPPool, snapshot: Snapshot) -> list[str]:
    """Return the LoadBalancers that need an address of this pool and hold no record."""
    return snapshot.once("waiting", lambda: _all_waiting(snapshot)).get(pool.name, [])


def _all_waiting(snapshot: Snapshot) -> dict[str, list[str]]:
    waiting: dict[str, list[str]] = {}
    for lb in snapshot.unbooked:
        if not waits_for_address(lb) or not is_settled(lb, snapshot):
            continue
        chosen = choice(lb, snapshot)
        if chosen.certain and not snapshot.records_of(lb.owner):
            for name in chosen.names:
                waiting.setdefault(name, []).append(str(lb.owner))
    return waiting


def _first(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


@rule(
    "LBD109",
    "frozen-pool",
    Severity.ERROR,
    on=SubjectKind.POOL,
    summary="the webhook refuses every update of a pool",
    remedy="change what the finding names, in one write",
    needs={Kind.IP_POOL},
    uses={Kind.NETWORK},
)
def frozen_pool(pool: IPPool, snapshot: Snapshot) -> Iterator[Finding]:
    """Every write to the pool is checked against its whole content and the other pools.

    A network that was deleted, ranges that overlap, two pools of the same priority, a
    second global pool, or an invalid range in any pool make the webhook refuse every
    update: allocation, release, the removal of an annotation, and a repair.
    LoadBalancers only say `fail to reserve <ip> into <pool>`. Such states come from
    networks deleted afterwards, from restores, and from writes while the webhook was down.

    All Harvester versions. Source: load-balancer-harvester
    pkg/webhook/ippool/{validator,mutator}.go.
    """
    if pool.deleted_at:
        return
    found = list(update_refusals(pool, snapshot))
    if not found:
        return
    first = found[0]
    yield Finding(
        subject=subject_of(pool),
        freezes=True,
        message="updates are refused: " + "; ".join(refusal.text for refusal in found),
        evidence=tuple(
            Evidence(ObjectRef(Kind.IP_POOL, item.pool), item.field, item.value) for item in found
        ),
        pool=pool.name,
        remedy=first.remedy,
    )


@rule(
    "LBD110",
    "terminating-pool",
    Severity.ERROR,
    on=SubjectKind.POOL,
    summary="a pool is being deleted but still has addresses in use",
    remedy="delete or move the load balancers that are booked in it, and release its stale records",
    needs={Kind.IP_POOL, Kind.LOAD_BALANCER},
    waits_for=CONTROLLER_DOWN | POOL_FROZEN,
)
def terminating_pool(pool: IPPool, snapshot: Snapshot) -> Iterator[Finding]:
    """The pool has a deletionTimestamp, and records or bookings are left in it.

    The webhook refuses to delete a pool with records, but selection does not skip a pool
    that is being deleted, and reserving in it works until its allocator is dropped. It
    ends as a pool that is gone while LoadBalancers are booked in it (LBD204).

    All Harvester versions. Source: load-balancer-harvester pkg/ipam/selector.go:81-91,
    pkg/webhook/ippool/validator.go:62-64.
    """
    if pool.deleted_at is None or not snapshot.is_older(pool.deleted_at, HANGING_AFTER):
        return
    booked = snapshot.booked_in(pool.name)
    if not pool.records and not booked:
        return
    yield Finding(
        subject=subject_of(pool),
        message=f"is being deleted, with {len(pool.records)} records and "
        f"{len(booked)} bookings left",
        evidence=(
            Evidence(pool.ref, "metadata.deletionTimestamp", stamp(pool.deleted_at)),
            Evidence(pool.ref, "status.allocated", f"{len(pool.records)} records"),
            *(
                Evidence(lb.ref, "status.allocatedAddress", lb.booking.ip if lb.booking else "")
                for lb in booked[:3]
            ),
        ),
        pool=pool.name,
    )


@rule(
    "LBD111",
    "mislabelled-pool",
    Severity.WARNING,
    varies=True,
    on=SubjectKind.POOL,
    summary="the label that makes a pool the global one does not fit its scope",
    remedy="write to the pool once while the webhook runs (any change makes it set the label)",
    needs={Kind.IP_POOL},
    uses={Kind.LOAD_BALANCER},
)
def mislabelled_pool(pool: IPPool, snapshot: Snapshot) -> Iterator[Finding]:
    """Selection trusts the label global-ip-pool, and not the scope.

    The webhook sets the label at every create and update. A pool that was written while
    the webhook did not run, or whose label was edited, is chosen wrongly: a global pool
    without it competes by its network, a pool that wrongly has it serves everybody. A
    missing label is wrong only on a pool whose one scope is everyone, and only information
    as long as no LoadBalancer is read that leaves the choice of its pool to Harvester.

    All Harvester versions. Source: load-balancer-harvester pkg/ipam/selector.go:82,
    pkg/webhook/ippool/mutator.go:73-101.
    """
    if pool.is_global_by_label == pool.is_global_by_spec:
        return
    is_missing = pool.global_label is None
    selects = any(lb.takes_from_pool and not lb.ip_pool for lb in snapshot.load_balancers)
    is_global = "is" if pool.is_global_by_spec else "is not"
    yield Finding(
        subject=subject_of(pool),
        message=f"by its scope it {is_global} the global pool, but the label is "
        f"{'missing' if is_missing else pool.global_label}",
        evidence=(
            Evidence(
                pool.ref,
                f"metadata.labels[{GLOBAL_LABEL}]",
                pool.global_label or "<none>",
            ),
            Evidence(pool.ref, "spec.selector.scope", "; ".join(str(item) for item in pool.scopes)),
        ),
        pool=pool.name,
        severity=Severity.INFO if is_missing and not selects else Severity.WARNING,
    )
