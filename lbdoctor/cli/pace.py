"""Real time for a run, and the signals that end one.

The first Ctrl-C or SIGTERM lets the step in hand finish, for five seconds at most; the second
leaves at once.
"""

from __future__ import annotations

import random
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from types import FrameType, TracebackType
from typing import Final, Self

from lbdoctor.cli.signals import Terminated, terminate
from lbdoctor.repair.port import StoppedError

FINISH_WITHIN: Final = 5.0


class RunPace:
    """A ``Pace`` that goes by the clock; as a context manager it takes the signals."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self.signal: int | None = None
        """What ended the run, if something did."""

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._first)
        signal.signal(signal.SIGALRM, self._second)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, terminate)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise StoppedError

    def check(self) -> None:
        if self._stop.is_set():
            raise StoppedError

    def jitter(self, seconds: float) -> float:
        return random.uniform(0.05, seconds)  # noqa: S311 - nobody is to guess it, or not

    def count_down(self, seconds: float) -> None:
        """Wait, and say on a terminal how long it still takes."""
        ends, shown = time.monotonic() + seconds, sys.stderr.isatty()
        try:
            while (left := ends - time.monotonic()) > 0:
                if shown:
                    sys.stderr.write(f"\r\033[Klooking again in {left:.0f} s (Ctrl-C: do nothing)")
                    sys.stderr.flush()
                self.wait(min(1.0, left))
        finally:
            if shown:
                sys.stderr.write("\r\033[K")
                sys.stderr.flush()

    def _first(self, number: int, _frame: FrameType | None) -> None:
        if self._stop.is_set():
            self._second(number, None)
        self.signal = number
        self._stop.set()
        signal.setitimer(signal.ITIMER_REAL, FINISH_WITHIN)

    def _second(self, _number: int, _frame: FrameType | None) -> None:
        if self.signal == signal.SIGTERM:
            raise Terminated
        raise KeyboardInterrupt
