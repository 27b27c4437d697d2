"""lbdoctor's production code, one call of its port at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from greenlet import greenlet

from lbdoctor.diagnosis.look import look
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.repair.outcomes import Outcome
from lbdoctor.repair.plan import Plan, Wishes, plan
from lbdoctor.repair.port import Intent
from lbdoctor.repair.run import carry_out
from lbdoctor.repair.writing import Pen
from lbdoctor.rules import CATALOGUE
from tests.model.port import Guards, Port, pause

GRACE = 30.0
WISHES = Wishes(subjects=frozenset({"pool/p", "pool/q", "default/a", "default/b"}))
"""The pools are named: with so few records the brake would hold everything back."""


@dataclass(slots=True)
class Pace:
    """Time that passes only while lbdoctor waits."""

    now_: Callable[[], datetime]
    advance: Callable[[float], None]

    def now(self) -> datetime:
        return self.now_()

    def wait(self, seconds: float) -> None:
        pause()
        self.advance(seconds)

    def check(self) -> None:
        """Nobody wants it to end."""

    def jitter(self, seconds: float) -> float:
        return seconds / 2


@dataclass(slots=True)
class Notes:
    """A journal in memory."""

    intents: list[Intent] = field(default_factory=list)

    def before(self, intent: Intent) -> None:
        self.intents.append(intent)

    def after(self, intent: Intent, outcome: str) -> None:
        """What became of it the search sees itself."""


class Doctor:
    """One repair, from the first look to the last outcome."""

    def __init__(self, port: Port, pace: Pace, guards: Guards) -> None:
        self.port = port
        self.outcomes: list[Outcome] = []
        self.planned = 0
        self._pace = pace
        self._guards = guards
        self._thread = greenlet(self._run)
        self.is_over = False
        self.steps = 0

    @property
    def position(self) -> str:
        """What decides all that it will do: how far it is, and what it was answered so far."""
        return f"{self.steps} {self.is_over} {hash(tuple(self.port.seen))}"

    def step(self) -> None:
        """Go on to the next call of the port."""
        self.steps += 1
        self._thread.switch()
        self.is_over = self._thread.dead

    def kill(self) -> None:
        """End it where it stands, as SIGKILL does."""
        if not self._thread.dead:
            self._thread.throw()
        self.is_over = True

    def _run(self) -> None:
        pen = Pen(self.port, Notes(), self._pace, "run")
        snapshot, made = self._look()
        items = list(made.items)
        if self._guards.grace:
            self._pace.wait(GRACE)
            known = {item.stamp for item in items}
            snapshot, made = self._look()
            items = [item for item in made.items if item.stamp in known]
        self.planned = len(items)
        self.outcomes.extend(carry_out(pen, snapshot, items))

    def _look(self) -> tuple[Snapshot, Plan]:
        report = look(self.port, scope=None, rules=CATALOGUE)
        return report.snapshot, plan(report, WISHES)
