"""One release, named by a person: validated as Harvester does, and better."""

from __future__ import annotations

from dataclasses import dataclass

from lbdoctor.diagnosis.report import Report
from lbdoctor.domain.addresses import IPAddress
from lbdoctor.domain.findings import Finding
from lbdoctor.domain.pools import IPPool, Record
from lbdoctor.domain.refs import Kind, Owner
from lbdoctor.domain.snapshot import Presence, Snapshot
from lbdoctor.repair.plan import Item, item_of
from lbdoctor.repair.stamps import STALE


@dataclass(frozen=True, slots=True)
class Already:
    """Nothing is to be released: no pool holds the address."""

    text: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A check did not pass; the hint is the command that would be right."""

    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """What decides could not be read: unknown is not absent."""

    text: str


@dataclass(frozen=True, slots=True)
class Several:
    """More than one pool holds the address."""

    pools: tuple[str, ...]


Checked = Item | Already | Refused | Unknown | Several


def check(report: Report, address: IPAddress, owner: Owner, pool: str = "") -> Checked:
    """Return the item that releases a record, or the first check that it does not pass."""
    snapshot = report.snapshot
    holding = [
        (item, record)
        for item in snapshot.ip_pools
        if pool in ("", item.name)
        for record in item.records
        if record.address == address
    ]
    if pool and snapshot.pool(pool) is None:
        return _no_pool(pool, snapshot)
    if not holding:
        return _not_held(address, pool, snapshot)
    mine = [(item, record) for item, record in holding if record.owner_text == str(owner)]
    if not mine:
        return _held_by_another(holding)
    pools = tuple(dict.fromkeys(item.name for item, _ in mine))
    if len(pools) > 1:
        return Several(pools)
    mine.sort(key=lambda found: not found[1].is_canonical)
    return _check_owner(report, *mine[0], owner)


def _no_pool(pool: str, snapshot: Snapshot) -> Checked:
    if not snapshot.has_all_pools or Kind.IP_POOL in snapshot.missing_kinds:
        return Unknown(f"pool {pool} could not be read")
    names = ", ".join(sorted(item.name for item in snapshot.ip_pools)) or "none"
    return Refused(f"there is no pool {pool}; pools: {names}")


def _not_held(address: IPAddress, pool: str, snapshot: Snapshot) -> Checked:
    if not snapshot.has_all_pools or Kind.IP_POOL in snapshot.missing_kinds:
        return Unknown(f"not every pool could be read, so who holds {address} is not known")
    which = f"pool {pool} does not hold" if pool else "no pool holds"
    return Already(f"{which} {address}: it has been released already")


def _held_by_another(holding: list[tuple[IPPool, Record]]) -> Refused:
    pool, record = holding[0]
    right = f"lbdoctor release {record.address} {record.owner_text}"
    return Refused(
        f"{record.key} of pool {pool.name} is held for {record.owner_text}",
        right if record.owner else "lbdoctor explain LBD104",
    )


def _check_owner(report: Report, pool: IPPool, record: Record, owner: Owner) -> Checked:
    snapshot = report.snapshot
    match snapshot.presence(owner):
        case Presence.UNKNOWN:
            gaps = [gap.reason for gap in snapshot.gaps if gap.kind is Kind.LOAD_BALANCER]
            why = f": {gaps[0]}" if gaps else ""
            return Unknown(f"whether LoadBalancer {owner} exists could not be read{why}")
        case Presence.PRESENT:
            return _lives(report, record, owner)
        case Presence.ABSENT:
            return _check_stale(report, pool, record)


def _lives(report: Report, record: Record, owner: Owner) -> Refused:
    text = f"LoadBalancer {owner} exists"
    for finding in report.counted:
        concerns = owner in finding.depends_on or finding.address == record.key
        if finding.fix is not None and concerns:
            return Refused(
                f"{text}; it has {finding.code}, which repair has a fix for",
                f"lbdoctor repair {finding.subject.spelling}",
            )
    return Refused(f"{text}: its address is not released", f"lbdoctor scan -n {owner.namespace}")


def _check_stale(report: Report, pool: IPPool, record: Record) -> Checked:
    if pool.ignore_reason is not None:
        return Refused(f"pool {pool.name} is to be left alone: {pool.ignore_reason}")
    if pool.release_request is not None:
        text = f"pool {pool.name} has a release request pending: {pool.release_request!r}"
        return Refused(text, "lbdoctor explain LBD107")
    found = _finding(report, pool, record)
    if found is None or not found.confirmed:
        return Unknown(f"{record.key} of {pool.name} changed while it was looked at: try again")
    item = item_of(found, report.snapshot)
    if item is not None:
        return item
    if found.fix is None and report.snapshot.has_services:
        return Refused(found.message, "lbdoctor explain LBD101")
    return Unknown("Services could not be read, and one may carry the address")


def _finding(report: Report, pool: IPPool, record: Record) -> Finding | None:
    for finding in report.findings:
        if finding.code == STALE and (finding.pool, finding.address) == (pool.name, record.key):
            return finding
    return None
