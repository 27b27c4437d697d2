"""Repairs of one write, or two: everything but stale records in batches and stuck ones."""

from __future__ import annotations

from typing import Final

from lbdoctor.diagnosis.port import ReadError
from lbdoctor.domain.changes import Booking, LoadBalancerChange, PoolChange
from lbdoctor.domain.findings import Finding
from lbdoctor.domain.fixes import (
    CarryOutRequest,
    ClearBooking,
    DropHistory,
    DropRecords,
    HealStuck,
    LoadBalancerId,
    ReleaseRecord,
    RemoveRequest,
    RenameRecord,
    RestoreRecord,
    SetCounters,
    SetIpam,
    WakeLoadBalancer,
)
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import IPPool, Record
from lbdoctor.domain.refs import Owner
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.repair import moves
from lbdoctor.repair.comeback import is_booked_on, put_back
from lbdoctor.repair.denials import explained
from lbdoctor.repair.guards import (
    GuardError,
    check_history,
    check_unbooked,
    check_wakeable,
    own_records,
)
from lbdoctor.repair.outcomes import Outcome, Result
from lbdoctor.repair.plan import Item
from lbdoctor.repair.port import Unwritten, WriteError, WriteId
from lbdoctor.repair.recheck import Rechecked, Verdict, recheck
from lbdoctor.repair.stale import DIRECT, NOT_CHECKED, PAUSE, TRIES, as_found
from lbdoctor.repair.writing import LostError, Pen, VerifyError, cause_of

WOKEN_WITHIN: Final = 10
"""Seconds that a LoadBalancer which was woken is watched."""


def settle(pen: Pen, base: Snapshot, item: Item) -> Outcome:
    """Carry out one item, looking at it again before every try."""
    lost: LostError | None = None
    for attempt in range(TRIES):
        pen.pace.check()
        if attempt:
            pen.pace.wait(pen.pace.jitter(PAUSE))
        (one,) = recheck(pen.cluster, base, [item])
        if one.verdict is not Verdict.STANDS:
            if lost is not None and one.verdict is Verdict.GONE:
                id_ = pen.confirm(lost)
                return Outcome(item.finding, Result.DONE, item.title, (id_,), DIRECT)
            return as_found(one)
        try:
            return _Single(pen, one).carry_out()
        except LostError as error:
            lost = error
        except WriteError as error:
            if error.why is not Unwritten.CONFLICT:
                return Outcome(item.finding, Result.REFUSED, explained(error))
        except GuardError as error:
            return Outcome(item.finding, Result.REFUSED, str(error))
        except (ReadError, VerifyError) as error:
            return Outcome(item.finding, Result.FAILED, str(error))
    return Outcome(item.finding, Result.FAILED, "somebody else keeps writing to it")


