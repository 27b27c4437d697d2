"""LBD101 through the direct door: many records of a pool in one guarded write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from lbdoctor.diagnosis.port import ReadError
from lbdoctor.domain.errors import UnreadableError
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import IPPool, Record
from lbdoctor.domain.refs import Owner
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.repair import moves
from lbdoctor.repair.denials import explained
from lbdoctor.repair.guards import GuardError, check_history
from lbdoctor.repair.outcomes import Outcome, Result
from lbdoctor.repair.plan import Item
from lbdoctor.repair.port import StoppedError, Unwritten, WriteError, WriteId
from lbdoctor.repair.recheck import FEW, Rechecked, Verdict, recheck
from lbdoctor.repair.restoring import is_booked_on, put_back
from lbdoctor.repair.writing import PAUSE, TRIES, LostError, Pen, VerifyError, cause_of

MOST_AT_ONCE: Final = 50

NOT_CHECKED: Final = "guest not checked"
DIRECT: Final = "direct"

RESULTS: Final = {
    Verdict.GONE: Result.ALREADY,
    Verdict.CHANGED: Result.REFUSED,
    Verdict.UNKNOWN: Result.UNKNOWN,
}


def as_found(one: Rechecked) -> Outcome:
    """Return the outcome of an item that was not to be written for."""
    text = one.reason or "it is not so any more"
    return Outcome(one.item.finding, RESULTS[one.verdict], text)


class Batches:
    """The stale records of one pool, released in as few writes as get through."""

    def __init__(self, pen: Pen, base: Snapshot, items: Sequence[Item]) -> None:
        self._pen = pen
        self._base = base
        self._left = list(items)
        self._size = MOST_AT_ONCE
        self._tries = 0
        self._lost: dict[int, LostError] = {}

    def release(self) -> Iterator[Outcome]:
        """Release what stands when it is looked at again, and say what became of each.

        Raises:
            StoppedError: The run is to end; what was not told of is not begun.
        """
        try:
            yield from self._release()
        except StoppedError:
            yield from self._unanswered()
            raise

    def _release(self) -> Iterator[Outcome]:
        while self._left:
            self._pen.pace.check()
            batch = self._left[: self._size]
            checked = recheck(self._pen.cluster, self._base, batch)
            standing = []
            for one, item in zip(checked, batch, strict=True):
                if one.verdict is not Verdict.STANDS:
                    self._drop([item])
                    yield self._not_standing(one, item)
                elif problem := _in_history(one, item):
                    self._drop([item])
                    yield Outcome(item.finding, Result.REFUSED, problem)
                else:
                    standing.append(item)
            if standing:
                pool = checked[0].snapshot.pool(batch[0].finding.pool)
                assert pool is not None, batch  # noqa: S101 - or none of them would stand
                yield from self._write(pool, standing)

    def _unanswered(self) -> Iterator[Outcome]:
        """Look once more at what a write without an answer was for."""
        asked = [item for item in self._left if id(item) in self._lost]
        if not asked:
            return
        self._drop(asked)
        for one, item in zip(recheck(self._pen.cluster, self._base, asked), asked, strict=True):
            if one.verdict is Verdict.GONE:
                yield self._not_standing(one, item)
            else:
                yield _no_answer(item, self._lost[id(item)])

    def _not_standing(self, one: Rechecked, item: Item) -> Outcome:
        """Say what became of an item, unless a lost write of ours has done it."""
        lost, finding = self._lost.get(id(item)), item.finding
        if lost is not None and one.verdict is Verdict.UNKNOWN:
            return _no_answer(item, lost)
        pool = one.snapshot.pool(finding.pool)
        there = pool.record(finding.address) if pool else None
        is_gone = pool is not None and (there is None or there.owner_text != finding.subject.owner)
        if one.verdict is not Verdict.GONE or lost is None or not is_gone:
            return as_found(one)
        id_ = self._pen.confirm(lost)
        record = Record(finding.pool, finding.address, finding.subject.owner)
        lb = one.snapshot.load_balancer(record.owner) if record.owner else None
        if lb is not None and is_booked_on(lb, record):
            return put_back(self._pen, finding, record, id_)
        return Outcome(finding, Result.DONE, _released(item), (id_,), DIRECT)

    def _write(self, pool: IPPool, items: list[Item]) -> Iterator[Outcome]:
        records = [_record(pool, item) for item in items]
        try:
            id_ = self._pen.pool(moves.release(pool, records), pool, cause_of(items[0].finding))
        except LostError as error:
            self._lost.update({id(item): error for item in items})
            yield from self._try_again(items, str(error))
        except WriteError as error:
            if error.why is Unwritten.CONFLICT:
                yield from self._try_again(items, "somebody else keeps writing to the pool")
            else:
                self._drop(items)
                text = explained(error)
                yield from (Outcome(item.finding, Result.REFUSED, text) for item in items)
        except VerifyError as error:
            self._drop(items)
            yield from (Outcome(item.finding, Result.FAILED, str(error)) for item in items)
        else:
            self._drop(items)
            self._tries, self._size = 0, min(MOST_AT_ONCE, self._size * 2)
            yield from list(self._verified(records, items, id_))  # all of it, whoever reads on

    def _try_again(self, items: list[Item], problem: str) -> Iterator[Outcome]:
        """Halve the batch and look again; after eight times in a row leave the pool alone."""
        self._tries += 1
        self._size = max(1, len(items) // 2)
        if self._tries < TRIES:
            self._pen.pace.wait(self._pen.pace.jitter(PAUSE))
            return
        left, self._left = self._left, []
        for item in left:
            lost = self._lost.get(id(item))
            sent = (lost.intent.id,) if lost else ()
            yield Outcome(item.finding, Result.FAILED, problem, sent)

    def _verified(
        self, records: list[Record], items: list[Item], id_: WriteId
    ) -> Iterator[Outcome]:
        """Look the owners up once more: one that came back meanwhile gets its record again."""
        try:
            back = self._owners([record.owner for record in records])
        except (ReadError, UnreadableError) as error:
            text = f"released, but its owner could not be looked up again: {error}"
            yield from (Outcome(item.finding, Result.FAILED, text, (id_,)) for item in items)
            return
        for item, record in zip(items, records, strict=True):
            lb = back.get(record.owner) if record.owner else None
            if lb is not None and is_booked_on(lb, record):
                yield put_back(self._pen, item.finding, record, id_)
            else:
                yield Outcome(item.finding, Result.DONE, _released(item), (id_,), DIRECT)

    def _owners(self, owners: list[Owner | None]) -> dict[Owner, LoadBalancer]:
        source = self._pen.cluster
        named = {owner for owner in owners if owner}
        if len(named) <= FEW:
            found = [lb for owner in sorted(named) if (lb := source.load_balancer(owner))]
        else:
            found = []
            for namespace in sorted({owner.namespace for owner in named}):
                found += source.load_balancers(namespace).items
        return {lb.owner: lb for lb in found}

    def _drop(self, items: list[Item]) -> None:
        gone = {id(item) for item in items}
        self._left = [item for item in self._left if id(item) not in gone]


def _no_answer(item: Item, lost: LostError) -> Outcome:
    return Outcome(item.finding, Result.FAILED, lost.unanswered, (lost.intent.id,))


def _in_history(one: Rechecked, item: Item) -> str:
    """Say why a record cannot be released at the pool's version; empty: it can."""
    pool = one.snapshot.pool(item.finding.pool)
    if pool is not None:
        try:
            check_history(pool, [_record(pool, item)])
        except GuardError as error:
            return str(error)
    return ""


def _record(pool: IPPool, item: Item) -> Record:
    record = pool.record(item.finding.address)
    assert record is not None, item  # noqa: S101 - or it would not stand
    return record


def _released(item: Item) -> str:
    return f"released {item.finding.address} of {item.finding.subject.owner}; {NOT_CHECKED}"
