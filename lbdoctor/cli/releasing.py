"""A release as the command line runs it: look, check, write, verify."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import typer

from lbdoctor.cli import runs
from lbdoctor.cli.durations import parse_duration
from lbdoctor.cli.exit_codes import ExitCode
from lbdoctor.cli.pace import RunPace
from lbdoctor.cli.release import Via
from lbdoctor.cli.repair import DryRun
from lbdoctor.cli.wiring import LiveOptions, Progress
from lbdoctor.cluster.writer import ReviewedWriter
from lbdoctor.diagnosis.look import look
from lbdoctor.diagnosis.report import Report
from lbdoctor.domain.addresses import IPAddress, parse_address
from lbdoctor.domain.errors import UnreadableError, UsageError
from lbdoctor.domain.refs import Owner, parse_owner
from lbdoctor.output.lines import say
from lbdoctor.output.run import outcome_line, render_run, summary_line
from lbdoctor.output.text import visible
from lbdoctor.repair.denials import explained, is_harvesters
from lbdoctor.repair.outcomes import Outcome, Result
from lbdoctor.repair.plan import Item, Plan
from lbdoctor.repair.port import Unwritten, WriteError
from lbdoctor.repair.release import Already, Checked, Refused, Several, Unknown, check
from lbdoctor.repair.request import Request
from lbdoctor.repair.run import carry_out
from lbdoctor.repair.trial import refusal, trial
from lbdoctor.repair.writing import Pen
from lbdoctor.rules import CATALOGUE

CODES = {
    Result.DONE: ExitCode.OK,
    Result.ALREADY: ExitCode.OK,
    Result.REFUSED: ExitCode.FINDINGS,
    Result.STOPPED: ExitCode.FINDINGS,
    Result.UNKNOWN: ExitCode.UNREADABLE,
}


@dataclass(frozen=True, slots=True)
class Named:
    """The record as a person names it."""

    address: str
    owner: str
    pool: str

    def parsed(self) -> tuple[IPAddress, Owner]:
        """Return address and owner.

        Raises:
            UsageError: One of them is none, or they are the wrong way round.
        """
        address, owner = parse_address(self.address), parse_owner(self.owner)
        if address is None and parse_address(self.owner) and parse_owner(self.address):
            raise UsageError(
                "the address comes first", hint=f"lbdoctor release {self.owner} {self.address}"
            )
        if address is None:
            raise UsageError(
                f"{self.address!r} is not an IP address", hint="lbdoctor release IP NS/NAME"
            )
        if owner is None:
            raise UsageError(
                f"{self.owner!r} is not NS/NAME of a LoadBalancer",
                hint="lbdoctor release IP NS/NAME",
            )
        return address, owner


def release(
    named: Named,
    live: LiveOptions,
    *,
    via: Via,
    dry_run: DryRun,
    timeout: str,
    as_json: bool,
    journal: str | None,
) -> ExitCode:
    """Release one record, and return the exit code.

    Raises:
        UsageError: What is named cannot be meant.
        UnreadableError: What decides cannot be read.
    """
    address, owner = named.parsed()
    seconds = parse_duration(timeout, "--timeout")
    progress = Progress()
    writer = runs.open_writer(live, progress)
    try:
        report = look(writer, scope=None, rules=CATALOGUE, pause=progress.pause)
    finally:
        progress.stop()
    checked = _passed(check(report, address, owner, named.pool), f"{address} for {owner}")
    if not isinstance(checked, Item):
        return checked
    if dry_run is DryRun.CLIENT:
        typer.echo(f"would {visible(checked.title)}")
        return ExitCode.OK
    run = _Release(writer, report, checked, as_json=as_json)
    if dry_run is DryRun.SERVER:
        return run.tell([trial(writer, report.snapshot, checked)])
    return run.carry_out(via, seconds, journal)


def _passed(checked: Checked, what: str) -> Item | ExitCode:
    """Return what is to be released; else say which check it did not pass.

    Raises:
        UsageError: Several pools hold it.
        UnreadableError: What decides cannot be read.
    """
    match checked:
        case Item():
            return checked
        case Unknown():
            raise UnreadableError(checked.text, hint="lbdoctor preflight --mode repair")
        case Several():
            names = " or ".join(f"--pool {name}" for name in checked.pools)
            raise UsageError(f"several pools hold {what}", hint=names)
        case Already():
            say(visible(checked.text))
            return ExitCode.OK
        case Refused():
            hint = f"; try: {checked.hint}" if checked.hint else ""
            typer.echo(f"refused: {visible(checked.text + hint)}", err=True)
            return ExitCode.FINDINGS


class _Release:
    """An item that passed every check."""

    def __init__(
        self, writer: ReviewedWriter, report: Report, item: Item, *, as_json: bool
    ) -> None:
        self._writer = writer
        self._base = report.snapshot
        self._item = item
        self._as_json = as_json
        self._run = runs.new_run()

    def carry_out(self, via: Via, timeout: float, named: str | None) -> ExitCode:
        door = via
        if via is not Via.CONTROLLER:
            error = refusal(self._writer, self._base, self._item)
            if error is not None and (via is Via.DIRECT or not _may_ask(error)):
                return self.tell([Outcome(self._item.finding, Result.REFUSED, explained(error))])
            door = Via.DIRECT if error is None else Via.CONTROLLER
        journal = runs.open_journal(named, self._writer.origin)
        with RunPace() as pace:
            pen = Pen(self._writer, journal, pace, self._run)
            if door is Via.DIRECT:
                outcomes = list(carry_out(pen, self._base, [self._item]))
            else:
                outcomes = [Request(pen, self._base, self._item, timeout).release()]
            stopped_by = pace.signal
        runs.note_events(self._writer, self._run, outcomes)
        code = self.tell(outcomes)
        if stopped_by and outcomes[0].result is not Result.DONE:
            return ExitCode(128 + stopped_by)
        return code

    def tell(self, outcomes: list[Outcome]) -> ExitCode:
        plan = Plan(self._base.taken_at, (self._item,))
        if self._as_json:
            render_run(self._run, plan, outcomes, sys.stdout)
        else:
            for outcome in outcomes:
                say(outcome_line(outcome))
            say(summary_line(self._run, outcomes))
        return CODES.get(outcomes[0].result, ExitCode.FAILED)


def _may_ask(error: WriteError) -> bool:
    """Whether Harvester might be let do what this caller is not: somebody's policy forbids it."""
    return error.why in (Unwritten.FORBIDDEN, Unwritten.DENIED) and not is_harvesters(error)
