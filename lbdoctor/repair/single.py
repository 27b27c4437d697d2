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
from lbdoctor.repair.comeback import is_booked_on, put_back
from lbdoctor.repair.denials import TROUBLE, of_trouble
from lbdoctor.repair.guards import (
    check_history,
    check_no_record,
    check_unbooked,
    own_records,
)
from lbdoctor.repair.outcomes import Outcome, Result
from lbdoctor.repair.plan import Item
from lbdoctor.repair.port import JournalError, StoppedError, Unwritten, WriteError, WriteId
from lbdoctor.repair.recheck import Rechecked, Verdict, recheck
from lbdoctor.repair.stale import DIRECT, NOT_CHECKED, as_found
from lbdoctor.repair.stamps import stamp
from lbdoctor.repair.waking import see_to
from lbdoctor.repair.writing import PAUSE, TRIES, LostError, Pen, cause_of
from lbdoctor.rules.facts import choice, waits_for_address


def settle(pen: Pen, base: Snapshot, item: Item) -> Outcome:
    """Carry out one item, looking at it again before every try."""
    lost: LostError | None = None
    writes: list[WriteId] = []
    asked = item
    for attempt in range(TRIES):
        pen.pace.check()
        if attempt:
            pen.pace.wait(pen.pace.jitter(PAUSE))
        (one,) = recheck(pen.cluster, base, [asked])
        single = _Single(pen, base, one, writes)
        try:
            return single.after_loss(lost) or single.carry_out()
        except LostError as error:
            lost = error
        except WriteError as error:
            if error.why is not Unwritten.CONFLICT:
                return single.outcome(*of_trouble(error))
        except TROUBLE as error:
            return single.outcome(*of_trouble(error))
        except (JournalError, UnreadableError) as error:
            if not writes:
                raise
            return single.outcome(Result.FAILED, str(error))
        asked = single.item
    return Outcome(item.finding, Result.FAILED, "somebody else keeps writing to it", tuple(writes))


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

    def after_loss(self, lost: LostError | None) -> Outcome | None:
        """Return what a write without an answer has done; None: it was not carried out."""
        if lost is None or not self._holds(lost.intent.change):
            return None
        self._writes.append(self._pen.confirm(lost))
        return self._verified()

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
            case DropRecords():
                return self._drop(action)
            case RestoreRecord():
                return self._to_pool(moves.restore(self._pool(), action.record))
            case CarryOutRequest():
                record = self._pool().record(action.record.key)
                assert record is not None, action  # noqa: S101 - or the item would not stand
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
            case ReleaseRecord() | HealStuck() | WakeLoadBalancer():
                raise AssertionError("these are carried out elsewhere")

    def _drop(self, action: DropRecords) -> Outcome:
        """Remove records; an owner that lives and waits is fenced first.

        The pool was read before the LoadBalancer, and is written at that version.
        """
        pool = self._pool()
        if action.fence is not None:
            lb = self._load_balancer(action.fence.owner)
            check_unbooked(lb)
            check_history(pool, own_records(pool, lb.owner))
            chosen, records = choice(lb, self._now), self._now.records_of(lb.owner)
            check_no_record(item for item in records if chosen.may_be(item.pool))
            self._fence(lb)
        return self._to_pool(moves.drop(pool, action.records))

    def _fence(self, lb: LoadBalancer) -> None:
        """Touch it; that it has another version for that is no reason not to try again."""
        id_, fenced = self._pen.touch(lb, self._cause)
        self._writes.append(id_)
        others = (item for item in self._now.load_balancers if item.owner != lb.owner)
        now = replace(self._now, load_balancers=(*others, fenced))
        self.item = replace(self.item, stamp=stamp(self.item.finding, now) or self.item.stamp)

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
                return self._seen_to(action.load_balancer.owner)
            case ClearBooking():
                text = f"{self.item.title}; now touch the guest's Service of it"
                return self.outcome(Result.DONE, text)
            case _:
                return self.outcome(Result.DONE, self.item.title)

    def _after_drop(self, action: DropRecords) -> Outcome:
        for item in action.records:
            record = Record(action.pool.name, item.key, item.owner)
            was_absent = self._now.is_absent(record.owner)
            if was_absent and record.owner and self._is_back(record, record.owner):
                return self._back(record)
        if action.fence is not None:
            return self._seen_to(action.fence.owner)
        return self.outcome(Result.DONE, self.item.title)

    def _back(self, record: Record) -> Outcome:
        """Give an owner that came back a record of its address, spelled as Harvester does."""
        ranges, address = read_ranges(self._pool().ranges), record.address
        if address is None or ranges is None or not ranges.contains(address):
            text = f"{record.owner} came back, booked on {record.key}: look again"
            return self.outcome(Result.FAILED, text)
        record = replace(record, key=canonical(address))
        return put_back(self._pen, self._finding, record, self._writes[-1])

    def _seen_to(self, owner: Owner) -> Outcome:
        """See that a LoadBalancer without an address does not hang by what was written to it."""
        try:
            known = self._now.records_of(owner)
            lb, healed = see_to(self._pen, self._base, self.item, owner, self._writes, known)
        except StoppedError:
            return self.outcome(Result.WAITING, f"{self.item.title}; {owner} was not waited for")
        if healed is not None:
            return replace(healed, text=f"{self.item.title}; {healed.text}")
        if lb is not None and waits_for_address(lb):
            return self.outcome(Result.WAITING, f"{self.item.title}; {owner} still waits")
        return self.outcome(Result.DONE, self.item.title)

    def _after_restore(self, action: RestoreRecord) -> Outcome:
        """Take the record out again if nobody uses the address by now."""
        owner = action.load_balancer.owner
        record = Record(action.pool.name, action.record.key, action.record.owner)
        lb = self._pen.cluster.load_balancer(owner)
        if lb is not None and not lb.is_terminating and is_booked_on(lb, record):
            return self.outcome(Result.DONE, self.item.title)
        for _ in range(TRIES):
            pool = self._pen.cluster.ip_pool(action.pool.name)
            if pool is None or pool.record(record.key) != record:
                break
            try:
                id_ = self._pen.pool(moves.drop(pool, [action.record]), pool, self._cause)
            except WriteError as error:
                if error.why not in (Unwritten.CONFLICT, Unwritten.FAILED):
                    raise
            else:
                self._writes.append(id_)
                break
        else:
            text = f"{owner} does not use it any more, and the record could not be taken out again"
            return self.outcome(Result.FAILED, text)
        text = f"{owner} does not use it any more: the record was taken out again"
        return self.outcome(Result.REFUSED, text)

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
