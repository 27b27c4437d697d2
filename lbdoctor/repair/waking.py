"""LBD207: end a back-off, and see to what becomes of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Final

from lbdoctor.diagnosis.port import ReadError, Unread
from lbdoctor.domain.errors import UnreadableError
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import Record
from lbdoctor.domain.refs import Owner
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.repair.denials import TROUBLE, of_trouble
from lbdoctor.repair.guards import check_wakeable, own_records
from lbdoctor.repair.outcomes import Outcome, Result
from lbdoctor.repair.plan import Item
from lbdoctor.repair.port import JournalError, StoppedError, Unwritten, WriteError, WriteId
from lbdoctor.repair.recheck import Verdict, recheck
from lbdoctor.repair.stale import as_found
from lbdoctor.repair.stuck import Healing
from lbdoctor.repair.writing import TRIES, LostError, Pen, cause_of
from lbdoctor.rules.facts import waits_for_address

WATCHED: Final = 10
"""Seconds that a LoadBalancer which was woken is watched."""


def watch(
    pen: Pen,
    base: Snapshot,
    item: Item,
    owner: Owner,
    writes: Iterable[WriteId],
    known: Collection[Record] = (),
) -> tuple[LoadBalancer | None, Outcome | None]:
    """Watch an unbooked LoadBalancer that this run wrote to, and heal it if it hangs by now.

    A write that comes between the controller's two makes a stuck LoadBalancer. Records that
    are ``known`` from before have nothing to do with that. Returns it as it was seen last, and
    what became of the healing, if one was needed.
    """
    lb = _watched(pen, owner)
    if lb is not None and lb.booking is not None:
        return lb, None
    listing = pen.cluster.ip_pools()
    if listing.malformed:
        gap = listing.malformed[0]
        raise ReadError(Unread.FAILED, f"{gap.subject}: {gap.reason}")
    for pool in listing.items:
        for record in own_records(pool, owner):
            if record in known:
                continue
            if lb is not None:
                return lb, Healing(pen, base, item, owner).heal_woken(pool, writes)
            text = f"{owner} is gone for now, and {pool.name} holds {record.key} for it: look again"
            return lb, Outcome(item.finding, Result.REFUSED, text, tuple(writes))
    return lb, None


def looked_after(
    pen: Pen,
    base: Snapshot,
    item: Item,
    owner: Owner,
    outcome: Outcome,
    known: Collection[Record],
) -> Outcome:
    """Return how an item ends by whose write its owner, which has no address, might hang."""
    try:
        lb, healed = watch(pen, base, item, owner, outcome.writes, known)
    except StoppedError:
        return _and(outcome, Result.WAITING, f"{owner} was not waited for")
    except (*TROUBLE, JournalError, UnreadableError) as error:
        return _and(outcome, Result.FAILED, f"{owner} could not be looked after: {error}")
    if healed is not None:
        return replace(_and(outcome, healed.result, healed.text), writes=healed.writes)
    if lb is not None and waits_for_address(lb):
        return _and(outcome, Result.WAITING, f"{owner} still waits")
    return outcome


def _and(outcome: Outcome, result: Result, text: str) -> Outcome:
    """Return an outcome with what came of it; what was no success stays none."""
    good = outcome.result in (Result.DONE, Result.ALREADY)
    return replace(
        outcome, result=result if good else outcome.result, text=f"{outcome.text}; {text}"
    )


def _watched(pen: Pen, owner: Owner) -> LoadBalancer | None:
    """Wait until it is booked or gone, or long enough; return it as it is then."""
    for _ in range(WATCHED):
        pen.pace.wait(1.0)
        lb = pen.cluster.load_balancer(owner)
        if lb is None or lb.booking is not None:
            break
    return lb


class Waking:
    """The repair of one LoadBalancer that waits out a back-off.

    That no pool holds a record of it was read right before the touch. In the moment between
    the two an allocation can begin, so it is watched, and healed where that has left it stuck.
    """

    def __init__(self, pen: Pen, base: Snapshot, item: Item, owner: Owner) -> None:
        self._pen = pen
        self._base = base
        self._item = item
        self._owner = owner
        self._writes: list[WriteId] = []
        self._told = "woken"

    def wake(self) -> Outcome:
        """Wake it, or say what is in the way."""
        try:
            return self._touched() or self._watched()
        except TROUBLE as error:
            return self._outcome(*of_trouble(error))
        except (JournalError, UnreadableError) as error:
            if not self._writes:
                raise
            return self._outcome(Result.FAILED, str(error))
        except StoppedError:
            if not self._writes:
                raise
            return self._outcome(Result.WAITING, f"{self._told}, and not waited for")

    def _touched(self) -> Outcome | None:
        """Touch it, looking at it again before every try; None once that is done."""
        for attempt in range(TRIES):
            self._pen.before_try(attempt)
            (one,) = recheck(self._pen.cluster, self._base, [self._item])
            lb = one.snapshot.load_balancer(self._owner)
            if one.verdict is not Verdict.STANDS or lb is None:
                return as_found(one)
            check_wakeable(self._pen.cluster, lb)
            try:
                self._writes.append(self._pen.touch(lb, cause_of(self._item.finding))[0])
                return None
            except LostError as error:
                self._writes.append(error.intent.id)
                self._told = "no answer to the touch"
                return None  # it may have been carried out: watched all the same
            except WriteError as error:
                if error.why is not Unwritten.CONFLICT:
                    raise
        return self._outcome(Result.FAILED, "somebody else keeps writing to it")

    def _watched(self) -> Outcome:
        lb, healed = watch(self._pen, self._base, self._item, self._owner, self._writes)
        if healed is not None:
            return healed
        if lb is None:
            return self._outcome(Result.ALREADY, "its LoadBalancer is gone by now")
        if booking := lb.booking:
            return self._outcome(Result.DONE, f"{lb.owner} has {booking.ip} of {booking.pool}")
        return self._outcome(Result.WAITING, f"{self._told}, still waiting for the controller")

    def _outcome(self, result: Result, text: str) -> Outcome:
        return Outcome(self._item.finding, result, text, tuple(self._writes))
