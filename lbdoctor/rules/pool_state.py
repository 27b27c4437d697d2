"""LBD105 and LBD107: the state of a pool that its controller should have moved on."""

from __future__ import annotations

from collections.abc import Iterator

from lbdoctor.domain.controller import MANUAL_RELEASE
from lbdoctor.domain.findings import Evidence, Finding, Severity, SubjectKind, subject_of
from lbdoctor.domain.fixes import (
    CarryOutRequest,
    Fix,
    RemoveRequest,
    SetCounters,
    disruptive,
    pool_id,
    record_id,
    safe,
)
from lbdoctor.domain.keys import RELEASE_ANNOTATION
from lbdoctor.domain.pools import IPPool
from lbdoctor.domain.refs import Kind
from lbdoctor.domain.snapshot import Presence, Snapshot
from lbdoctor.ipam.annotation import parse_request
from lbdoctor.ipam.ranges import expected_counters, read_ranges
from lbdoctor.rules.facts import CONTROLLER_DOWN, HANGING_AFTER, POOL_FROZEN, may_be_carried
from lbdoctor.rules.rule import rule


@rule(
    "LBD105",
    "counter-drift",
    Severity.WARNING,
    noun="with odd counters",
    on=SubjectKind.POOL,
    summary="total or available of a pool are not what Harvester would compute",
    remedy="kubectl -n harvester-system rollout restart deployment harvester-load-balancer "
    "makes the controller compute them anew",
    needs={Kind.IP_POOL},
    waits_for=CONTROLLER_DOWN,
)
def counter_drift(pool: IPPool, snapshot: Snapshot) -> Iterator[Finding]:
    """The two numbers in the status do not fit the ranges and the records.

    Harvester counts available up and down and computes both numbers only when an
    allocator is built: at a start of the controller, or when the ranges change. An edit by
    hand, or a status write that failed once, leaves them wrong; a pool whose status was
    never written is not Ready in the user interface. Allocation does not read them. A
    total of -2 for an IPv6 /64 is Harvester's own int64 and no drift.

    All Harvester versions. Source: load-balancer-harvester
    pkg/controller/ippool/controller.go:66-138.
    """
    ranges = read_ranges(pool.ranges)
    if ranges is None or pool.deleted_at:
        return
    if not pool.has_status and not snapshot.is_older(pool.created_at, HANGING_AFTER):
        return
    total, available = expected_counters(ranges, pool.records)
    if (pool.total, pool.available) == (total, available):
        return
    found = f"total {pool.total}, available {pool.available}"
    never = "" if pool.has_status else "; its status was never written"
    yield Finding(
        subject=subject_of(pool),
        message=f"{found}; Harvester would count total {total}, available {available}{never}",
        evidence=(
            Evidence(pool.ref, "status.total", str(pool.total)),
            Evidence(pool.ref, "status.available", str(pool.available)),
            Evidence(pool.ref, "status.allocated", f"{len(pool.records)} records"),
        ),
        pool=pool.name,
        fix=safe(
            f"set total {total} and available {available} in pool {pool.name}",
            SetCounters(pool_id(pool), total, available, pool.last_allocated),
        ),
    )


@rule(
    "LBD107",
    "pending-release-request",
    Severity.WARNING,
    on=SubjectKind.POOL,
    summary="a request to release an address is still on the pool",
    remedy="see whether the controller runs; remove the annotation if nobody wants it: "
    f"kubectl annotate ippools.loadbalancer.harvesterhci.io POOL {RELEASE_ANNOTATION}-",
    needs={Kind.IP_POOL, Kind.LOAD_BALANCER},
    uses={Kind.DEPLOYMENT, Kind.SERVICE},
    waits_for=CONTROLLER_DOWN | POOL_FROZEN,
)
def pending_release_request(pool: IPPool, snapshot: Snapshot) -> Iterator[Finding]:
    """The annotation manuallyReleaseIP was not consumed.

    From 1.5.0 on the controller removes it within a second, whether it released the
    record or refused to. It stays where the controller is down, where every update of the
    pool is refused, where the value is empty, and on versions before 1.5.0, which do not
    read it: there it is carried out after an upgrade, if the record still matches.

    Source: load-balancer-harvester pkg/controller/ippool/controller.go:161-219.
    """
    value = pool.release_request
    if value is None:
        return
    effect, fix = _effect(value, pool, snapshot)
    too_old = snapshot.controller.is_at_least(MANUAL_RELEASE) is False
    waits = "; this controller does not read it, a newer one will" if too_old else ""
    yield Finding(
        subject=subject_of(pool),
        message=f"release request {value!r} {effect}{waits}",
        evidence=(
            Evidence(
                pool.ref,
                f"metadata.annotations[{RELEASE_ANNOTATION}]",
                value,
            ),
        ),
        pool=pool.name,
        fix=fix,
    )


def _effect(value: str, pool: IPPool, snapshot: Snapshot) -> tuple[str, Fix | None]:
    """Say what the request would do, or why it never will, and what to do about it."""
    remove = disruptive(
        f"remove the request from pool {pool.name}", RemoveRequest(pool_id(pool), value)
    )
    if not value:
        return "is empty and will stay", remove
    request = parse_request(value)
    if request is None:
        return "is not valid: it will be dropped", remove
    record = pool.record(request.key)
    if record is None or record.owner_text != request.owner_text:
        return "names no record of this pool: it will be dropped", remove
    if record.owner is None:
        return "would release the record, whose owner can be no LoadBalancer", None
    match snapshot.presence(record.owner):
        case Presence.PRESENT:
            return "will be refused: the LoadBalancer still exists", remove
        case Presence.UNKNOWN:
            return "would release the record if its LoadBalancer is gone, which is not known", None
        case Presence.ABSENT if may_be_carried(record, snapshot):
            return "would release the record, though a Service may carry the address", None
        case Presence.ABSENT:
            carry_out = CarryOutRequest(pool_id(pool), record_id(record), value)
            title = f"release {record.key} of {record.owner_text} and remove the request"
            return "would release the record (guest not checked)", safe(title, carry_out)
