"""The commands of the demo, on a cluster in memory, with the code that real ones run."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Final

from lbdoctor.cluster.memory.demo import Demo
from lbdoctor.cluster.writer import Writer
from lbdoctor.diagnosis.look import look
from lbdoctor.diagnosis.report import Report
from lbdoctor.output.lines import say
from lbdoctor.output.run import outcome_line, plan_lines, summary_line
from lbdoctor.output.table import render
from lbdoctor.output.text import visible
from lbdoctor.repair.plan import Wishes, plan
from lbdoctor.repair.port import Intent
from lbdoctor.repair.run import carry_out
from lbdoctor.repair.undo import Written, undo
from lbdoctor.repair.writing import Pen
from lbdoctor.rules import CATALOGUE

RUN: Final = "20261123T120312-3f9c"
GRACE: Final = 30.0


class DemoPace:
    """Time in the demo: while lbdoctor waits, the others work."""

    def __init__(self, demo: Demo) -> None:
        self._demo = demo

    def now(self) -> datetime:
        return self._demo.now()

    def wait(self, seconds: float) -> None:
        self._demo.rest(seconds)

    def check(self) -> None:
        """Nobody stops a demo but by leaving."""

    def jitter(self, seconds: float) -> float:
        return seconds / 2


class DemoJournal:
    """What was written, kept for the undo."""

    def __init__(self) -> None:
        self.intents: list[Intent] = []

    def before(self, intent: Intent) -> None:
        self.intents.append(intent)

    def after(self, intent: Intent, outcome: str) -> None:
        """All of it succeeds, or the outcome says so."""


class Show:
    """Scan, repair, scan and undo."""

    def __init__(self, demo: Demo) -> None:
        self._demo = demo
        self._writer = Writer(demo.cluster)
        self._journal = DemoJournal()
        self._pen = Pen(self._writer, self._journal, DemoPace(demo), RUN)

    def scan(self) -> None:
        _prompt("scan")
        render(self._look(), sys.stdout)

    def repair(self) -> None:
        """Look, wait for the grace, look again, repair; then let the guests follow."""
        _prompt("repair --yes")
        known = {item.stamp for item in plan(self._look(), Wishes()).items}
        self._demo.rest(GRACE)
        report = self._look()
        planned = plan(report, Wishes())
        for line in plan_lines(planned):
            say(line)
        outcomes = []
        items = [item for item in planned.items if item.stamp in known]
        for outcome in carry_out(self._pen, report.snapshot, items):
            outcomes.append(outcome)
            say(outcome_line(outcome))
        say(summary_line(RUN, outcomes))
        self._demo.rest(GRACE)

    def undo(self) -> None:
        """Put the records of the first write back: they serve nobody, but it was asked for."""
        intent = self._journal.intents[0]
        _prompt(f"undo {intent.id}")
        write = Written(intent.id, intent.cause, intent.change, intent.inverse)
        undone = undo(self._pen, self._look(), write)
        say(visible(f"{undone.result!s:<8} {undone.write.id}  {undone.text}"))

    def _look(self) -> Report:
        return look(self._writer, scope=None, rules=CATALOGUE)


def _prompt(arguments: str) -> None:
    sys.stdout.write(f"\n$ lbdoctor {arguments}\n")
    sys.stdout.flush()
