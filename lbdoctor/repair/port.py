"""What a repair needs of the world: a cluster to write to, a journal, and time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Protocol

from lbdoctor.diagnosis.port import Source
from lbdoctor.domain.changes import Change, LoadBalancerChange, PoolChange
from lbdoctor.domain.errors import LbdoctorError
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import IPPool


class Unwritten(Enum):
    """Why a write was not carried out; of ``FAILED`` alone nobody knows whether it was."""

    CONFLICT = auto()
    """The object has another resourceVersion or UID by now (409)."""

    EXISTS = auto()
    """An object of that name is there already (409)."""

    ABSENT = auto()
    """There is no such object, or no such namespace (404)."""

    FORBIDDEN = auto()
    """The caller may not (403)."""

    DENIED = auto()
    """A webhook refuses it, or cannot be asked."""

    INVALID = auto()
    """It does not fit the object or the schema (400, 422)."""

    FAILED = auto()
    """No answer, or one that says nothing."""


class WriteError(LbdoctorError):
    """A write failed; the text is the API server's own."""

    def __init__(self, why: Unwritten, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.why = why


class JournalError(LbdoctorError):
    """The journal cannot be written, so nothing else is."""


class StoppedError(Exception):
    """Somebody wants the run to end: what is in hand is finished or taken back first."""


class Cluster(Source, Protocol):
    """A cluster that can be written to, one guarded change at a time.

    Both writes return the object as it is then. They raise ``WriteError``; nothing is tried
    twice. With ``dry_run`` the API server checks the change and keeps nothing.
    """

    def change_pool(self, change: PoolChange, *, dry_run: bool = False) -> IPPool: ...

    def change_load_balancer(
        self, change: LoadBalancerChange, *, dry_run: bool = False
    ) -> LoadBalancer: ...


@dataclass(frozen=True, slots=True)
class WriteId:
    """The number of a write within a run."""

    run: str
    number: int

    def __str__(self) -> str:
        return f"{self.run}.{self.number}"


@dataclass(frozen=True, slots=True)
class Cause:
    """The finding on whose account something is written."""

    code: str
    subject: str
    pool: str
    address: str


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that is about to be sent, and what takes it back."""

    id: WriteId
    at: datetime
    cause: Cause
    change: Change
    inverse: Change


class Journal(Protocol):
    """Keeps every write before and after it, whatever happens in between."""

    def before(self, intent: Intent) -> None:
        """Note what is going to be written.

        Raises:
            JournalError: It cannot be noted: then it must not be written.
        """
        ...

    def after(self, intent: Intent, outcome: str) -> None:
        """Note what became of it: ``done``, or why not."""
        ...


class Pace(Protocol):
    """Time, as a run goes by it."""

    def now(self) -> datetime: ...

    def wait(self, seconds: float) -> None:
        """Wait.

        Raises:
            StoppedError: The run is to end.
        """
        ...

    def check(self) -> None:
        """Go on, unless the run is to end.

        Raises:
            StoppedError: It is.
        """
        ...

    def jitter(self, seconds: float) -> float:
        """Return a random part of so many seconds."""
        ...
