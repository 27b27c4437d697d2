"""A record that is written for a LoadBalancer: it stays only where that is booked on it."""

from __future__ import annotations

from dataclasses import dataclass

from lbdoctor.diagnosis.port import ReadError
from lbdoctor.domain.errors import UnreadableError
from lbdoctor.domain.findings import Finding
from lbdoctor.domain.fixes import record_id
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import IPPool, Record
from lbdoctor.repair import moves
from lbdoctor.repair.outcomes import Outcome, Result
from lbdoctor.repair.port import Cause, JournalError, Unwritten, WriteError, WriteId
from lbdoctor.repair.writing import TRIES, LostError, Pen, VerifyError, cause_of
from lbdoctor.rules.facts import waits_for_address


def is_booked_on(lb: LoadBalancer, record: Record) -> bool:
    """Whether a LoadBalancer uses the address of a record, in the record's pool."""
    booking = lb.booking
    return booking is not None and booking.pool == record.pool and booking.address == record.address


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a record that was written; ``DONE``: it stays."""

    result: Result
    text: str
    writes: tuple[WriteId, ...] = ()
    fenced: bool = False
    """Whether its LoadBalancer, which waits, was touched: it may hang by that."""


def look_after(pen: Pen, cause: Cause, record: Record, entry: str | None) -> Kept:
    """See that a record which was just written is used, else take it out again.

    ``entry`` is the owner that history named for the address before, and names again if the
    LoadBalancer is gone. One that waits for an address by now is fenced first: the record may
    be its own anew, with the booking under way.

    Raises:
        ReadError, WriteError, VerifyError, JournalError: It is not known, or cannot be done.
    """
    writes: list[WriteId] = []
    fenced = False
    for _ in range(TRIES):
        pool = pen.cluster.ip_pool(record.pool)
        lb = pen.cluster.load_balancer(record.owner) if record.owner else None
        is_used = lb is not None and not lb.is_terminating and is_booked_on(lb, record)
        if pool is None or pool.record(record.key) != record:
            result = Result.FAILED if is_used else Result.REFUSED
            return Kept(result, "the record is gone again: look again", tuple(writes), fenced)
        if is_used:
            return Kept(Result.DONE, "", tuple(writes), fenced)
        try:
            if lb is not None and waits_for_address(lb):
                fenced = True
                writes.append(pen.touch(lb, cause)[0])
                change = moves.release(pool, [record])
            else:
                leaves = lb is None or lb.is_terminating
                change = moves.take_out(pool, record, entry if leaves else None)
            writes.append(pen.pool(change, pool, cause))
        except WriteError as error:
            if isinstance(error, LostError):
                writes.append(error.intent.id)
            if error.why not in (Unwritten.CONFLICT, Unwritten.FAILED, Unwritten.ABSENT):
                raise
        else:
            text = f"{record.owner} does not use it any more: the record was taken out again"
            return Kept(Result.REFUSED, text, tuple(writes), fenced)
    text = f"{record.owner} does not use it any more, and the record could not be taken out again"
    return Kept(Result.FAILED, text, tuple(writes), fenced)


def put_back(pen: Pen, finding: Finding, record: Record, released: WriteId) -> Outcome:
    """Write the record of a LoadBalancer that came back, if nobody else has the address by now.

    Between two tries nobody waits: while the record is missing, others may get the address.
    """
    text, writes = "its LoadBalancer came back, booked on it", [released]
    try:
        result, more = _put_back(pen, finding, record, writes)
    except (ReadError, WriteError, VerifyError, JournalError, UnreadableError) as error:
        result, more = Result.FAILED, f"; the record could not be put back: {error}"
    return Outcome(finding, result, text + more, tuple(writes))


def _put_back(
    pen: Pen, finding: Finding, record: Record, writes: list[WriteId]
) -> tuple[Result, str]:
    lost: LostError | None = None
    for _ in range(TRIES):
        pool = pen.cluster.ip_pool(record.pool)
        holders = _holders(pool, record)
        if pool is not None and record.owner in {holder.owner for holder in holders}:
            if lost is None or not lost.is_in(pool):
                return Result.DONE, ", and took it anew"
            writes.append(pen.confirm(lost))
            return _kept(pen, finding, record, None, writes)
        if pool is None or holders:
            return Result.FAILED, ", and the address is taken"
        named = {entry.key: entry.owner_text for entry in pool.history}
        try:
            writes.append(pen.pool(moves.restore(pool, record_id(record)), pool, cause_of(finding)))
        except LostError as error:
            lost = error
        except WriteError as error:
            if error.why is not Unwritten.CONFLICT:
                raise
        else:
            return _kept(pen, finding, record, named.get(record.key), writes)
    return Result.FAILED, "; the record could not be put back: somebody else keeps writing"


def _kept(
    pen: Pen, finding: Finding, record: Record, entry: str | None, writes: list[WriteId]
) -> tuple[Result, str]:
    back = ": the record was put back"
    try:
        kept = look_after(pen, cause_of(finding), record, entry)
    except (ReadError, WriteError, VerifyError, JournalError, UnreadableError) as error:
        return Result.FAILED, f"{back}, and it could not be looked after: {error}"
    writes.extend(kept.writes)
    if kept.result is Result.DONE:
        return Result.REFUSED, back
    if kept.fenced:
        return Result.FAILED, f"; {kept.text}; {record.owner} waits: look again"
    return kept.result, f"; {kept.text}"


def _holders(pool: IPPool | None, record: Record) -> list[Record]:
    return [item for item in pool.records if item.address == record.address] if pool else []
