"""LBD201, step by step: fence, let the controller heal it if it does, release, wake."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from lbdoctor.diagnosis.port import ReadError
from lbdoctor.domain.addresses import IPAddress, parse_address
from lbdoctor.domain.changes import PoolChange
from lbdoctor.domain.errors import UnreadableError
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import IPPool, Record
from lbdoctor.domain.refs import Owner
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.repair import moves
from lbdoctor.repair.denials import TROUBLE, of_trouble
from lbdoctor.repair.guards import (
    GuardError,
    check_history,
    check_unbooked,
    check_wakeable,
    heals_by_itself,
    ignored_because,
    own_records,
)
from lbdoctor.repair.outcomes import Outcome, Result
from lbdoctor.repair.plan import Item
from lbdoctor.repair.port import JournalError, StoppedError, Unwritten, WriteError, WriteId
from lbdoctor.repair.recheck import Verdict, recheck
from lbdoctor.repair.stale import DIRECT, as_found
from lbdoctor.repair.writing import TRIES, LostError, Pen, cause_of
from lbdoctor.rules.facts import waits_for_address

ROUNDS: Final = 3
HEALS_WITHIN: Final = 10.0
"""Seconds that a controller which heals by itself is given after the fence."""

BOOKS_WITHIN: Final = 1.0
"""Seconds until a LoadBalancer whose record was released is woken."""

GIVEN_UP_AFTER: Final = 120.0
FENCED: Final = "fenced"
WOKEN: Final = "woken"
RELEASED: Final = "released"

POLL: Final = 0.1
SLOW_POLL: Final = 1.0


@dataclass(frozen=True, slots=True)
class _Now:
    """A LoadBalancer, and its own records in the pool that matters to it, as just read."""

    lb: LoadBalancer | None
    records: tuple[Record, ...] = ()

    @property
    def is_healed(self) -> bool:
        """Whether it is booked on a record of its own."""
        booking = self.lb.booking if self.lb else None
        return booking is not None and booking.ip in {record.key for record in self.records}

    @property
    def is_stuck(self) -> bool:
        return self.lb is not None and waits_for_address(self.lb) and bool(self.records)


class Healing:
    """The repair of one stuck LoadBalancer."""

    def __init__(self, pen: Pen, base: Snapshot, item: Item, owner: Owner) -> None:
        self._pen = pen
        self._item = item
        self._cause = cause_of(item.finding)
        self._owner = owner
        self._pool = item.finding.pool
        # It was stuck in both looks: that it is young again says nothing, being recreated.
        seen = own_records(base.pool(self._pool), self._owner)
        self._base = replace(base, sightings=base.sightings.union(seen))
        self._writes: list[WriteId] = []
        self._has_waited = False
        self._deed = FENCED
        self._began = pen.pace.now()

    def heal_woken(self, pool: IPPool, writes: Iterable[WriteId]) -> Outcome:
        """Heal one that this run has woken, and that a pool holds a record of since."""
        self._pool = pool.name
        self._writes.extend(writes)
        self._deed = WOKEN
        return self.heal()

    def heal(self) -> Outcome:
        """Heal it, or say what is in the way."""
        try:
            return self._heal()
        except TROUBLE as error:
            return self._outcome(*of_trouble(error))
        except (JournalError, UnreadableError, StoppedError) as error:
            if not self._writes:
                raise
            return self._broken_off(error)

    def _heal(self) -> Outcome:
        if self._deed == WOKEN:
            self._wait(HEALS_WITHIN)  # its booking may be under way
        for _ in range(ROUNDS):
            outcome = self._free() or self._book()
            if outcome is not None:
                return outcome
        return self._outcome(Result.FAILED, f"stuck anew, {ROUNDS} times in a row")

    def _broken_off(self, error: Exception) -> Outcome:
        if not isinstance(error, StoppedError):
            return self._outcome(Result.FAILED, str(error))
        if self._deed == FENCED:
            return self._outcome(Result.STOPPED, "fenced, and nothing released")
        return self._outcome(Result.WAITING, f"{self._deed}, and not waited for")

    def _free(self) -> Outcome | None:
        """Fence and release; None when nothing stands in the way of a booking any more."""
        for attempt in range(TRIES):
            self._pen.before_try(attempt)
            found = self._standing()
            if not isinstance(found, tuple):
                return found
            try:
                if self._fence_and_release(*found):
                    return None
            except LostError as error:
                if self._was_released(error):
                    return None
            except WriteError as error:
                if error.why not in (Unwritten.CONFLICT, Unwritten.ABSENT):
                    raise
        return self._outcome(Result.FAILED, "somebody else keeps writing to it or to its pool")

    def _was_released(self, lost: LostError) -> bool:
        """Whether a release whose answer was lost has been carried out after all."""
        if not isinstance(lost.intent.change, PoolChange):
            self._writes.append(lost.intent.id)  # a fence, that may have been carried out
            return False
        if not lost.is_in(self._pen.cluster.ip_pool(self._pool)):
            return False
        self._writes.append(self._pen.confirm(lost))
        self._deed = RELEASED
        return True

    def _standing(self) -> tuple[LoadBalancer, IPPool] | Outcome | None:
        """Return what is stuck, as just read, pool first; else what became of it.

        What may be stuck by a write of this run needs no grace any more: the fence stands for
        it, also where it holds another record by now.
        """
        if self._writes:
            pool = self._pen.cluster.ip_pool(self._pool)
            lb = self._pen.cluster.load_balancer(self._owner)
            if ignored := ignored_because(pool, lb):
                return self._outcome(Result.REFUSED, f"ignored: {ignored}")
            if lb is None and own_records(pool, self._owner):
                return self._gone_for_now()
            is_stuck = _Now(lb, own_records(pool, self._owner)).is_stuck
            return (lb, pool) if is_stuck and lb and pool else None
        (one,) = recheck(self._pen.cluster, self._base, [self._item])
        pool, lb = one.snapshot.pool(self._pool), one.snapshot.load_balancer(self._owner)
        if one.verdict is Verdict.STANDS and lb and pool:
            return lb, pool
        if one.verdict is Verdict.GONE and lb is None and own_records(pool, self._owner):
            return self._gone_for_now()
        return as_found(one)

    def _gone_for_now(self) -> Outcome:
        text = f"{self._owner} is gone for now, and {self._pool} holds its record: look again"
        return self._outcome(Result.REFUSED, text)

    def _fence_and_release(self, lb: LoadBalancer, pool: IPPool) -> bool:
        """Release the records that were read before the fence; False: look again first.

        The pool was read before the fence and is written at that version. Whoever takes an
        address anew in between has to write to the pool, and whoever took one before cannot
        book it any more, for the fence changed the LoadBalancer. With the pool read after the
        fence, an allocation could begin behind it and be over before the pool is read.
        """
        check_unbooked(lb)
        records = own_records(pool, self._owner)
        heals = not self._has_waited and heals_by_itself(self._base.controller, lb, pool)
        if not heals:
            check_history(pool, records)
        self._writes.append(self._pen.touch(lb, self._cause)[0])
        if heals:
            self._has_waited = True
            return not self._wait(HEALS_WITHIN).is_stuck
        change = moves.release_one_of(pool, records, self._kept(pool, records, lb))
        self._writes.append(self._pen.pool(change, pool, self._cause))
        self._deed = RELEASED
        return True

    def _kept(self, pool: IPPool, records: tuple[Record, ...], lb: LoadBalancer) -> Record:
        """Return the record whose address it is to get back.

        The one that status.address names, else its Service (of type vm it has one of its own
        name), else the last one that was given out, else the lowest.
        """
        if len(records) == 1:
            return records[0]
        named = (parse_address(lb.address), *self._served(lb), parse_address(pool.last_allocated))
        for address in named:
            for record in records:
                if address is not None and record.address == address:
                    return record
        return min(records, key=_height)

    def _served(self, lb: LoadBalancer) -> list[IPAddress]:
        """Return what the Service of a LoadBalancer carries or asks for, if that can be read."""
        if lb.is_cluster:
            return []
        try:
            listing = self._pen.cluster.services(lb.namespace)
        except ReadError:
            return []
        return [ip for item in listing.items if item.owner == lb.owner for ip in item.addresses]

    def _book(self) -> Outcome | None:
        """Wait for the booking, and wake the LoadBalancer; None where it is stuck anew."""
        now = self._wait(BOOKS_WITHIN)
        if not now.is_healed and not now.is_stuck:
            self._wake()
        if not now.is_healed:
            now = self._wait(GIVEN_UP_AFTER)
        if now.is_healed and now.lb and now.lb.booking:
            seconds = (self._pen.pace.now() - self._began).total_seconds()
            text = f"{self._owner} has {now.lb.booking.ip} of {now.lb.booking.pool}"
            return replace(self._outcome(Result.DONE, text), seconds=seconds)
        if now.is_stuck:
            return None
        if now.lb is None and now.records:
            return self._outcome(Result.REFUSED, "its LoadBalancer is gone, its record is left")
        if now.lb is None:
            return self._outcome(Result.DONE, "its LoadBalancer is gone by now, its record too")
        return self._outcome(Result.WAITING, f"{self._deed}, still waiting for the controller")

    def _wait(self, seconds: float) -> _Now:
        """Look until it is healed, for so long; not longer than it is clearly stuck or gone."""
        waited = stuck_for = 0.0
        while True:
            now = self._look()
            stuck_for = stuck_for if now.is_stuck or now.lb is None else 0.0
            if now.is_healed or waited >= seconds or stuck_for >= HEALS_WITHIN:
                return now
            pause = POLL if waited < 2 else SLOW_POLL
            self._pen.pace.wait(pause)
            waited += pause
            stuck_for += pause

    def _look(self) -> _Now:
        """Read the LoadBalancer, and then the pool it is booked in, or was stuck in."""
        lb = self._pen.cluster.load_balancer(self._owner)
        name = lb.booking.pool if lb and lb.booking and lb.booking.pool else self._pool
        return _Now(lb, own_records(self._pen.cluster.ip_pool(name), self._owner))

    def _wake(self) -> None:
        """End the controller's back-off, if that cannot hit an allocation under way."""
        try:
            lb = self._pen.cluster.load_balancer(self._owner)
            if lb is not None:
                check_wakeable(self._pen.cluster, lb)
                self._writes.append(self._pen.touch(lb, self._cause)[0])
        except (GuardError, ReadError, WriteError):
            return  # it wakes by itself, only later

    def _outcome(self, result: Result, text: str) -> Outcome:
        door = DIRECT if self._deed == RELEASED else ""
        return Outcome(self._item.finding, result, text, tuple(self._writes), door)


def _height(record: Record) -> tuple[bool, int, str]:
    address = record.address
    return (address is None, int(address) if address else 0, record.key)
