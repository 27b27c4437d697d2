"""What has to be the same in both looks before something is taken away.

A stamp names the pool by its UID, the entries as found, and the owner by UID and version:
after a heal the text of a record is the same again and proves nothing about the time
between. Only for a stuck LoadBalancer does the UID not matter, for its cloud provider
recreates it every ten seconds; there the fence protects (design: the safety contract, 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lbdoctor.domain.findings import Finding
from lbdoctor.domain.fixes import (
    Action,
    HealStuck,
    LoadBalancerId,
    PoolId,
    RecordId,
    ReleaseRecord,
    SetCounters,
    pool_id,
    record_id,
)
from lbdoctor.domain.refs import Owner, parse_owner
from lbdoctor.domain.snapshot import Presence, Snapshot
from lbdoctor.ipam.ranges import read_ranges
from lbdoctor.rules.facts import key_is_refused

STALE: Final = "LBD101"


@dataclass(frozen=True, slots=True, order=True)
class Stamp:
    """The code of a finding, and everything that it stands on, as text."""

    code: str
    pool: str
    parts: tuple[str, ...]


def stamp(finding: Finding, snapshot: Snapshot) -> Stamp | None:
    """Return the stamp of a finding that can be repaired; None where nothing is to be done.

    A stale record of a cluster whose Services could not be read has one too: it is not to be
    released on that account, but it has been seen, and a plan may name it.
    """
    action = finding.fix.action if finding.fix else _wanted(finding, snapshot)
    if action is None:
        return None
    pool, parts = "", [type(action).__name__]
    for value in _values(action):
        match value:
            case PoolId():
                pool = value.uid
                parts += [value.name, value.uid]
            case LoadBalancerId():
                pass  # below, with the others that it depends on
            case RecordId():
                parts += [value.key, value.owner]
            case tuple():
                parts += [f"{item.key}={item.owner}" for item in value]
            case bool():
                pass  # what history holds besides is not what was looked at
            case _:
                # Counters move while others allocate; that they do not fit is what stays.
                parts += [] if isinstance(action, SetCounters) else [str(value)]
    for owner in sorted(owners_of(finding)):
        parts += _owner(owner, snapshot, by_name=isinstance(action, HealStuck))
    return Stamp(finding.code, pool, tuple(parts))


def _wanted(finding: Finding, snapshot: Snapshot) -> Action | None:
    pool = snapshot.pool(finding.pool)
    record = pool.record(finding.address) if pool else None
    if finding.code != STALE or snapshot.has_services or pool is None or record is None:
        return None
    if key_is_refused(record, read_ranges(pool.ranges)):
        return None
    return ReleaseRecord(pool_id(pool), record_id(record), keeps_history=False)


def owners_of(finding: Finding) -> frozenset[Owner]:
    """Return the LoadBalancers that have to be looked at before a finding is repaired."""
    found: set[Owner | None] = set(finding.depends_on)
    for value in _values(finding.fix.action) if finding.fix else ():
        match value:
            case LoadBalancerId():
                found.add(value.owner)
            case RecordId():
                found.add(parse_owner(value.owner))
            case tuple():
                found.update(parse_owner(item.owner) for item in value)
            case _:
                pass
    return frozenset(owner for owner in found if owner)


def _values(action: Action) -> list[object]:
    return [getattr(action, name) for name in action.__dataclass_fields__]


def _owner(owner: Owner, snapshot: Snapshot, *, by_name: bool) -> list[str]:
    lb = snapshot.load_balancer(owner)
    if lb is not None:
        return [str(owner)] if by_name else [str(owner), lb.uid, lb.resource_version]
    return [str(owner), "absent" if snapshot.presence(owner) is Presence.ABSENT else "unknown"]
