"""Repairs of one write, or two: everything but stale records in batches and stuck ones."""

from __future__ import annotations

from dataclasses import replace

from lbdoctor.domain.addresses import canonical
from lbdoctor.domain.changes import (
    Booking,
    Change,
    LoadBalancerChange,
    PoolChange,
    is_in_load_balancer,
    is_in_pool,
)
from lbdoctor.domain.errors import UnreadableError
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
from lbdoctor.ipam.ranges import read_ranges
from lbdoctor.repair import moves
from lbdoctor.repair.denials import TROUBLE, of_trouble
from lbdoctor.repair.guards import check_history, check_no_record
from lbdoctor.repair.outcomes import Outcome, Result
from lbdoctor.repair.plan import FREED_FIRST, Item
from lbdoctor.repair.port import JournalError, StoppedError, Unwritten, WriteError, WriteId
from lbdoctor.repair.recheck import Rechecked, Verdict, recheck
from lbdoctor.repair.restoring import is_booked_on, look_after, put_back
from lbdoctor.repair.stale import DIRECT, NOT_CHECKED, as_found
from lbdoctor.repair.waking import looked_after
from lbdoctor.repair.writing import TRIES, LostError, Pen, cause_of


def settle(pen: Pen, base: Snapshot, item: Item) -> Outcome:
    """Carry out one item, looking at it again before every try."""
    lost: LostError | None = None
    writes: list[WriteId] = []
    for attempt in range(TRIES):
        stopped = _is_to_stop(pen, attempt)
        if stopped and lost is None:
            raise StoppedError
        (one,) = recheck(pen.cluster, base, [item])
        single = _Single(pen, base, one, writes)
        try:
            if found := single.after_loss(lost, stopped=stopped):
                return found
            return single.carry_out()
        except LostError as error:
            lost = error
        except (*TROUBLE, JournalError, UnreadableError) as error:
            if ended := single.ended_by(error):
                return ended
    if lost is not None:
        return Outcome(item.finding, Result.FAILED, str(lost), (lost.intent.id,))
    return Outcome(item.finding, Result.FAILED, "somebody else keeps writing to it", tuple(writes))


def _is_to_stop(pen: Pen, attempt: int) -> bool:
    """Wait before another try; say whether somebody wants the run to end."""
    try:
        pen.before_try(attempt)
    except StoppedError:
        return True
    return False


