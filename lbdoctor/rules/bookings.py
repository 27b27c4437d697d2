"""LBD201 to LBD204: a booking and its record do not agree."""

from __future__ import annotations

from collections.abc import Iterator

from lbdoctor.domain.addresses import canonical
from lbdoctor.domain.controller import STICKY
from lbdoctor.domain.findings import Evidence, Finding, Severity, SubjectKind, subject_of
from lbdoctor.domain.fixes import (
    ClearBooking,
    Fix,
    HealStuck,
    RecordId,
    RestoreRecord,
    disruptive,
    load_balancer_id,
    pool_id,
    record_id,
    safe,
)
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import IPPool
from lbdoctor.domain.refs import Kind
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.ipam.ranges import read_ranges
from lbdoctor.rules.facts import (
    CONTROLLER_DOWN,
    HANGING_AFTER,
    POOL_FROZEN,
    booked_record,
    booking_evidence,
    choice,
    is_settled,
    is_sighted,
    message_evidence,
    pool_ref,
    record_evidence,
    waits_for_address,
)
from lbdoctor.rules.rule import rule


@rule(
    "LBD201",
    "stuck-allocation",
    Severity.ERROR,
    on=SubjectKind.LOAD_BALANCER,
    summary="a LoadBalancer waits for an address that its pool already holds for it",
    remedy="lbdoctor repair NS/NAME; by hand, touch the LoadBalancer, then move the record from "
    "status.allocated to allocatedHistory in one write, both guarded by their resourceVersion: "
    "the controller gives the same address back",
    needs={Kind.IP_POOL, Kind.LOAD_BALANCER},
    uses={Kind.DEPLOYMENT},
    waits_for=CONTROLLER_DOWN | POOL_FROZEN,
)
def stuck_allocation(lb: LoadBalancer, snapshot: Snapshot) -> Iterator[Finding]:
    """The pool has a record for the LoadBalancer, but the LoadBalancer has no booking.

    The controller wrote the record, and its write of the booking failed: the LoadBalancer
    was deleted and recreated meanwhile, changed by somebody else, or the webhook refused.
    Every retry meets the record and ends in "duplicate allocation is not allowed". The
    guest's Service stays Pending, and its cloud provider deletes and recreates the
    LoadBalancer, which does not help.

    Harvester 1.2 to 1.4 never heal it, 1.5.0 only with spec.ipPool set (#8221), 1.5.1 and
    later by themselves within about half a minute. harvester/harvester#7449.
    """
    if not waits_for_address(lb):
        return
    if not is_settled(lb, snapshot) and not is_sighted(lb, snapshot):
        return
    chosen = choice(lb, snapshot)
    for name in sorted(chosen.names):
        pool = snapshot.pool(name)
        own = [item for item in snapshot.records_of(lb.owner) if item.pool == name]
        if pool is None or not own:
            continue
        keys = ", ".join(record.key for record in own)
        yield Finding(
            subject=subject_of(lb),
            message=f"{lb.owner} has no address, but {keys} of {name} is held for it",
            short=f"stuck: {lb.owner}",
            evidence=(
                *(record_evidence(name, record) for record in own),
                booking_evidence(lb),
                *message_evidence(lb),
            ),
            pool=name,
            address=own[0].key,
            depends_on=frozenset({lb.owner}),
            fix=safe(
                f"release {keys} of {lb.owner} in pool {name} and let the controller book it",
                HealStuck(
                    pool_id(pool), tuple(record_id(item) for item in own), load_balancer_id(lb)
                ),
            ),
        )


@rule(
    "LBD202",
    "unrecorded-booking",
    Severity.ERROR,
    on=SubjectKind.LOAD_BALANCER,
    summary="a LoadBalancer uses an address that its pool does not hold for it",
    remedy="write the record back into status.allocated and correct status.available in one "
    "write, if nobody else has the address; never release it once more",
    needs={Kind.IP_POOL, Kind.LOAD_BALANCER},
    uses={Kind.DEPLOYMENT},
)
def unrecorded_booking(lb: LoadBalancer, snapshot: Snapshot) -> Iterator[Finding]:
    """The LoadBalancer is booked, Ready and works, but its address is free in the pool.

    Harvester may give the address to somebody else at any time, and two LoadBalancers then
    answer for it (LBD203). It comes from the controller's own automatic release acting on
    an old copy of a LoadBalancer that was booked by then (1.5.1 and later), from edits by
    hand, from pools recreated or restored. Nothing heals it.

    All Harvester versions. Source: load-balancer-harvester
    pkg/controller/loadbalancer/controller.go:281-296,320-337.
    """
    booking = lb.booking
    if booking is None or lb.is_terminating or snapshot.records_of(lb.owner):
        return
    pool, address = snapshot.pool(booking.pool), booking.address
    if pool is None or address is None or booking.is_dhcp or not _stays(lb, pool, snapshot):
        return
    ranges = read_ranges(pool.ranges)
    if ranges is None or not ranges.is_usable(address) or not snapshot.has_all_pools:
        return
    holders = [record for record in pool.records if record.address == address]
    rivals = [other for other in snapshot.booked_on(address) if other.owner != lb.owner]
    holder = holders[0].owner_text if holders else ""
    taken = f"the record is {holder}'s" if holder else "the pool has no record of it"
    yield Finding(
        subject=subject_of(lb),
        message=f"{lb.owner} is booked on {booking.ip}, but {taken}",
        short=f"{lb.owner} is booked on it, but {taken}",
        evidence=(
            booking_evidence(lb),
            Evidence(pool.ref, f"status.allocated[{booking.ip}]", holder or "<none>"),
        ),
        pool=pool.name,
        address=booking.ip,
        depends_on=frozenset({lb.owner}),
        fix=None
        if holders or rivals
        else safe(
            f"restore the record {canonical(address)} of {lb.owner} in pool {pool.name}",
            RestoreRecord(
                pool_id(pool),
                RecordId(canonical(address), str(lb.owner)),
                load_balancer_id(lb),
            ),
        ),
    )


