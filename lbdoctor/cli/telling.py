"""The history of an address, a LoadBalancer or a pool, oldest first."""

from __future__ import annotations

from collections.abc import Iterator

import typer

from lbdoctor.cli import runs, states
from lbdoctor.cli.asked import subjects
from lbdoctor.cli.wiring import LiveOptions, Progress
from lbdoctor.cluster import events
from lbdoctor.cluster.api import ExpiredError
from lbdoctor.cluster.writer import ReviewedWriter
from lbdoctor.diagnosis.port import ReadError
from lbdoctor.domain.addresses import canonical
from lbdoctor.domain.changes import Change, PoolChange
from lbdoctor.domain.pools import IPPool, Record
from lbdoctor.output.lines import say
from lbdoctor.output.text import visible
from lbdoctor.repair.port import JournalError
from lbdoctor.state.journal import Entry, read


def history(subject: str | None, live: LiveOptions, journal: str | None) -> None:
    """Print what lbdoctor wrote, then what the pools hold, and what they held last.

    Raises:
        UsageError: The subject is none.
        ReadError: The pools cannot be read.
    """
    wanted = subjects([subject]) if subject is not None else frozenset()
    progress = Progress()
    writer = runs.open_writer(live, progress)
    pools = writer.ip_pools().items
    progress.clear()
    cluster = states.cluster_name(writer.origin)
    for entry in _entries(journal):
        if entry.cluster == cluster and (not wanted or wanted & _named_in(entry)):
            say(visible(_line(entry)))
    for told in _events(writer):
        if not wanted or f"pool/{told.pool}" in wanted:
            at = f"{told.at:%Y-%m-%dT%H:%M:%SZ}" if told.at else "?"
            say(visible(f"{at}  event of {told.source} on {told.pool}: {told.message}"))
    for pool in pools:
        for line, names in _held(pool):
            if not wanted or wanted & names:
                say(visible(line))


def _events(writer: ReviewedWriter) -> list[events.PoolEvent]:
    """Return the Events about pools: those of runs on other machines among them."""
    try:
        return list(events.of_pools(writer.api))
    except (ReadError, ExpiredError) as error:
        typer.echo(f"note: Events cannot be read: {visible(str(error))}", err=True)
        return []


def _entries(journal: str | None) -> list[Entry]:
    try:
        return read(runs.journal_path(journal))
    except JournalError as error:
        typer.echo(f"note: {visible(str(error))}", err=True)
        return []


def _line(entry: Entry) -> str:
    outcome = entry.outcome or "not known to be done"
    return f"{entry.at:%Y-%m-%dT%H:%M:%SZ}  {entry.id}  {entry.cause.code}  " + (
        f"{_what(entry.change)}: {outcome}"
    )


def _what(change: Change) -> str:
    if not isinstance(change, PoolChange):
        target = change.load_balancer.owner
        what = "touched" if change.is_touch else "changed"
        return f"{target} {what}"
    parts = [
        *(_entry("record", key, owner) for key, owner in change.records.items()),
        *(["release request"] if change.request else []),
        *(["counters"] if change.total is not None else []),
    ]
    history = [_entry("history", key, owner) for key, owner in change.history.items()]
    return f"pool {change.pool.name}: {', '.join(parts or history)}"


def _entry(kind: str, key: str, owner: str | None) -> str:
    return f"{kind} {key} of {owner} written" if owner else f"{kind} {key} removed"


def _named_in(entry: Entry) -> frozenset[str]:
    """Return every subject that an entry is about."""
    found = {entry.cause.subject, entry.cause.address, f"pool/{entry.cause.pool}"}
    for change in (entry.change, entry.inverse):
        if isinstance(change, PoolChange):
            found |= {f"pool/{change.pool.name}", *change.records, *change.history}
            found |= {owner for owner in change.records.values() if owner}
        else:
            found.add(str(change.load_balancer.owner))
    return frozenset(found)


def _held(pool: IPPool) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield a line for each entry of a pool, with the subjects that it is about."""
    for record in sorted(pool.records, key=_height):
        yield f"now  {record.key} of {pool.name} is held for {record.owner_text}", _of(record)
    for entry in sorted(pool.history, key=_height):
        text = f"before  {entry.key} of {pool.name} was held for {entry.owner_text}"
        yield text, _of(entry)


def _of(record: Record) -> frozenset[str]:
    spelled = canonical(record.address) if record.address else record.key
    return frozenset({record.key, spelled, record.owner_text, f"pool/{record.pool}"})


def _height(record: Record) -> tuple[int, int, str]:
    """Order by number, IPv4 first; what is no address comes last."""
    address = record.address
    return (address.version, int(address), "") if address else (9, 0, record.key)