class _Single:
    """An item that stands, with everything that was just read for it."""

    def __init__(self, pen: Pen, base: Snapshot, one: Rechecked, writes: list[WriteId]) -> None:
        self._pen = pen
        self._base = base
        self._one = one
        self._now = one.snapshot
        self._finding: Finding = one.item.finding
        self.item = one.item
        self._cause = cause_of(self._finding)
        self._writes = writes

    def outcome(self, result: Result, text: str) -> Outcome:
        return Outcome(self._finding, result, text, tuple(self._writes), DIRECT)

    def ended_by(self, error: Exception) -> Outcome | None:
        """Return how it ends by an error; None where it is to be tried again."""
        if isinstance(error, WriteError) and error.why is Unwritten.CONFLICT:
            return None
        if isinstance(error, TROUBLE):
            return self.outcome(*of_trouble(error))
        if not self._writes:
            raise error
        return self.outcome(Result.FAILED, str(error))

    def after_loss(self, lost: LostError | None, *, stopped: bool) -> Outcome | None:
        """Return what a write without an answer has done; None: it was not carried out."""
        if lost is None:
            return None
        if self._holds(lost.intent.change):
            self._writes.append(self._pen.confirm(lost))
            return self._verified()
        if not stopped and self._one.verdict is not Verdict.UNKNOWN:
            return None
        return Outcome(self._finding, Result.FAILED, lost.unanswered, (lost.intent.id,))

    def _holds(self, change: Change) -> bool:
        if isinstance(change, PoolChange):
            pool = self._now.pool(change.pool.name)
            return pool is not None and is_in_pool(pool, change)
        lb = self._now.load_balancer(change.load_balancer.owner)
        return lb is not None and is_in_load_balancer(lb, change)

    def carry_out(self) -> Outcome:
        if self._one.verdict is not Verdict.STANDS:
            return replace(as_found(self._one), writes=tuple(self._writes))
        action = self.item.fix.action
        match action:
            case DropRecords(fence=None):
                return self._drop(action)
            case RestoreRecord():
                return self._to_pool(moves.restore(self._pool(), action.record))
            case CarryOutRequest():
                record = self._pool().record(action.record.key)
                assert record is not None, action  # noqa: S101 - or the item would not stand
                check_history(self._pool(), [record])
                return self._to_pool(moves.carry_out(self._pool(), record))
            case ClearBooking():
                change = self._change(action.load_balancer, booking=Booking(None))
                return self._to_load_balancer(change)
            case SetIpam():
                lb = self._load_balancer(action.load_balancer.owner)
                if lb.booking is None:
                    check_no_record(self._now.records_of(lb.owner))
                return self._to_load_balancer(self._change(action.load_balancer, ipam=action.ipam))
            case RenameRecord() | SetCounters() | DropHistory() | RemoveRequest():
                return self._to_pool(_written_to(self._pool(), action))
            case DropRecords() | ReleaseRecord() | HealStuck() | WakeLoadBalancer():
                raise AssertionError("these are carried out elsewhere")

    def _drop(self, action: DropRecords) -> Outcome:
        """Remove records of owners that are absent, or booked on something else.

        What freezes a pool no controller can book, whatever history says.
        """
        pool = self._pool()
        if self._finding.code != FREED_FIRST:
            check_history(
                pool, [Record(pool.name, item.key, item.owner) for item in action.records]
            )
        return self._to_pool(moves.drop(pool, action.records))

    def _verified(self) -> Outcome:
        """Look at the owner once more, where a write rests on what became of it."""
        action = self.item.fix.action
        match action:
            case DropRecords():
                return self._after_drop(action)
            case RestoreRecord():
                return self._after_restore(action)
            case CarryOutRequest():
                return self._after_request(action)
            case SetIpam() if self._load_balancer(action.load_balancer.owner).booking is None:
                owner, done = action.load_balancer.owner, self.outcome(Result.DONE, self.item.title)
                return looked_after(self._pen, self._base, self.item, owner, done, known=())
            case ClearBooking():
                text = f"{self.item.title}; now touch the guest's Service of it"
                return self.outcome(Result.DONE, text)
            case _:
                return self.outcome(Result.DONE, self.item.title)

    def _after_drop(self, action: DropRecords) -> Outcome:
        """Give an owner that is booked on what was dropped, by now, its record again."""
        outcome = self.outcome(Result.DONE, self.item.title)
        for item in action.records:
            record = Record(action.pool.name, item.key, item.owner)
            if record.owner and self._is_back(record, record.owner):
                outcome = self._back(record)
        return outcome

    def _back(self, record: Record) -> Outcome:
        """Give an owner that came back a record of its address, spelled as Harvester does."""
        ranges, address = read_ranges(self._pool().ranges), record.address
        if address is None or ranges is None or not ranges.contains(address):
            text = f"{record.owner} came back, booked on {record.key}: look again"
            return self.outcome(Result.FAILED, text)
        record = replace(record, key=canonical(address))
        return put_back(self._pen, self._finding, record, self._writes[-1])

    def _after_restore(self, action: RestoreRecord) -> Outcome:
        """Take the record out again if nobody uses the address by now."""
        record = Record(action.pool.name, action.record.key, action.record.owner)
        before = self._base.pool(action.pool.name)
        named = {entry.key: entry.owner_text for entry in before.history} if before else {}
        try:
            kept = look_after(self._pen, self._cause, record, named.get(record.key))
        except TROUBLE as error:
            text = f"{self.item.title}, and it could not be looked after: {error}"
            return self.outcome(Result.FAILED, text)
        self._writes.extend(kept.writes)
        outcome = self.outcome(kept.result, kept.text or self.item.title)
        if not kept.fenced or record.owner is None:
            return outcome
        return looked_after(self._pen, self._base, self.item, record.owner, outcome, known=())

    def _after_request(self, action: CarryOutRequest) -> Outcome:
        record = Record(action.pool.name, action.record.key, action.record.owner)
        if record.owner and self._is_back(record, record.owner):
            return put_back(self._pen, self._finding, record, self._writes[-1])
        text = f"released {record.key} of {record.owner_text}; {NOT_CHECKED}"
        return self.outcome(Result.DONE, text)

    def _is_back(self, record: Record, owner: Owner) -> bool:
        lb = self._pen.cluster.load_balancer(owner)
        return lb is not None and is_booked_on(lb, record)

    def _to_pool(self, change: PoolChange) -> Outcome:
        self._writes.append(self._pen.pool(change, self._pool(), self._cause))
        return self._verified()

    def _to_load_balancer(self, change: LoadBalancerChange) -> Outcome:
        lb = self._load_balancer(change.load_balancer.owner)
        self._writes.append(self._pen.load_balancer(change, lb, self._cause)[0])
        return self._verified()

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
