"""One look at a cluster: read, judge, and read once more what seems wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from lbdoctor.diagnosis.collect import collect, unknown_owners, with_bookings
from lbdoctor.diagnosis.judge import judge
from lbdoctor.diagnosis.port import Earlier, ReadError, Source
from lbdoctor.diagnosis.report import Report, Skipped, settling
from lbdoctor.domain.addresses import parse_address
from lbdoctor.domain.controller import MANUAL_RELEASE
from lbdoctor.domain.findings import Finding
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import IPPool
from lbdoctor.domain.refs import Kind, Owner, is_object_name
from lbdoctor.domain.snapshot import Gap, Snapshot
from lbdoctor.rules import CATALOGUE
from lbdoctor.rules.facts import DUPLICATE
from lbdoctor.rules.rule import Rule

CONFIRMED_BY_SECOND_READING: Final = frozenset(
    {"LBD101", "LBD102", "LBD103", "LBD105", "LBD106", "LBD107", "LBD110"}
    | {"LBD201", "LBD202", "LBD203", "LBD204", "LBD205", "LBD206", "LBD207"}
)
"""Codes that compare objects which one reading takes at different moments."""

NOTHING: Final = Earlier()

LOOKS_APART: Final = 2.0
"""Seconds between two looks at a LoadBalancer too young to be judged by one."""

ALL_AGAIN: Final = "(second reading)"
"""Stands in a gap for all LoadBalancers that were listed once, and not a second time."""

MOST_GETS: Final = 200
"""Above so many owners one more LIST is cheaper than a GET each."""


def look(
    source: Source,
    *,
    scope: frozenset[str] | None,
    rules: Iterable[Rule],
    pause: Callable[[float], None] | None = None,
    earlier: Earlier = NOTHING,
) -> Report:
    """Return what is wrong. All rules run, for one explains another; those asked for tell.

    ``pause`` waits for some seconds; without it nothing is looked at twice over time.
    ``earlier`` is what is known from before.

    Raises:
        UnreadableError: Nothing could be read.
    """
    shown = {rule.code for rule in rules}
    asked = earlier.scope if scope is None else scope
    first = _with_earlier(collect(source, asked), earlier)
    if source.origin.can_be_confirmed:
        findings, skipped, last = _confirmed(source, _sighted(first, pause))
    else:
        findings, skipped = judge(first, CATALOGUE)
        findings = [item for item in findings if not rests_on(item, earlier.gaps)]
        last = first
    told = sorted((item for item in findings if item.code in shown), key=_order)
    not_run = tuple(item for item in skipped if item.rule.code in shown)
    return Report(last, tuple(told), not_run, left_out=len(CATALOGUE) - len(shown))


def _with_earlier(first: Snapshot, earlier: Earlier) -> Snapshot:
    """Add what was seen before, and whom a second reading could not find."""
    unknown = frozenset(
        owner for owner in unknown_owners(earlier.gaps) if first.load_balancer(owner) is None
    )
    return replace(
        first,
        sightings=earlier.sightings,
        gaps=first.gaps + earlier.gaps,
        unknown_owners=first.unknown_owners | unknown,
    )


def _sighted(first: Snapshot, pause: Callable[[float], None] | None) -> Snapshot:
    """Wait before the second reading where that tells a lasting state from a passing one.

    The guest's cloud provider deletes and recreates a stuck LoadBalancer every ten
    seconds, so that it is never old. But only a stuck one says that it met its own record.
    A release request is consumed within half a second, if somebody reads it.
    """
    young = [lb for lb in settling(first) if DUPLICATE in lb.message]
    if pause is None or not (young or _has_request(first)):
        return first
    pause(LOOKS_APART)
    seen = (record for lb in young for record in first.records_of(lb.owner))
    return replace(first, sightings=first.sightings.union(seen))


def _has_request(snapshot: Snapshot) -> bool:
    if snapshot.controller.is_at_least(MANUAL_RELEASE) is False:
        return False
    return any(pool.release_request for pool in snapshot.ip_pools)


def _confirmed(source: Source, first: Snapshot) -> tuple[list[Finding], list[Skipped], Snapshot]:
    """Judge, read once more what seems wrong, and judge again."""
    findings, skipped = judge(first, CATALOGUE)
    candidates = [item for item in findings if item.code in CONFIRMED_BY_SECOND_READING]
    if not candidates:
        return [replace(item, confirmed=True) for item in findings], skipped, first
    last = read_again(source, first, candidates)
    if _is_same(first, last):
        return compared(findings, findings), skipped, first
    again, skipped = judge(last, CATALOGUE)
    lost = last.gaps[len(first.gaps) :]
    return compared(findings, again, lost), skipped, last


def _is_same(first: Snapshot, last: Snapshot) -> bool:
    """Whether nothing that was read again has changed, so that it is judged as before."""
    return (first.ip_pools, first.load_balancers, first.unknown_owners, first.gaps) == (
        last.ip_pools,
        last.load_balancers,
        last.unknown_owners,
        last.gaps,
    )


def rests_on(finding: Finding, lost: Iterable[Gap]) -> bool:
    """Whether a finding needs a second reading of something that could not be read again."""
    if finding.code not in CONFIRMED_BY_SECOND_READING:
        return False
    return any(concerns(gap, finding) for gap in lost)


def concerns(gap: Gap, finding: Finding) -> bool:
    """Whether what could not be read again is the pool of a finding, or one of its owners."""
    if gap.kind is Kind.IP_POOL:
        return gap.name == finding.pool
    return gap.kind is Kind.LOAD_BALANCER and any(
        gap.namespace in ("", owner.namespace) and gap.name in (ALL_AGAIN, owner.name)
        for owner in finding.depends_on
    )


def compared(
    first: Iterable[Finding], second: Iterable[Finding], lost: Sequence[Gap] = ()
) -> list[Finding]:
    """Return the findings of both readings; confirmed is what stands in both.

    ``lost`` is what could not be read again: what rests on it is not confirmed.
    """
    before = {item.identity: item for item in first}
    merged: list[Finding] = []
    seen = set()
    for item in second:
        seen.add(item.identity)
        needs_both = item.code in CONFIRMED_BY_SECOND_READING
        stands = item.identity in before and not rests_on(item, lost)
        merged.append(replace(item, confirmed=stands or not needs_both))
    merged.extend(
        item
        for identity, item in before.items()
        if identity not in seen and item.code in CONFIRMED_BY_SECOND_READING
    )
    return merged


def read_again(
    source: Source, first: Snapshot, candidates: Iterable[Finding], most_gets: int = MOST_GETS
) -> Snapshot:
    """Read the pools that carry a candidate once more, then the LoadBalancers concerned."""
    candidates = list(candidates)
    gaps = list(first.gaps)
    pools = _pools_again(source, first, {item.pool for item in candidates if item.pool}, gaps)
    owners = {owner for item in candidates for owner in item.depends_on}
    owners |= _owners_of_new_records(first, pools)
    read = _owners_again if len(owners) <= most_gets else _list_again
    lbs, unknown = read(source, first, owners, gaps)
    return replace(
        first,
        ip_pools=pools,
        load_balancers=with_bookings(lbs, pools),
        unknown_owners=first.unknown_owners | unknown,
        gaps=tuple(gaps),
    )


def _owners_of_new_records(first: Snapshot, pools: Iterable[IPPool]) -> set[Owner]:
    """Return who got a record since the first reading: LoadBalancers not listed by then."""
    known = {record for pool in first.ip_pools for record in pool.records}
    return {
        record.owner
        for pool in pools
        for record in pool.records
        if record.owner and record not in known and first.covers_list(record.owner.namespace)
    }


def _pools_again(
    source: Source, first: Snapshot, names: set[str], gaps: list[Gap]
) -> tuple[IPPool, ...]:
    """Return the pools, those named as they are now; one that cannot be read stays, as a gap."""
    pools = {pool.name: pool for pool in first.ip_pools}
    if Kind.IP_POOL in first.missing_kinds:
        return first.ip_pools  # single ones would be judged as if they were all
    for name in sorted(names):
        if not is_object_name(name):
            continue  # no pool can have this name, and a GET would ask for something else
        try:
            pool = source.ip_pool(name)
        except ReadError as error:
            gaps.append(Gap(Kind.IP_POOL, str(error), name=name))
            continue
        if pool is None:
            pools.pop(name, None)
        else:
            pools[name] = pool
    return tuple(pools.values())


def _owners_again(
    source: Source, first: Snapshot, owners: set[Owner], gaps: list[Gap]
) -> tuple[tuple[LoadBalancer, ...], frozenset[Owner]]:
    """Return the LoadBalancers, those named as they are now, and the unknown ones."""
    found = {lb.owner: lb for lb in first.load_balancers}
    unknown = set()
    for owner in sorted(owners):
        try:
            lb = source.load_balancer(owner)
        except ReadError as error:
            gaps.append(Gap(Kind.LOAD_BALANCER, str(error), owner.namespace, owner.name))
            if owner not in found:
                unknown.add(owner)
            continue
        if lb is None:
            found.pop(owner, None)
        else:
            found[owner] = lb
    return tuple(found.values()), frozenset(unknown)


def _list_again(
    source: Source, first: Snapshot, owners: set[Owner], gaps: list[Gap]
) -> tuple[tuple[LoadBalancer, ...], frozenset[Owner]]:
    """List once more; whom a failed LIST should have shown to exist or not is unknown."""
    found: list[LoadBalancer] = []
    unknown: set[Owner] = set()
    for namespace in sorted(first.listed_namespaces or {""}):
        try:
            listing = source.load_balancers(namespace)
        except ReadError as error:
            gaps.append(Gap(Kind.LOAD_BALANCER, str(error), namespace, ALL_AGAIN))
            kept = [lb for lb in first.load_balancers if namespace in ("", lb.namespace)]
            found.extend(kept)
            asked = {owner for owner in owners if namespace in ("", owner.namespace)}
            unknown |= asked - {lb.owner for lb in kept}
            continue
        found.extend(listing.items)
        gaps.extend(gap for gap in listing.malformed if gap not in gaps)
        unknown |= unknown_owners(listing.malformed)
    return tuple(found), frozenset(unknown)


def _order(finding: Finding) -> tuple[object, ...]:
    """Worst first, then by code, pool and address."""
    return (-finding.severity, finding.code, finding.pool, _numeric(finding), finding.subject)


def _numeric(finding: Finding) -> tuple[int, int, str]:
    address = parse_address(finding.address)
    return (address.version, int(address), "") if address else (9, 0, finding.address)
