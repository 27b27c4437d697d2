"""What the commands that write share: the cluster, the journal, the memory, the run's ID."""

from __future__ import annotations

import os
import secrets
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

import typer

from lbdoctor import cluster
from lbdoctor.cli.durations import parse_duration
from lbdoctor.cli.wiring import LiveOptions, Progress, trace
from lbdoctor.cluster import events
from lbdoctor.cluster.writer import ReviewedWriter
from lbdoctor.diagnosis.report import Report
from lbdoctor.domain.fixes import PoolId
from lbdoctor.domain.snapshot import Origin
from lbdoctor.output.text import plural, visible
from lbdoctor.repair.outcomes import Outcome, Result
from lbdoctor.repair.port import Journal
from lbdoctor.repair.stamps import Stamp, stamp
from lbdoctor.state.journal import FileJournal, StreamJournal
from lbdoctor.state.seen import Seen

STATE: Final = "lbdoctor"


class CheckedJournal(Journal, Protocol):
    """A journal that can be tried before anything else is written."""

    def check(self) -> None: ...


def open_writer(options: LiveOptions, progress: Progress) -> ReviewedWriter:
    """Return the live cluster to write to.

    Raises:
        UsageError: The time-out is no duration.
        UnreadableError: There is no usable configuration.
    """
    api = cluster.open_writable(
        kubeconfig=options.kubeconfig,
        context=options.context,
        timeout=parse_duration(options.request_timeout, "--request-timeout"),
        trace=trace if options.verbose else None,
    )
    return ReviewedWriter(api, progress)


def note_events(writer: ReviewedWriter, run: str, outcomes: Sequence[Outcome]) -> None:
    """Leave one Event on each pool that was written to; it is a courtesy and fails nothing."""
    repaired: Counter[PoolId] = Counter()
    for outcome in outcomes:
        pool = getattr(outcome.finding.fix.action, "pool", None) if outcome.finding.fix else None
        if isinstance(pool, PoolId) and outcome.writes and outcome.result is Result.DONE:
            repaired[pool] += 1
    for pool, count in repaired.items():
        problem = events.note(writer.api, pool, run, f"repaired {plural(count, 'item')}", now())
        if problem:
            typer.echo(f"note: no Event on pool {pool.name}: {visible(problem)}", err=True)


def state_directory() -> Path:
    """Return where our own files are (XDG base directories)."""
    named = os.environ.get("XDG_STATE_HOME")
    home = Path(named) if named else Path("~/.local/state").expanduser()
    return home / STATE


def journal_path(named: str | None) -> Path:
    return Path(named) if named else state_directory() / "journal.jsonl"


def open_journal(named: str | None, origin: Origin) -> CheckedJournal:
    """Return the journal, tried already.

    Raises:
        JournalError: It cannot be written.
    """
    name = cluster_name(origin)
    journal: CheckedJournal
    if named == "-":
        journal = StreamJournal(sys.stderr, name, now)
    else:
        journal = FileJournal(journal_path(named), name, now)
    journal.check()
    return journal


def cluster_name(origin: Origin) -> str:
    """Return what tells one cluster from another in our own files."""
    return origin.server or origin.name


def now() -> datetime:
    return datetime.now(UTC)


def new_run() -> str:
    """Return an ID that sorts by time and that nobody else has."""
    return f"{now():%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"


def remember(
    named: str | None, report: Report, *, everything: bool
) -> tuple[Report, Mapping[Stamp, datetime]]:
    """Note what a look saw; return the report with first sightings, and since when.

    The memory saves a wait and no more: where it cannot be kept, that is said and all.
    """
    origin, taken_at = report.snapshot.origin, report.snapshot.taken_at or now()
    found = {item: stamp(item, report.snapshot) for item in report.counted}
    stamps = [item for item in found.values() if item is not None]
    path = Path(named) if named else state_directory() / "seen.json"
    seen = Seen(path, cluster_name(origin))
    try:
        first: Mapping[Stamp, datetime] = seen.note(stamps, taken_at, everything=everything)
    except OSError as error:
        if named:
            text = f"the memory {path} cannot be written: {error.strerror}"
            typer.echo(f"warning: {visible(text)}", err=True)
        first = dict.fromkeys(stamps, taken_at)
    findings = tuple(
        replace(item, first_seen=first[mark]) if (mark := found.get(item)) else item
        for item in report.findings
    )
    return replace(report, findings=findings), first
