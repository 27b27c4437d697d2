"""The one place where something is written: journal before, write, verify, journal after."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

from lbdoctor.domain.changes import (
    Change,
    LoadBalancerChange,
    PoolChange,
    entries,
    inverse_of_load_balancer,
    inverse_of_pool,
    is_in_pool,
)
from lbdoctor.domain.findings import Finding
from lbdoctor.domain.fixes import load_balancer_id
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import IPPool
from lbdoctor.repair.port import (
    Cause,
    Cluster,
    Intent,
    Journal,
    JournalError,
    Pace,
    Unwritten,
    WriteError,
    WriteId,
)

T = TypeVar("T")

DONE: Final = "done"
TRIES: Final = 8
"""How often something is looked at again because others write to it too."""

PAUSE: Final = 0.5
"""Most seconds between two tries."""


class VerifyError(Exception):
    """What stands in the object after a write is not what was written."""


class LostError(WriteError):
    """No answer came to a write: nobody knows whether it was carried out."""

    def __init__(self, error: WriteError, intent: Intent) -> None:
        super().__init__(error.why, str(error), hint=error.hint)
        self.intent = intent

    @property
    def unanswered(self) -> str:
        """What to say where nobody can find out."""
        return f"no answer to write {self.intent.id}: look again"

    def is_in(self, pool: IPPool | None) -> bool:
        """Whether a pool holds what this wrote to it, so that it has been carried out."""
        change = self.intent.change
        return isinstance(change, PoolChange) and pool is not None and is_in_pool(pool, change)


class Pen:
    """Writes the changes of one run, each under an ID of its own."""

    def __init__(self, cluster: Cluster, journal: Journal, pace: Pace, run: str) -> None:
        self.cluster = cluster
        self.pace = pace
        self.run = run
        self._journal = journal
        self._count = 0

    def before_try(self, attempt: int) -> None:
        """Go on to a try, counted from 0; wait a little before all but the first.

        Raises:
            StoppedError: The run is to end.
        """
        self.pace.check()
        if attempt:
            self.pace.wait(self.pace.jitter(PAUSE))

    def pool(self, change: PoolChange, before: IPPool, cause: Cause) -> WriteId:
        """Write to a pool as it was read, and see that nothing else became of it.

        Raises:
            WriteError: It was not written; ``LostError``: nobody knows.
            VerifyError: It was, but not as it should be.
            JournalError: It could not be noted beforehand, and was not written.
        """
        intent = self._intend(change, inverse_of_pool(change, before), cause)
        after = self._carried(intent, lambda: self.cluster.change_pool(change))
        _verify(change, before, after)
        return intent.id

    def load_balancer(
        self, change: LoadBalancerChange, before: LoadBalancer, cause: Cause
    ) -> tuple[WriteId, LoadBalancer]:
        """Write to a LoadBalancer as it was read, and return it as it is then; see ``pool``."""
        intent = self._intend(change, inverse_of_load_balancer(change, before), cause)
        after = self._carried(intent, lambda: self.cluster.change_load_balancer(change))
        return intent.id, after

    def touch(self, lb: LoadBalancer, cause: Cause) -> tuple[WriteId, LoadBalancer]:
        """Write a value to a LoadBalancer that it never had: a fence, and what wakes it."""
        change = LoadBalancerChange(
            load_balancer=load_balancer_id(lb),
            resource_version=lb.resource_version,
            touched=f"{self.run}.{self._count + 1} {self.pace.now():%Y-%m-%dT%H:%M:%S.%fZ}",
        )
        return self.load_balancer(change, lb, cause)

    def confirm(self, lost: LostError) -> WriteId:
        """Note that a write whose answer was lost has been carried out after all."""
        self._note(lost.intent, DONE)
        return lost.intent.id

    def _intend(self, change: Change, inverse: Change, cause: Cause) -> Intent:
        self._count += 1
        intent = Intent(WriteId(self.run, self._count), self.pace.now(), cause, change, inverse)
        self._journal.before(intent)
        return intent

    def _carried(self, intent: Intent, write: Callable[[], T]) -> T:
        try:
            written = write()
        except WriteError as error:
            self._note(intent, f"{error.why.name.lower()}: {error}")
            if error.why is Unwritten.FAILED:
                raise LostError(error, intent) from error
            raise
        self._note(intent, DONE)
        return written

    def _note(self, intent: Intent, outcome: str) -> None:
        """Note what became of a write, if that can be: the line before it tells enough.

        What was written has to be looked at whatever the journal says; the next write finds
        out by itself that nothing can be noted any more.
        """
        with suppress(JournalError):
            self._journal.after(intent, outcome)


def cause_of(finding: Finding) -> Cause:
    return Cause(finding.code, finding.subject.spelling, finding.pool, finding.address)


def _verify(change: PoolChange, before: IPPool, after: IPPool) -> None:
    """See that what was to go is gone, that nothing else is, and that the counters fit."""
    found = (
        {record.key: record.owner_text for record in after.records},
        {entry.key: entry.owner_text for entry in after.history},
    )
    if found != entries(before, change):
        raise VerifyError(f"pool {before.name} does not hold what was written to it")
    if change.available is not None and after.available != change.available:
        raise VerifyError(f"pool {before.name} has available {after.available} after the write")
