"""A repair as the command line runs it: look, plan, ask, wait, look again, carry out."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import typer

from lbdoctor.cli import runs, states
from lbdoctor.cli.asked import Repair
from lbdoctor.cli.exit_codes import ExitCode, for_run
from lbdoctor.cli.pace import RunPace
from lbdoctor.cli.plans import check_cluster
from lbdoctor.cli.wiring import Progress
from lbdoctor.cluster.writer import ReviewedWriter
from lbdoctor.diagnosis.look import look
from lbdoctor.diagnosis.port import ReadError
from lbdoctor.diagnosis.report import Report
from lbdoctor.output.document import render_json
from lbdoctor.output.lines import say
from lbdoctor.output.run import outcome_line, plan_lines, render_run, summary_line
from lbdoctor.output.summary import unread
from lbdoctor.output.text import plural, visible
from lbdoctor.repair.outcomes import Outcome
from lbdoctor.repair.plan import Held, Item, Plan, plan
from lbdoctor.repair.port import StoppedError
from lbdoctor.repair.rights import NEEDED, Mode, Right, held_for_rights, missing
from lbdoctor.repair.run import carry_out
from lbdoctor.repair.stamps import Stamp, stamp
from lbdoctor.repair.trial import trial
from lbdoctor.repair.writing import Pen
from lbdoctor.rules import select

if TYPE_CHECKING:
    from lbdoctor.output.bar import Bar

CLOCK_STEP: Final = 1.0
"""The API server tells the time in whole seconds."""


class Run:
    """One repair, from the first look to the exit code."""

    def __init__(self, asked: Repair) -> None:
        self._asked = asked
        self._rules = select(asked.only, asked.ignored)
        self._progress = Progress()
        self._writer: ReviewedWriter = runs.open_writer(asked.live, self._progress)
        self._id = runs.new_run()
        self._lacking: tuple[Right, ...] = ()

    def show(self, *, on_server: bool) -> ExitCode:
        """Show the plan, or what the API server says to it, and write nothing."""
        report, plan_, _ = self._look()
        self._tell_lapsed(report)
        if not on_server:
            self._tell_plan(report, plan_)
            left = [item for item in plan_.held if item.finding.ignored is None]
            return self._code_of_plan(report, plan_, left)
        outcomes = [trial(self._writer, report.snapshot, item) for item in plan_.items]
        self._tell_run(plan_, outcomes, wrote=False)
        code = for_run(report, plan_, outcomes)
        return ExitCode.FINDINGS if code == ExitCode.OK and plan_.items else code

    def carry_out(self, *, ask: bool) -> ExitCode:
        """Carry the plan out, after the person's word and the grace."""
        self._lacking = self._rights()
        report, first, since = self._look()
        self._tell_lapsed(report)
        if not first.items:
            self._tell_run(first, [], wrote=False)
            self._tell_unread(report)
            return for_run(report, first, [])
        self._say_plan(first)
        journal = runs.open_journal(self._asked.journal, self._writer.origin)
        if ask and not self._confirmed(first):
            typer.echo("nothing was written", err=True)
            return ExitCode.FINDINGS
        with RunPace() as pace:
            pen = Pen(self._writer, journal, pace, self._id)
            try:
                pace.count_down(self._left_to_wait(first.items, since, report))
            except StoppedError:
                typer.echo("nothing was written", err=True)
                return ExitCode(128 + (pace.signal or signal.SIGINT))
            report, second, since = self._look()
            items, unripe = self._ripe(first, second, since, report)
            plan_ = Plan(second.made_at, tuple(items), (*second.held, *unripe))
            outcomes = self._carried_out(pen, report, items)
            stopped_by = pace.signal
        runs.note_events(self._writer, self._id, outcomes)
        self._tell_run(plan_, outcomes, wrote=True)
        self._tell_unread(report)
        return ExitCode(128 + stopped_by) if stopped_by else for_run(report, plan_, outcomes)

    def _carried_out(self, pen: Pen, report: Report, items: Sequence[Item]) -> list[Outcome]:
        """Carry items out, and say on the way what became of each."""
        self._progress.stop()
        outcomes = []
        with ExitStack() as shown:
            bar = shown.enter_context(_bar(len(items))) if self._watched else None
            for outcome in carry_out(pen, report.snapshot, items):
                outcomes.append(outcome)
                line = None if self._asked.as_json else outcome_line(outcome)
                if bar is not None:
                    bar.move_on(line)
                elif line is not None:
                    say(line)
        return outcomes

    @property
    def _watched(self) -> bool:
        """Whether somebody looks at stderr, and no requests are shown there."""
        return sys.stderr.isatty() and not self._asked.live.verbose

    def _look(self) -> tuple[Report, Plan, Mapping[Stamp, datetime]]:
        try:
            report = look(
                self._writer,
                scope=self._asked.scope,
                rules=self._rules,
                pause=self._progress.pause,
            )
        finally:
            self._progress.clear()
        whole = self._asked.scope is None and report.left_out == 0
        report, since = states.remember(self._asked.state, report, everything=whole)
        made = self._permitted(plan(report, self._asked.wishes))
        named = self._asked.planned
        if named is None:
            return report, made, since
        check_cluster(named, report.snapshot)
        items = tuple(item for item in made.items if item.stamp in named)
        held = tuple(item for item in made.held if stamp(item.finding, report.snapshot) in named)
        earlier = {mark: min(when, named.get(mark, when)) for mark, when in since.items()}
        return report, Plan(made.made_at, items, held), earlier

    def _tell_lapsed(self, report: Report) -> None:
        """Say how much of a plan file does not stand any more, where that was looked at."""
        if not self._asked.planned or self._asked.scope is not None:
            return
        codes = {rule.code for rule in self._rules}
        asked = {mark for mark in self._asked.planned if mark.code in codes}
        standing = {stamp(item, report.snapshot) for item in report.counted}
        lapsed = len(asked - standing)
        if lapsed:
            text = f"{lapsed} of {plural(len(asked), 'item')} in the plan lapsed since it was made"
            typer.echo(f"note: {text}", err=True)

    def _rights(self) -> tuple[Right, ...]:
        """Return what this caller may not do, and say so, before anything is written."""
        try:
            lacking = tuple(missing(self._writer, NEEDED[Mode.REPAIR]))
        except ReadError as error:
            typer.echo(f"note: what you may do is not known: {visible(str(error))}", err=True)
            return ()
        for right in lacking:
            what = f"you may not {right.verb} {right.kind}s"
            typer.echo(f"note: {what}: {right.cost}", err=True)
        return lacking

    def _permitted(self, plan_: Plan) -> Plan:
        held = tuple(held_for_rights(plan_.items, self._lacking))
        stopped = {id(item.finding) for item in held}
        items = tuple(item for item in plan_.items if id(item.finding) not in stopped)
        return Plan(plan_.made_at, items, (*plan_.held, *held))

    def _left_to_wait(
        self, items: Sequence[Item], since: Mapping[Stamp, datetime], report: Report
    ) -> float:
        now = report.snapshot.taken_at or states.now()
        ripe = (since.get(item.stamp, now) + self._asked.graces.of(item) for item in items)
        left = (max(ripe) - now).total_seconds()
        return left + CLOCK_STEP if left > 0 else 0.0

    def _ripe(
        self, first: Plan, second: Plan, since: Mapping[Stamp, datetime], report: Report
    ) -> tuple[list[Item], list[Held]]:
        """Return what stood in both looks, a grace apart, and what did not."""
        known = {item.stamp for item in first.items}
        now = report.snapshot.taken_at or states.now()
        items, unripe = [], []
        for item in second.items:
            seen = since.get(item.stamp, now)
            if item.stamp in known and now - seen >= self._asked.graces.of(item):
                items.append(item)
            else:
                reason = "it was not there, or not the same, in the first look"
                unripe.append(Held(item.finding, reason, "lbdoctor repair"))
        return items, unripe

    def _confirmed(self, plan_: Plan) -> bool:
        count = len(plan_.items)
        what = "1 item" if count == 1 else f"{count} items"
        question = f"Repair {what} on {self._writer.origin.name}?"
        try:
            return typer.confirm(question, default=False, err=True)
        except typer.Abort as abort:
            if isinstance(abort.__context__, EOFError):
                typer.echo(err=True)
                return False
            raise KeyboardInterrupt from abort

    def _say_plan(self, plan_: Plan) -> None:
        """Show the plan to whoever watches: with JSON on stdout, on stderr."""
        for line in plan_lines(plan_):
            say(line, err=self._asked.as_json)

    def _tell_plan(self, report: Report, plan_: Plan) -> None:
        """Show the plan; as JSON it is a report of its items, which --plan reads again."""
        if self._asked.as_json:
            found = tuple(item.finding for item in plan_.items)
            render_json(replace(report, findings=found), sys.stdout)
            return
        for line in plan_lines(plan_):
            say(line)
        if not plan_.items:
            typer.echo("nothing to repair")

    def _tell_run(self, plan_: Plan, outcomes: Sequence[Outcome], *, wrote: bool) -> None:
        if self._asked.as_json:
            render_run(self._id, plan_, outcomes, sys.stdout)
            return
        if not wrote:
            for outcome in outcomes:
                say(outcome_line(outcome))
        for line in plan_lines(Plan(plan_.made_at, (), plan_.held)):
            say(line)
        say(summary_line(self._id, outcomes) if outcomes else "nothing to repair")

    def _tell_unread(self, report: Report) -> None:
        for line in unread(report):
            typer.echo(f"not read: {line}", err=True)

    def _code_of_plan(self, report: Report, plan_: Plan, left: Sequence[Held]) -> ExitCode:
        if plan_.items or left:
            return ExitCode.FINDINGS
        return for_run(report, plan_, [])


def _bar(total: int) -> Bar:
    from lbdoctor.output.bar import Bar

    return Bar(total)
