"""What became of an item."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lbdoctor.domain.findings import Finding
from lbdoctor.repair.port import WriteId


class Result(StrEnum):
    """How an item ended."""

    DONE = "done"
    ALREADY = "already"
    """Nothing was to be done any more."""

    WAITING = "waiting"
    """Released; the controller has not booked an address yet."""

    REFUSED = "refused"
    """A guard, or the cluster, did not let it."""

    UNKNOWN = "unknown"
    """What it depends on could not be read."""

    FAILED = "failed"
    """Tried, and not done or not verified."""

    STOPPED = "stopped"
    """The run ended before it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of what a run did."""

    finding: Finding
    result: Result
    text: str
    writes: tuple[WriteId, ...] = ()
    door: str = ""
    seconds: float | None = None
    """How long it took until the LoadBalancer had its address."""
