"""An undo as the command line runs it: the journal backwards, each write looked at anew."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from lbdoctor.cli import runs, states
from lbdoctor.cli.exit_codes import ExitCode
from lbdoctor.cli.pace import RunPace
from lbdoctor.cli.wiring import LiveOptions, Progress
from lbdoctor.diagnosis.look import look
from lbdoctor.domain.changes import LoadBalancerChange
from lbdoctor.domain.errors import UnreadableError
from lbdoctor.output.lines import say
from lbdoctor.output.text import plural, visible
from lbdoctor.repair.outcomes import Result
from lbdoctor.repair.port import JournalError, StoppedError
from lbdoctor.repair.undo import UNDO, Undone, Written
from lbdoctor.repair.undo import undo as undo_write
from lbdoctor.repair.writing import Pen
from lbdoctor.rules import CATALOGUE
from lbdoctor.state.journal import Entry, read

LAST = "last"


def undo(id_: str, live: LiveOptions, journal: str | None) -> ExitCode:
    """Take back a run, or one write of it, newest write first.

    Raises:
        JournalError: There is no journal.
        UnreadableError: It has no such run, or the run was on another cluster.
    """
    progress = Progress()
    writer = runs.open_writer(live, progress)
    entries = _named(read(runs.journal_path(journal)), id_, states.cluster_name(writer.origin))
    kept = runs.open_journal(journal, writer.origin)
    found: list[Undone] = []
    with RunPace() as pace:
        pen = Pen(writer, kept, pace, runs.new_run())
        try:
            for entry in reversed(entries):
                report = look(writer, scope=None, rules=CATALOGUE)
                progress.clear()
                write = Written(entry.id, entry.cause, entry.change, entry.inverse)
                found.append(undo_write(pen, report, write))
                _tell(found[-1])
        except StoppedError:
            typer.echo("stopped; the rest was not undone", err=True)
        except (JournalError, UnreadableError) as error:
            if not any(item.by for item in found):
                raise
            typer.echo(f"error: {visible(str(error))}; the rest was not undone", err=True)
            return ExitCode.FAILED
        stopped_by = pace.signal
    if stopped_by:
        return ExitCode(128 + stopped_by)
    return _code(found)


def _named(entries: Sequence[Entry], id_: str, cluster: str) -> list[Entry]:
    """Return the writes that an ID means, those that were carried out.

    Raises:
        UnreadableError: The journal has none of it.
    """
    here = [item for item in entries if item.cluster == cluster]
    wanted = id_
    if id_ == LAST:
        own = [item for item in here if item.cause.code != UNDO and _is_to_undo(item)]
        if not own:
            text = f"the journal tells of no run that changed anything on {cluster}"
            raise UnreadableError(text, hint="lbdoctor history")
        wanted = own[-1].id.run
    found = [item for item in here if wanted in (item.id.run, str(item.id))]
    if not found:
        elsewhere = {item.cluster for item in entries if wanted in (item.id.run, str(item.id))}
        where = f"; it was on {', '.join(sorted(elsewhere))}" if elsewhere else ""
        text = f"the journal has no run or write {id_} on {cluster}{where}"
        raise UnreadableError(text, hint="lbdoctor history")
    return [item for item in found if _is_to_undo(item)]


def _is_to_undo(entry: Entry) -> bool:
    """Whether a write was carried out, and changed more than a mark of ours."""
    is_touch = isinstance(entry.change, LoadBalancerChange) and entry.change.is_touch
    return entry.was_done and not is_touch


def _tell(undone: Undone) -> None:
    by = f" (write {undone.by})" if undone.by else ""
    say(visible(f"{undone.result!s:<8} {undone.write.id}  {undone.text}{by}"))


def _code(found: Sequence[Undone]) -> ExitCode:
    results = [item.result for item in found]
    fine = {Result.DONE, Result.ALREADY}
    if all(result in fine for result in results):
        typer.echo(f"{plural(results.count(Result.DONE), 'write')} put back")
        return ExitCode.OK
    done = Result.DONE in results or Result.FAILED in results
    return ExitCode.FAILED if done else ExitCode.FINDINGS