def _stays(lb: LoadBalancer, pool: IPPool, snapshot: Snapshot) -> bool:
    """Whether the controller will leave the booking in this pool at its next sync."""
    if lb.ip_pool not in ("", pool.name):
        return False
    if snapshot.controller.is_at_least(STICKY):
        return True
    return choice(lb, snapshot).is_surely(pool.name)


@rule(
    "LBD203",
    "address-conflict",
    Severity.ERROR,
    noun="in conflict",
    on=SubjectKind.LOAD_BALANCER,
    summary="two LoadBalancers are booked on one address",
    remedy="keep the one that the pool's record names; clear status.allocatedAddress of the "
    "other, then touch its guest Service so that it takes the new address",
    needs={Kind.LOAD_BALANCER},
    uses={Kind.IP_POOL},
)
def address_conflict(lb: LoadBalancer, snapshot: Snapshot) -> Iterator[Finding]:
    """Both are Ready, both answer for the address, and the traffic goes to and fro.

    One of them lost its record (LBD202), and the pool gave the address to the other one.
    Deleting the one without the record does not harm the other, for a release goes by the
    owner. Clearing a booking changes the address of that LoadBalancer: it needs the
    operator's word.

    All Harvester versions. Source: load-balancer-harvester pkg/ipam/store/store.go:122-158.
    """
    booking = lb.booking
    if booking is None or booking.address is None or booking.is_dhcp or _leaves(lb, snapshot):
        return
    others = [
        other
        for other in snapshot.booked_on(booking.address)
        if other.owner != lb.owner and not _leaves(other, snapshot)
    ]
    if not others:
        return
    rivals = (lb, *others)
    recorded = [item for item in rivals if _has_record(item, snapshot)]
    keeper = recorded[0] if len(recorded) == 1 else None
    names = ", ".join(str(other.owner) for other in others)
    whose = f"the record is {keeper.owner}'s" if keeper else "no single record decides"
    yield Finding(
        subject=subject_of(lb),
        message=f"{lb.owner} is booked on {booking.ip}, as is {names}; {whose}",
        short=f"{lb.owner} is booked on it, as is {names}; {whose}",
        evidence=tuple(booking_evidence(item) for item in rivals),
        pool=booking.pool,
        address=booking.ip,
        depends_on=frozenset(item.owner for item in rivals),
        fix=None if keeper in (None, lb) else _clear(lb),
    )


def _leaves(lb: LoadBalancer, snapshot: Snapshot) -> bool:
    """Whether the LoadBalancer is on its way out: its record goes before it does."""
    return lb.is_terminating and not snapshot.is_older(lb.deleted_at, HANGING_AFTER)


def _has_record(lb: LoadBalancer, snapshot: Snapshot) -> bool:
    return lb.booking is not None and booked_record(lb.owner, lb.booking, snapshot) is not None


def _clear(lb: LoadBalancer) -> Fix | None:
    if lb.booking is None:
        return None
    return disruptive(
        f"clear the booking {lb.booking.ip} of {lb.owner}, so that it gets another address",
        ClearBooking(load_balancer_id(lb), lb.booking.pool, lb.booking.ip),
    )


@rule(
    "LBD204",
    "missing-pool",
    Severity.ERROR,
    noun="with a missing pool",
    on=SubjectKind.LOAD_BALANCER,
    summary="a LoadBalancer is booked in, or asks for, a pool that does not exist",
    remedy="create a pool of that name again, or point spec.ipPool to one that exists",
    needs={Kind.IP_POOL, Kind.LOAD_BALANCER},
)
def missing_pool(lb: LoadBalancer, snapshot: Snapshot) -> Iterator[Finding]:
    """The pool's name in the booking or in spec.ipPool names nothing.

    Booked, the LoadBalancer looks Ready, but it cannot be deleted: the release fails with
    "fail to get allocator". Unbooked, it waits for ever. A pool is only deleted with
    LoadBalancers left if its records were lost before (LBD202), or by force.

    All Harvester versions. Source: load-balancer-harvester
    pkg/controller/loadbalancer/controller.go:268-279.
    """
    if not snapshot.has_all_pools:
        return
    booked, wanted = lb.booking.pool if lb.booking else "", lb.ip_pool
    names = [name for name in {booked, wanted} if name and snapshot.pool(name) is None]
    if not names or not (lb.takes_from_pool or booked in names):
        return
    missing = " and ".join(sorted(names))
    how = "is booked in" if booked in names else "asks for"
    yield Finding(
        subject=subject_of(lb),
        message=f"{lb.owner} {how} pool {missing}, which does not exist",
        evidence=(
            booking_evidence(lb),
            Evidence(lb.ref, "spec.ipPool", wanted),
            *(Evidence(pool_ref(name), "metadata.name", "not found") for name in sorted(names)),
        ),
        pool=booked if booked in names else wanted,
        address=lb.booking.ip if lb.booking else "",
        depends_on=frozenset({lb.owner}),
        fix=_clear(lb) if booked in names else None,
    )
