"""Takes back a write: exactly what it changed, where nobody else has changed it since."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from lbdoctor.diagnosis.judge import judge
from lbdoctor.diagnosis.port import ReadError
from lbdoctor.diagnosis.report import Report
from lbdoctor.domain.addresses import parse_address
from lbdoctor.domain.changes import (
    Change,
    LoadBalancerChange,
    PoolChange,
    applied_to_load_balancer,
    applied_to_pool,
    is_in_load_balancer,
)
from lbdoctor.domain.controller import STICKY
from lbdoctor.domain.errors import UnreadableError
from lbdoctor.domain.findings import Finding, Severity
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import IPPool
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.repair import moves
from lbdoctor.repair.denials import TROUBLE, of_trouble
from lbdoctor.repair.guards import GuardError
from lbdoctor.repair.outcomes import Result
from lbdoctor.repair.port import Cause, StoppedError, Unwritten, WriteError, WriteId
from lbdoctor.repair.undo_guards import (
    check_no_booking_under_way,
    check_nobody_waits,
    owners_of,
    seen_live,
)
from lbdoctor.repair.writing import TRIES, LostError, Pen
from lbdoctor.rules import CATALOGUE

UNDO: Final = "undo"

BESIDES: Final = {
    "LBD101": ("LBD104",),
    "LBD104": ("LBD101",),
    "LBD107": ("LBD101",),
    "LBD203": ("LBD202",),
}
"""What the same object had besides, when something was written on account of a finding."""


@dataclass(frozen=True, slots=True)
class Written:
    """A write that was carried out, or may have been, and what takes it back."""

    id: WriteId
    cause: Cause
    change: Change
    inverse: Change


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of taking one write back."""

    write: Written
    result: Result
    text: str
    by: WriteId | None = None


def undo(pen: Pen, report: Report, write: Written) -> Undone:
    """Take back one write; ``report`` is what stands now.

    Refused where the state after it would have an error that the present one has not, save
    the one that the write was to repair.
    """
    if isinstance(write.change, LoadBalancerChange) and write.change.is_touch:
        return Undone(write, Result.ALREADY, "a touch changed nothing that could be put back")
    lost: LostError | None = None
    for attempt in range(TRIES):
        try:
            return _once_more(pen, report, write, lost, attempt)
        except LostError as error:
            lost = error
        except WriteError as error:
            if error.why is not Unwritten.CONFLICT:
                return Undone(write, *of_trouble(error))
        except TROUBLE as error:
            return Undone(write, *of_trouble(error))
    return Undone(write, Result.FAILED, str(lost or "somebody else keeps writing to it"))


def _once_more(
    pen: Pen, report: Report, write: Written, lost: LostError | None, attempt: int
) -> Undone:
    try:
        pen.before_try(attempt)
    except StoppedError:
        if lost is None:
            raise
        return Undone(write, Result.FAILED, lost.unanswered, lost.intent.id)
    if lost is not None and _was_carried_out(pen, lost):
        id_ = pen.confirm(lost)
        return _looked_at(pen, report, lost.intent.change, write, "put back", id_)
    return _try(pen, report, write)


def _was_carried_out(pen: Pen, lost: LostError) -> bool:
    """Whether a write whose answer was lost has been carried out after all."""
    change = lost.intent.change
    if isinstance(change, PoolChange):
        return lost.is_in(pen.cluster.ip_pool(change.pool.name))
    lb = pen.cluster.load_balancer(change.load_balancer.owner)
    return lb is not None and is_in_load_balancer(lb, change)


def _try(pen: Pen, report: Report, write: Written) -> Undone:
    match write.change, write.inverse:
        case PoolChange(), PoolChange():
            return _in_pool(pen, report, write, write.change, write.inverse)
        case LoadBalancerChange(), LoadBalancerChange():
            return _in_load_balancer(pen, report, write, write.change, write.inverse)
        case _:
            raise GuardError("the journal tells of a change and of another object's inverse")


def _in_pool(
    pen: Pen, report: Report, write: Written, change: PoolChange, inverse: PoolChange
) -> Undone:
    pool = pen.cluster.ip_pool(change.pool.name)
    if pool is None or pool.uid != change.pool.uid:
        raise GuardError(f"pool {change.pool.name} is gone, or another one by now")
    back = _still_to_undo(pool, change, inverse)
    if not back.records and not back.history and back.request is None:
        return Undone(write, Result.ALREADY, "it stands as before already")
    back = moves.counted(pool, back)
    owners = owners_of(back, change)
    report = seen_live(pen, report, owners)
    check_nobody_waits(report.snapshot, back, owners, write.cause)
    after = {pool.name: applied_to_pool(pool, back)}
    now = replace(
        report.snapshot,
        ip_pools=tuple(after.get(item.name, item) for item in report.snapshot.ip_pools),
    )
    _check_no_worse(report, now, write)
    id_ = pen.pool(back, pool, _cause(write))
    what = ", ".join(back.records or back.history) or "the release request"
    text = f"put back {what} in pool {pool.name}"
    return _looked_at(pen, report, back, write, text, id_)