class _Single:
    """An item that stands, with everything that was just read for it."""

    def __init__(self, pen: Pen, one: Rechecked) -> None:
        self._pen = pen
        self._now = one.snapshot
        self._finding: Finding = one.item.finding
        self._item = one.item
        self._cause = cause_of(self._finding)
        self._writes: list[WriteId] = []

    def carry_out(self) -> Outcome:
        action = self._item.fix.action
        match action:
            case DropRecords():
                return self._drop(action)
            case RestoreRecord():
                return self._restore(action)
            case CarryOutRequest():
                return self._carry_out(action)
            case ClearBooking() | SetIpam() | WakeLoadBalancer():
                return self._of_load_balancer(action)
            case RenameRecord() | SetCounters() | DropHistory() | RemoveRequest():
                return self._to_pool(_written_to(self._pool(), action))
            case ReleaseRecord() | HealStuck():
                raise AssertionError("these are carried out elsewhere")

    def _of_load_balancer(self, action: ClearBooking | SetIpam | WakeLoadBalancer) -> Outcome:
        match action:
            case WakeLoadBalancer():
                return self._wake(action)
            case ClearBooking():
                text = f"{self._item.title}; now touch the guest's Service of it"
                change = self._change(action.load_balancer, booking=Booking(None))
                return self._to_load_balancer(change, text)
            case SetIpam():
                change = self._change(action.load_balancer, ipam=action.ipam)
                return self._to_load_balancer(change, self._item.title)

    def _drop(self, action: DropRecords) -> Outcome:
        """Remove records; an owner that lives and waits is fenced first.

        The pool was read before the LoadBalancer, and is written at that version.
        """
        pool = self._pool()
        if action.fence is not None:
            lb = self._load_balancer(action.fence.owner)
            check_unbooked(lb)
            check_history(pool, own_records(pool, lb.owner))
            self._writes.append(self._pen.touch(lb, self._cause)[0])
        outcome = self._to_pool(moves.drop(pool, action.records))
        for record in filter(None, (pool.record(item.key) for item in action.records)):
            was_absent = self._now.is_absent(record.owner)
            if was_absent and record.owner and self._is_back(record, record.owner):
                text = f"{record.owner} came back, booked on {record.key}: look again"
                return Outcome(self._finding, Result.FAILED, text, tuple(self._writes))
        return outcome

    def _restore(self, action: RestoreRecord) -> Outcome:
        """Write the record, and take it out again if nobody uses the address by then."""
        outcome = self._to_pool(moves.restore(self._pool(), action.record))
        owner = action.load_balancer.owner
        record = Record(action.pool.name, action.record.key, action.record.owner)
        lb = self._pen.cluster.load_balancer(owner)
        if lb is not None and not lb.is_terminating and is_booked_on(lb, record):
            return outcome
        pool = self._pen.cluster.ip_pool(action.pool.name)
        if pool is not None and pool.record(record.key) == record:
            self._writes.append(
                self._pen.pool(moves.drop(pool, [action.record]), pool, self._cause)
            )
        text = f"{owner} does not use it any more: the record was taken out again"
        return Outcome(self._finding, Result.REFUSED, text, tuple(self._writes), DIRECT)

    def _carry_out(self, action: CarryOutRequest) -> Outcome:
        pool = self._pool()
        record = pool.record(action.record.key)
        assert record is not None, action  # noqa: S101 - or the request would name no record
        text = f"released {record.key} of {record.owner_text}; {NOT_CHECKED}"
        outcome = self._to_pool(moves.carry_out(pool, record), text)
        if record.owner and self._is_back(record, record.owner):
            return put_back(self._pen, self._finding, record, self._writes[-1])
        return outcome

    def _is_back(self, record: Record, owner: Owner) -> bool:
        lb = self._pen.cluster.load_balancer(owner)
        return lb is not None and is_booked_on(lb, record)

    def _wake(self, action: WakeLoadBalancer) -> Outcome:
        """Touch it, and see that it gets its address and does not hang instead."""
        lb = self._load_balancer(action.load_balancer.owner)
        check_wakeable(self._pen.cluster, lb)
        self._writes.append(self._pen.touch(lb, self._cause)[0])
        found: LoadBalancer | None = lb
        for _ in range(WOKEN_WITHIN):
            self._pen.pace.wait(1.0)
            found = self._pen.cluster.load_balancer(lb.owner)
            if found is None or found.booking is not None:
                break
        if found is not None and found.booking is not None:
            text = f"{lb.owner} has {found.booking.ip} of {found.booking.pool}"
            return Outcome(self._finding, Result.DONE, text, tuple(self._writes))
        text = "woken, still waiting for the controller"
        return Outcome(self._finding, Result.WAITING, text, tuple(self._writes))

    def _to_pool(self, change: PoolChange, text: str = "") -> Outcome:
        self._writes.append(self._pen.pool(change, self._pool(), self._cause))
        writes = tuple(self._writes)
        return Outcome(self._finding, Result.DONE, text or self._item.title, writes, DIRECT)

    def _to_load_balancer(self, change: LoadBalancerChange, text: str) -> Outcome:
        lb = self._load_balancer(change.load_balancer.owner)
        self._writes.append(self._pen.load_balancer(change, lb, self._cause)[0])
        return Outcome(self._finding, Result.DONE, text, tuple(self._writes), DIRECT)

    def _change(
        self, target: LoadBalancerId, booking: Booking | None = None, ipam: str | None = None
    ) -> LoadBalancerChange:
        lb = self._load_balancer(target.owner)
        return LoadBalancerChange(
            load_balancer=LoadBalancerId(lb.owner, lb.uid),
            resource_version=lb.resource_version,
            booking=booking,
            ipam=ipam,
        )

    def _pool(self) -> IPPool:
        pool = self._now.pool(self._finding.pool)
        assert pool is not None, self._finding  # noqa: S101 - or the item would not stand
        return pool

    def _load_balancer(self, owner: Owner) -> LoadBalancer:
        lb = self._now.load_balancer(owner)
        assert lb is not None, self._finding  # noqa: S101 - or the item would not stand
        return lb


def _written_to(
    pool: IPPool, action: RenameRecord | SetCounters | DropHistory | RemoveRequest
) -> PoolChange:
    match action:
        case RenameRecord():
            return moves.rename(pool, action.record, action.key)
        case SetCounters():
            return moves.count(pool)
        case DropHistory():
            return moves.drop_history(pool, action.record)
        case RemoveRequest():
            return moves.ask(pool, None)
