"""What the commands that write share: the cluster, the journal, the memory, the run's ID."""

from __future__ import annotations

import secrets
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import typer

from lbdoctor import cluster
from lbdoctor.cli.durations import parse_duration
from lbdoctor.cli.states import cluster_name, now, state_directory
from lbdoctor.cli.wiring import LiveOptions, Progress, trace
from lbdoctor.cluster import events
from lbdoctor.cluster.writer import ReviewedWriter
from lbdoctor.domain.fixes import PoolId
from lbdoctor.domain.snapshot import Origin
from lbdoctor.output.text import plural, visible
from lbdoctor.repair.outcomes import Outcome, Result
from lbdoctor.repair.port import Journal
from lbdoctor.state.journal import FileJournal, StreamJournal


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


def new_run() -> str:
    """Return an ID that sorts by time and that nobody else has."""
    return f"{now():%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
