"""LBD103 of an owner that waits for an address: fence it, drop the record, look after it."""

from __future__ import annotations

from dataclasses import replace

from lbdoctor.domain.changes import PoolChange
from lbdoctor.domain.errors import UnreadableError
from lbdoctor.domain.fixes import DropRecords
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import IPPool
from lbdoctor.domain.refs import Owner
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.repair import moves
from lbdoctor.repair.denials import TROUBLE, of_trouble
from lbdoctor.repair.guards import check_history, check_no_record, own_records
from lbdoctor.repair.outcomes import Outcome, Result
from lbdoctor.repair.plan import Item
from lbdoctor.repair.port import JournalError, StoppedError, Unwritten, WriteError, WriteId
from lbdoctor.repair.recheck import Verdict, recheck
from lbdoctor.repair.stale import DIRECT, as_found
from lbdoctor.repair.stamps import stamp
from lbdoctor.repair.waking import looked_after
from lbdoctor.repair.writing import TRIES, LostError, Pen, cause_of
from lbdoctor.rules.facts import choice


class FencedDrop:
    """The removal of records whose owner exists, and has no address."""

    def __init__(
        self, pen: Pen, base: Snapshot, item: Item, action: DropRecords, owner: Owner
    ) -> None:
        self._pen = pen
        self._base = base
        self._item = item
        self._action = action
        self._owner = owner
        self._cause = cause_of(item.finding)
        self._writes: list[WriteId] = []
        self._lost: LostError | None = None
        """A write to the pool without an answer."""

    def drop(self) -> Outcome:
        """Drop the records; once it was fenced, see that the owner does not hang by that."""
        try:
            outcome = self._drop()
        except TROUBLE as error:
            outcome = self._outcome(*of_trouble(error))
        except StoppedError:
            if not self._writes:
                raise
            if self._lost is not None:
                return self._unanswered(self._lost)
            return self._outcome(Result.WAITING, f"fenced; {self._owner} was not waited for")
        except (JournalError, UnreadableError) as error:
            if not self._writes:
                raise
            return self._outcome(Result.FAILED, f"fenced {self._owner}: {error}")
        if not self._writes:
            return outcome
        known = self._base.records_of(self._owner)
        return looked_after(self._pen, self._base, self._item, self._owner, outcome, known)

    def _drop(self) -> Outcome:
        for attempt in range(TRIES):
            self._pen.before_try(attempt)
            (one,) = recheck(self._pen.cluster, self._base, [self._item])
            pool = one.snapshot.pool(self._action.pool.name)
            lb = one.snapshot.load_balancer(self._owner)
            if self._lost is not None and self._lost.is_in(pool):
                self._writes.append(self._pen.confirm(self._lost))
                return self._outcome(Result.DONE, self._item.title)
            if self._lost is not None and one.verdict is Verdict.UNKNOWN:
                return self._unanswered(self._lost)
            if one.verdict is not Verdict.STANDS or pool is None or lb is None:
                return replace(as_found(one), writes=tuple(self._writes))
            try:
                return self._fence_and_drop(pool, lb, one.snapshot)
            except LostError as error:
                if isinstance(error.intent.change, PoolChange):
                    self._lost = error
                else:
                    self._writes.append(error.intent.id)  # it may have been carried out
            except WriteError as error:
                if error.why is not Unwritten.CONFLICT:
                    raise
        if self._lost is not None:
            return self._unanswered(self._lost)
        return self._outcome(Result.FAILED, "somebody else keeps writing to it or to its pool")

    def _unanswered(self, lost: LostError) -> Outcome:
        self._writes.append(lost.intent.id)
        return self._outcome(Result.FAILED, lost.unanswered)

    def _fence_and_drop(self, pool: IPPool, lb: LoadBalancer, now: Snapshot) -> Outcome:
        """The pool was read before the LoadBalancer, and is written at that version."""
        check_history(pool, own_records(pool, lb.owner))
        chosen, records = choice(lb, now), now.records_of(lb.owner)
        check_no_record(item for item in records if chosen.may_be(item.pool))
        id_, fenced = self._pen.touch(lb, self._cause)
        self._writes.append(id_)
        self._expect(fenced, now)
        self._writes.append(
            self._pen.pool(moves.drop(pool, self._action.records), pool, self._cause)
        )
        return self._outcome(Result.DONE, self._item.title)

    def _expect(self, fenced: LoadBalancer, now: Snapshot) -> None:
        """That it has another version by our fence is no reason not to try again."""
        others = (item for item in now.load_balancers if item.owner != fenced.owner)
        now = replace(now, load_balancers=(*others, fenced))
        self._item = replace(self._item, stamp=stamp(self._item.finding, now) or self._item.stamp)

    def _outcome(self, result: Result, text: str) -> Outcome:
        return Outcome(self._item.finding, result, text, tuple(self._writes), DIRECT)
