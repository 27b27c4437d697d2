"""What is to be written to a pool: pure functions from a pool, as just read, to a change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lbdoctor.domain.changes import Entries, PoolChange, Request, entries
from lbdoctor.domain.fixes import RecordId, pool_id
from lbdoctor.domain.pools import IPPool, Record
from lbdoctor.ipam.ranges import expected_counters, read_ranges


def release(pool: IPPool, records: Iterable[Record]) -> PoolChange:
    """Move records into history, those that may stand there; free the others all the same."""
    released = list(records)
    kept = [record for record in released if may_keep_history(pool, record)]
    return _change(
        pool,
        records={record.key: None for record in released},
        history={record.key: record.owner_text for record in kept},
    )


def release_one_of(pool: IPPool, records: Iterable[Record], kept: Record) -> PoolChange:
    """Drop all records of one owner, with a single one of them into history."""
    dropped = {record.key: None for record in records}
    others = [item for item in pool.history if item.owner_text == kept.owner_text]
    fits = not others and _fits_history(pool, kept)
    return _change(pool, records=dropped, history={kept.key: kept.owner_text} if fits else {})


def drop(pool: IPPool, records: Iterable[RecordId]) -> PoolChange:
    """Remove records, none of them into history."""
    return _change(pool, records={record.key: None for record in records})


def rename(pool: IPPool, record: RecordId, key: str) -> PoolChange:
    """Give a record another key."""
    return _change(pool, records={record.key: None, key: record.owner})


def restore(pool: IPPool, record: RecordId) -> PoolChange:
    """Write a record, and take its address out of history: nobody is to get it from there."""
    known = {entry.key for entry in pool.history}
    gone = {record.key: None} if record.key in known else {}
    return _change(pool, records={record.key: record.owner}, history=gone)


def take_out(pool: IPPool, record: Record, entry: str | None) -> PoolChange:
    """Remove a record that was written, and name in history again whom it named before."""
    history = {record.key: entry} if entry is not None else {}
    return _change(pool, records={record.key: None}, history=history)


def drop_history(pool: IPPool, entry: RecordId) -> PoolChange:
    return _change(pool, history={entry.key: None})


def carry_out(pool: IPPool, record: Record) -> PoolChange:
    """Do what a release request asks for, and remove it, in one write."""
    kept = {record.key: record.owner_text} if may_keep_history(pool, record) else {}
    return _change(pool, records={record.key: None}, history=kept, request=Request(None))


def ask(pool: IPPool, value: str | None) -> PoolChange:
    """Set or remove the release request."""
    return PoolChange(
        pool=pool_id(pool), resource_version=pool.resource_version, request=Request(value)
    )


def count(pool: IPPool) -> PoolChange:
    """Set the counters to what Harvester itself would count."""
    return _change(pool, whole=True)


def may_keep_history(pool: IPPool, record: Record) -> bool:
    """Whether a released address may stand in history under its owner.

    Not if it could keep that owner waiting one day: an odd key, out of range, the gateway,
    or a second entry of the same owner.
    """
    entries = (*pool.records, *pool.history)
    others = [
        entry
        for entry in entries
        if entry.owner_text == record.owner_text and entry is not record and entry != record
    ]
    return not others and _fits_history(pool, record)


def _fits_history(pool: IPPool, record: Record) -> bool:
    ranges, address = read_ranges(pool.ranges), record.address
    return bool(record.is_canonical and ranges and address and ranges.is_usable(address))


def counted(pool: IPPool, change: PoolChange) -> PoolChange:
    """Return the change with ``available`` as it fits afterwards."""
    if not change.records:
        return change
    fitting = _change(pool, records=change.records, history=change.history)
    return replace(fitting, request=change.request)


def _change(
    pool: IPPool,
    *,
    records: Entries | None = None,
    history: Entries | None = None,
    request: Request | None = None,
    whole: bool = False,
) -> PoolChange:
    """Return the change with ``available`` as it then fits, or the whole of the counters."""
    change = PoolChange(
        pool=pool_id(pool),
        resource_version=pool.resource_version,
        records=records or {},
        history=history or {},
        request=request,
    )
    ranges = read_ranges(pool.ranges)
    left = entries(pool, change)[0]
    if ranges is None:
        total, available = pool.total, pool.available + len(pool.records) - len(left)
    else:
        total, available = expected_counters(ranges, list(left))
    return PoolChange(
        pool=change.pool,
        resource_version=change.resource_version,
        records=change.records,
        history=change.history,
        total=total if whole or not pool.has_status else None,
        available=available,
        last_allocated=pool.last_allocated if whole or not pool.has_status else None,
        request=request,
    )
