"""The controller's door: ask Harvester itself to release a record, and see that it does.

Source: load-balancer-harvester pkg/controller/ippool/controller.go:161-219, from v1.5.0 on.
The annotation goes whether Harvester released or refused; only the record tells.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from lbdoctor.diagnosis.port import ReadError
from lbdoctor.domain.changes import PoolChange
from lbdoctor.domain.controller import MANUAL_RELEASE
from lbdoctor.domain.pools import IPPool
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.ipam.annotation import format_request
from lbdoctor.repair import moves
from lbdoctor.repair.denials import explained
from lbdoctor.repair.guards import in_history, own_records
from lbdoctor.repair.outcomes import Outcome, Result
from lbdoctor.repair.plan import Item
from lbdoctor.repair.port import JournalError, StoppedError, Unwritten, WriteError, WriteId
from lbdoctor.repair.recheck import Verdict, recheck
from lbdoctor.repair.restoring import is_booked_on, put_back
from lbdoctor.repair.stale import NOT_CHECKED, as_found
from lbdoctor.repair.writing import TRIES, LostError, Pen, VerifyError, cause_of

CONTROLLER: Final = "controller"
POLL: Final = 0.2
CONSUMED_WITHIN: Final = 10
"""Looks until Harvester has removed a request that it carried out."""


class Request:
    """One release request, from the annotation to the record that is gone."""

    def __init__(self, pen: Pen, base: Snapshot, item: Item, timeout: float) -> None:
        self._pen = pen
        self._base = base
        self._item = item
        self._timeout = timeout
        self._cause = cause_of(item.finding)
        self._writes: list[WriteId] = []

    def release(self) -> Outcome:
        """Ask, wait, and take the request back if nobody answers."""
        try:
            asked = self._ask()
            return asked if isinstance(asked, Outcome) else self._answered(asked)
        except StoppedError:
            return self._outcome(Result.STOPPED, "not begun")
        except WriteError as error:
            return self._outcome(Result.REFUSED, explained(error))
        except (ReadError, VerifyError) as error:
            return self._outcome(Result.FAILED, str(error))

    def _ask(self) -> str | Outcome:
        """Write the request; return its value, or why it was not written."""
        for attempt in range(TRIES):
            self._pen.before_try(attempt)
            (one,) = recheck(self._pen.cluster, self._base, [self._item])
            pool = one.snapshot.pool(self._item.finding.pool)
            if one.verdict is not Verdict.STANDS or pool is None:
                return as_found(one)
            problem, value = self._check(pool)
            if problem:
                return self._outcome(Result.REFUSED, problem)
            try:
                self._writes.append(self._pen.pool(moves.ask(pool, value), pool, self._cause))
                return value
            except LostError as error:
                self._writes.append(error.intent.id)
                return value  # it may stand there: waited for, and taken back, all the same
            except WriteError as error:
                if error.why is not Unwritten.CONFLICT:
                    raise
        return self._outcome(Result.FAILED, "somebody else keeps writing to the pool")

    def _check(self, pool: IPPool) -> tuple[str, str]:
        """Return why Harvester would not do as asked, or the value to ask with."""
        record = pool.record(self._item.finding.address)
        if record is None or record.owner is None or record.address is None:
            return "the record is gone", ""
        if self._base.controller.is_at_least(MANUAL_RELEASE) is False:
            return f"this controller, {self._base.controller.tag}, reads no requests", ""
        if pool.release_request is not None:
            return f"another request is pending: {pool.release_request!r}", ""
        if record.address.version != 4 or not record.is_canonical:
            return "a request can only name an IPv4 address as Harvester spells it", ""
        if in_history(pool, [record]):
            return f"history of {pool.name} names it for the same owner (LBD106)", ""
        if len(own_records(pool, record.owner)) > 1:
            return f"{record.owner} has several records: a request may free another one", ""
        return "", format_request(record.key, record.owner)

    def _answered(self, value: str) -> Outcome:
        """Wait until the record is gone; the annotation gone is no success."""
        waited = 0.0
        try:
            while waited < self._timeout:
                if answer := self._answer(value):
                    return answer
                self._pen.pace.wait(POLL)
                waited += POLL
        except StoppedError:
            return self._given_up(value, Result.STOPPED, "stopped")
        text = f"no answer to the request within {self._timeout:g} s"
        return self._given_up(value, Result.FAILED, text)

    def _given_up(self, value: str, result: Result, text: str) -> Outcome:
        """Take the request back, unless Harvester has just done as asked."""
        taken = "was taken back" if self._take_back(value) else "is still there"
        pool = None
        with suppress(ReadError):
            pool = self._pen.cluster.ip_pool(self._item.finding.pool)
        if pool is not None and self._is_released(pool):
            return self._released(value)
        return self._outcome(result, f"{text}; the request {taken}")

    def _answer(self, value: str) -> Outcome | None:
        """Return what became of the request; None: nothing yet, or it could not be seen."""
        try:
            pool = self._pen.cluster.ip_pool(self._item.finding.pool)
        except ReadError:
            return None
        if pool is None:
            return self._outcome(Result.FAILED, "the pool is gone")
        if self._is_released(pool):
            return self._released(value)
        if pool.release_request != value:
            text = "Harvester dropped the request and did not release the record"
            return self._outcome(Result.REFUSED, text)
        return None

    def _is_released(self, pool: IPPool) -> bool:
        """Whether the record is gone, or somebody else's by now."""
        record, subject = pool.record(self._item.finding.address), self._item.finding.subject
        return record is None or record.owner_text != subject.owner

    def _released(self, value: str) -> Outcome:
        """Look at the owner once more, and see that the request goes as well."""
        text = f"released {self._item.finding.address} of {self._item.finding.subject.owner}"
        pool = self._base.pool(self._item.finding.pool)
        found = pool.record(self._item.finding.address) if pool else None
        if found is not None and found.owner is not None:
            try:
                lb = self._pen.cluster.load_balancer(found.owner)
            except ReadError as error:
                text = f"{text}, but its owner could not be looked up again: {error}"
                return self._outcome(Result.FAILED, text)
            if lb is not None and is_booked_on(lb, found):
                return put_back(self._pen, self._item.finding, found, self._writes[0])
        left = "" if self._is_consumed(value) else "; the request is still there"
        return self._outcome(Result.DONE, f"{text}; {NOT_CHECKED}{left}")

    def _is_consumed(self, value: str) -> bool:
        """Wait a little for Harvester to remove the request, else do it ourselves."""
        with suppress(StoppedError, ReadError):
            for _ in range(CONSUMED_WITHIN):
                pool = self._pen.cluster.ip_pool(self._item.finding.pool)
                if pool is None or pool.release_request != value:
                    return True
                self._pen.pace.wait(POLL)
        return self._take_back(value)

    def _take_back(self, value: str) -> bool:
        """Remove the request if it is still ours; say whether it is gone."""
        for _ in range(TRIES):
            try:
                pool = self._pen.cluster.ip_pool(self._item.finding.pool)
                if pool is None or pool.release_request != value:
                    return True
                change: PoolChange = moves.ask(pool, None)
                self._writes.append(self._pen.pool(change, pool, self._cause))
                return True
            except WriteError as error:
                if error.why not in (Unwritten.CONFLICT, Unwritten.FAILED):
                    return False
            except ReadError:
                continue
            except (VerifyError, JournalError):
                return False
        return False

    def _outcome(self, result: Result, text: str) -> Outcome:
        return Outcome(self._item.finding, result, text, tuple(self._writes), CONTROLLER)
