"""LBD104 and LBD106: entries of a pool that cannot stay as they are."""

from __future__ import annotations

from collections.abc import Iterator

from lbdoctor.domain.addresses import canonical
from lbdoctor.domain.controller import AUTO_RELEASE, STICKY
from lbdoctor.domain.findings import Evidence, Finding, Severity, SubjectKind, subject_of
from lbdoctor.domain.fixes import (
    DropHistory,
    DropRecords,
    Fix,
    RenameRecord,
    disruptive,
    pool_id,
    record_id,
    safe,
)
from lbdoctor.domain.pools import IPPool, Record
from lbdoctor.domain.refs import Kind
from lbdoctor.domain.snapshot import Presence, Snapshot
from lbdoctor.ipam.ranges import RangeSet, read_ranges
from lbdoctor.rules.facts import (
    choice,
    key_is_refused,
    record_evidence,
    waits_for_address,
)
from lbdoctor.rules.rule import rule


@rule(
    "LBD104",
    "invalid-record",
    Severity.ERROR,
    on=SubjectKind.POOL,
    summary="a pool holds a record that Harvester cannot read, or cannot match to an address",
    remedy="remove every record with a bad key in one write (removing one of two is refused); "
    "give a record with an odd spelling the key that Harvester writes",
    needs={Kind.IP_POOL, Kind.LOAD_BALANCER},
)
def invalid_record(pool: IPPool, snapshot: Snapshot) -> Iterator[Finding]:
    """A key or an owner in status.allocated is not what Harvester writes.

    (a) A key that Go cannot parse, or that is outside the ranges, freezes the pool: the
    webhook refuses every update, allocations and releases of others too, until one write
    removes all such keys. (b) A key that parses but is spelled otherwise, as
    ::ffff:10.0.0.1, protects nothing: Harvester compares keys as text and may give the
    address to somebody else. (c) An owner that is not exactly namespace/name belongs to
    nobody, and is never released.

    They come from edits by hand while the webhook was down, and from restored backups. All
    Harvester versions. Source: load-balancer-harvester
    pkg/webhook/ippool/validator.go:164-177.
    """
    ranges = read_ranges(pool.ranges)
    freezing = tuple(record for record in pool.records if key_is_refused(record, ranges))
    drop_all = _drop_freezing(pool, freezing, snapshot)
    refused = {record.key for record in freezing}
    for record in pool.records:
        defects, fix = [], None
        if record.key in refused:
            odd = "is outside the ranges" if record.address else "is not an address"
            defects.append(f"the key {odd}, which freezes the pool")
            fix = drop_all
        elif record.address and not record.is_canonical:
            defects.append(f"the key is not spelled {canonical(record.address)}")
            fix = _respell(pool, record, snapshot)
        if record.owner is None:
            defects.append("the owner is not namespace/name")
        if defects:
            yield Finding(
                subject=subject_of(record),
                freezes=record.key in refused and not pool.deleted_at,
                message=f"record {record.key!r} of {record.owner_text!r}: {'; '.join(defects)}",
                short=f"of {record.owner_text!r}: {'; '.join(defects)}",
                evidence=(
                    record_evidence(pool.name, record),
                    Evidence(pool.ref, "spec.ranges", str(ranges or "")),
                ),
                pool=pool.name,
                address=record.key,
                fix=fix,
            )


def _drop_freezing(pool: IPPool, records: tuple[Record, ...], snapshot: Snapshot) -> Fix | None:
    if not records or not all(snapshot.is_absent(record.owner) for record in records):
        return None
    return safe(
        f"drop {len(records)} record(s) with a bad key in pool {pool.name}, in one write",
        DropRecords(pool_id(pool), tuple(record_id(record) for record in records)),
    )


def _respell(pool: IPPool, record: Record, snapshot: Snapshot) -> Fix | None:
    if snapshot.is_absent(record.owner):
        return safe(
            f"drop {record.key} of {record.owner_text} in pool {pool.name}",
            DropRecords(pool_id(pool), (record_id(record),)),
        )
    address = record.address
    if address is None or pool.record(canonical(address)) is not None:
        return None
    return safe(
        f"rename the key {record.key} to {canonical(address)} in pool {pool.name}",
        RenameRecord(pool_id(pool), record_id(record), canonical(address)),
    )


