"""The time that a cluster in memory goes by."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Condition
from typing import Protocol


class Clock(Protocol):
    """Tells the time, and passes it while somebody waits."""

    def now(self) -> datetime: ...

    def wait(self, changed: Condition, seconds: float) -> None:
        """Wait until ``changed``, which the caller holds, or for so many seconds."""
        ...


class ManualClock:
    """Stands still but for those who wait: then nobody else acts, and the time is over."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    def wait(self, changed: Condition, seconds: float) -> None:
        self.advance(seconds)