def _looked_at(
    pen: Pen, report: Report, back: Change, write: Written, text: str, id_: WriteId
) -> Undone:
    """See that nobody hangs by what was put back just now."""
    try:
        if isinstance(back, LoadBalancerChange):
            check_no_booking_under_way(pen, back.load_balancer.owner)
        elif isinstance(write.change, PoolChange):
            owners = owners_of(back, write.change)
            live = seen_live(pen, report, owners).snapshot
            check_nobody_waits(live, back, owners, write.cause)
    except (GuardError, ReadError, UnreadableError) as error:
        return Undone(write, Result.FAILED, f"{text}, but {error}", id_)
    return Undone(write, Result.DONE, text, id_)


def _still_to_undo(pool: IPPool, change: PoolChange, inverse: PoolChange) -> PoolChange:
    """Return what of the inverse is still to be written.

    Raises:
        GuardError: Somebody else has the address by now.
    """
    records = {}
    for key, owner in inverse.records.items():
        there = pool.record(key)
        found = there.owner_text if there else None
        if found == owner:
            continue
        if found != change.records.get(key):
            raise GuardError(f"{key} of {pool.name} is held for {found or 'nobody'} by now")
        if owner is not None:
            _check_free(pool, key, inverse)
        records[key] = owner
    entries = {entry.key: entry.owner_text for entry in pool.history}
    history = {
        key: owner
        for key, owner in inverse.history.items()
        if entries.get(key) == change.history.get(key) != owner
    }
    request = inverse.request
    if request and change.request and pool.release_request != change.request.value:
        request = None  # somebody else's by now
    return PoolChange(
        pool=change.pool,
        resource_version=pool.resource_version,
        records=records,
        history=history,
        request=request,
    )


def _check_free(pool: IPPool, key: str, inverse: PoolChange) -> None:
    """Refuse where another spelling of the address is somebody's.

    Raises:
        GuardError: It is.
    """
    address = parse_address(key)
    goes = {other for other, owner in inverse.records.items() if owner is None}
    for record in pool.records:
        if record.key in goes:
            continue
        if address is not None and record.address == address and record.key != key:
            raise GuardError(f"{key} of {pool.name} is held for {record.owner_text} by now")


def _in_load_balancer(
    pen: Pen,
    report: Report,
    write: Written,
    change: LoadBalancerChange,
    inverse: LoadBalancerChange,
) -> Undone:
    owner = change.load_balancer.owner
    lb = pen.cluster.load_balancer(owner)
    if lb is None or lb.uid != change.load_balancer.uid:
        raise GuardError(f"LoadBalancer {owner} is gone, or another one by now")
    if inverse.booking is not None and lb.booking is not None:
        raise GuardError(f"{owner} has {lb.booking.ip} of {lb.booking.pool} by now")
    if inverse.ipam is not None and lb.ipam != change.ipam:
        raise GuardError(f"spec.ipam of {owner} is {lb.ipam or 'empty'} by now")
    if lb.booking is not None and not report.snapshot.controller.is_at_least(STICKY):
        raise GuardError(f"{owner} is booked, and this controller may move it at any write")
    if inverse.booking is None:
        check_no_booking_under_way(pen, owner)
    back = replace(inverse, resource_version=lb.resource_version)
    now = _with(report.snapshot, applied_to_load_balancer(lb, back))
    _check_no_worse(report, now, write)
    id_, _ = pen.load_balancer(back, lb, _cause(write))
    return _looked_at(pen, report, back, write, f"put back what {owner} had", id_)


def _with(snapshot: Snapshot, lb: LoadBalancer) -> Snapshot:
    others = (item for item in snapshot.load_balancers if item.owner != lb.owner)
    return replace(snapshot, load_balancers=(*others, lb))


def _check_no_worse(report: Report, after: Snapshot, write: Written) -> None:
    """Refuse what would make an error that is not there now.

    Raises:
        GuardError: It would; the text says which.
    """
    findings, _ = judge(after, CATALOGUE)
    known = {item.identity for item in report.findings if item.severity is Severity.ERROR}
    for finding in findings:
        is_new = finding.identity not in known and finding.severity is Severity.ERROR
        if is_new and not _is_cause(finding, write.cause):
            raise GuardError(f"it would make things worse: {finding.code} {finding.message}")


def _is_cause(finding: Finding, cause: Cause) -> bool:
    """Whether this is what the write repaired: putting it back brings it back."""
    if finding.code != cause.code:
        return finding.pool == cause.pool and finding.code in BESIDES.get(cause.code, ())
    same = (finding.subject.spelling, finding.pool, finding.address)
    return same == (cause.subject, cause.pool, cause.address) or finding.pool == cause.pool


def _cause(write: Written) -> Cause:
    return replace(write.cause, code=UNDO)