@rule(
    "LBD106",
    "blocking-history",
    Severity.ERROR,
    varies=True,
    on=SubjectKind.POOL,
    summary="an entry of allocatedHistory keeps a LoadBalancer from getting an address",
    remedy="remove the entry from status.allocatedHistory; it reserves nothing",
    needs={Kind.IP_POOL, Kind.LOAD_BALANCER},
    uses={Kind.DEPLOYMENT},
)
def blocking_history(pool: IPPool, snapshot: Snapshot) -> Iterator[Finding]:
    """A LoadBalancer that has an entry in the pool's history is given exactly that address.

    If the address is out of the ranges, is the gateway, or belongs to somebody else by
    now, the allocation fails each time, and no error of that kind makes Harvester release
    anything. A key that is no address makes the recount of the whole status fail. Severity
    is error while an existing, unbooked LoadBalancer of this pool is kept waiting, else
    info: the entry harms nobody until its owner comes back.

    An entry for a record of the same owner is what only an edit by hand leaves. From v0.4.1
    on the owner is given the address without a write to the pool, so while the entry is
    there that record can be neither released nor dropped safely, be the owner gone or
    booked elsewhere; up to v0.4.0 an owner that waits is refused its own address each time.

    All Harvester versions. Source: load-balancer-harvester pkg/ipam/allocator.go:193-209.
    """
    ranges = read_ranges(pool.ranges)
    if ranges is None:
        return
    taken = {record.key: record.owner_text for record in pool.records}
    for entry in pool.history:
        why = _why_blocked(entry, ranges, taken) or _why_held(entry, taken, snapshot)
        severity = _severity_of_history(entry, pool, snapshot)
        if why is None or severity is None:
            continue
        yield Finding(
            subject=subject_of(pool),
            message=f"history gives {entry.owner_text} the address {entry.key}, which {why}",
            short=f"history gives it to {entry.owner_text}, but it {why}",
            evidence=(
                Evidence(pool.ref, f"status.allocatedHistory[{entry.key}]", entry.owner_text),
            ),
            pool=pool.name,
            address=entry.key,
            severity=severity,
            fix=_without_entry(entry, pool, snapshot),
        )


def _why_blocked(entry: Record, ranges: RangeSet, taken: dict[str, str]) -> str | None:
    address = entry.address
    if address is None:
        return "is not an address, so that the status cannot be recounted"
    if not ranges.contains(address):
        return "is outside the ranges"
    if ranges.is_gateway(address):
        return "is the gateway"
    holder = taken.get(canonical(address), entry.owner_text)
    return f"is held for {holder}" if holder != entry.owner_text else None


def _why_held(entry: Record, taken: dict[str, str], snapshot: Snapshot) -> str | None:
    """Say that an entry stands in the way of its owner's own record, where it does."""
    if entry.owner is None or taken.get(entry.key) != entry.owner_text:
        return None
    if snapshot.is_absent(entry.owner):
        return "is held for it already: that record cannot be released"
    lb = snapshot.load_balancer(entry.owner)
    booking = lb.booking if lb else None
    if booking is not None and (booking.pool, booking.ip) != (entry.pool, entry.key):
        return "is held for it already: that record cannot be dropped"
    refuses = snapshot.controller.is_at_least(STICKY) is False
    waits = lb is not None and waits_for_address(lb)
    return "is held for it already: this controller refuses that" if waits and refuses else None


def _without_entry(entry: Record, pool: IPPool, snapshot: Snapshot) -> Fix:
    """Return the fix; disruptive where an owner that returns would hang without the entry.

    From v0.4.1 to 1.5.0 nothing but the entry gets a returning owner over its old record.
    """
    title = f"drop the history entry {entry.key} of {entry.owner_text} in pool {pool.name}"
    action = DropHistory(pool_id(pool), record_id(entry))
    controller = snapshot.controller
    heals = controller.is_at_least(AUTO_RELEASE) or controller.is_at_least(STICKY) is False
    record = pool.record(entry.key)
    helps = record is not None and record.owner == entry.owner and snapshot.is_absent(entry.owner)
    return disruptive(title, action) if helps and not heals else safe(title, action)


def _severity_of_history(entry: Record, pool: IPPool, snapshot: Snapshot) -> Severity | None:
    """Return how much the entry matters; None where that cannot be known."""
    owner = entry.owner
    presence = snapshot.presence(owner) if owner else Presence.ABSENT
    if presence is Presence.UNKNOWN:
        return Severity.INFO if entry.address is None else None
    lb = snapshot.load_balancer(owner) if owner else None
    waits = lb is not None and waits_for_address(lb) and choice(lb, snapshot).may_be(pool.name)
    return Severity.ERROR if waits else Severity.INFO
