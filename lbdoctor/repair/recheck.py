"""The guard before a write: what the plan goes by is read once more, live, and judged again."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import chain
from typing import Final

from lbdoctor.diagnosis.look import concerns, read_again
from lbdoctor.diagnosis.port import ReadError, Source
from lbdoctor.domain.findings import Finding, SubjectKind, SubjectObject
from lbdoctor.domain.fixes import CarryOutRequest, PoolId, ReleaseRecord
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.refs import Kind, Owner
from lbdoctor.domain.snapshot import Presence, Snapshot
from lbdoctor.repair.guards import own_records
from lbdoctor.repair.plan import Item
from lbdoctor.repair.stamps import owners_of, stamp
from lbdoctor.rules import find
from lbdoctor.rules.facts import is_settled, waits_for_address

FEW: Final = 20
"""Up to so many owners a GET proves the absence of each; above, one LIST that of all."""


STUCK: Final = "LBD201"
OF_THE_SETTLED: Final = frozenset({"LBD103", "LBD207"})
"""Codes that are not judged while their LoadBalancer may be in the middle of a sync."""


class Verdict(Enum):
    """What became of a finding since it was planned."""

    STANDS = auto()
    GONE = auto()
    """It holds no more: somebody else repaired it, or it has passed."""

    CHANGED = auto()
    """It holds, but what it stands on is something else by now."""

    UNKNOWN = auto()
    """It could not be read again."""


@dataclass(frozen=True, slots=True)
class Rechecked:
    """An item as it is now; if it stands, with the fix for the present state."""

    verdict: Verdict
    item: Item
    snapshot: Snapshot
    reason: str = ""


def recheck(source: Source, base: Snapshot, items: Collection[Item]) -> list[Rechecked]:
    """Read pools first, then their owners, and judge each item again.

    ``base`` is the look that the items are of: what they do not depend on is as it was then.
    """
    asked = [replace(item.finding, depends_on=owners_of(item.finding)) for item in items]
    now = read_again(source, base, asked, most_gets=FEW)
    elsewhere = [list(_booked_elsewhere(finding, now)) for finding in asked]
    if any(elsewhere):
        now = read_again(source, now, chain.from_iterable(elsewhere), most_gets=FEW)
    lost = now.gaps[len(base.gaps) :]
    unread = ""
    if any(isinstance(item.fix.action, ReleaseRecord | CarryOutRequest) for item in items):
        now, unread = _with_services(source, now)
    found = []
    for item, finding, others in zip(items, asked, elsewhere, strict=True):
        rest_on = [finding, *others]
        gaps = [gap.reason for gap in lost if any(concerns(gap, one) for one in rest_on)]
        if reason := next(iter(gaps), unread):
            found.append(Rechecked(Verdict.UNKNOWN, item, now, reason))
        else:
            found.append(_judged(item, now))
    return found


def _booked_elsewhere(finding: Finding, now: Snapshot) -> Iterator[Finding]:
    """Yield a finding for each other pool that one of its owners is booked in: it counts too."""
    for owner in sorted(owners_of(finding)):
        lb = now.load_balancer(owner)
        booking = lb.booking if lb else None
        if booking is not None and booking.pool not in ("", finding.pool):
            yield replace(finding, pool=booking.pool)


def _with_services(source: Source, snapshot: Snapshot) -> tuple[Snapshot, str]:
    """Ask once more who carries an address: only all Services tell that nobody does."""
    try:
        listing = source.services()
    except ReadError as error:
        return snapshot, f"Services: {error}"
    if listing.malformed:
        return snapshot, f"{listing.malformed[0].subject}: {listing.malformed[0].reason}"
    gaps = tuple(gap for gap in snapshot.gaps if gap.kind is not Kind.SERVICE)
    return replace(snapshot, services=listing.items, gaps=gaps), ""


def _judged(item: Item, now: Snapshot) -> Rechecked:
    subject = _subject(item.finding, now)
    pool = now.pool(item.finding.pool)
    if _is_another_pool(item, now):
        text = f"{item.finding.pool} is another pool by now (another UID)"
        return Rechecked(Verdict.CHANGED, item, now, text)
    marked = [pool, *map(now.load_balancer, sorted(owners_of(item.finding)))]
    for thing in marked:
        if thing is not None and thing.ignore_reason is not None:
            return Rechecked(Verdict.CHANGED, item, now, f"ignored: {thing.ignore_reason}")
    again = _again(item.finding, subject, now)
    if again is None:
        for owner in sorted(owners_of(item.finding)):
            if now.presence(owner) is Presence.UNKNOWN:
                text = f"whether LoadBalancer {owner} exists is not known any more"
                return Rechecked(Verdict.UNKNOWN, item, now, text)
        if subject is not None and (lb := _in_hand(item.finding, now)):
            text = f"the controller handled {lb.owner} a moment ago: look again"
            return Rechecked(Verdict.CHANGED, item, now, text)
        return Rechecked(Verdict.GONE, item, now)
    if again.fix is None:
        return Rechecked(Verdict.CHANGED, item, now, again.message)
    stamped = stamp(again, now)
    if stamped is None or stamped != item.stamp:
        return Rechecked(Verdict.CHANGED, item, now, "it changed since it was looked at")
    return Rechecked(Verdict.STANDS, Item(again, again.fix, stamped), now)


def _in_hand(finding: Finding, now: Snapshot) -> LoadBalancer | None:
    """Return an owner that waits for an address, and changed too lately to be judged."""
    for owner in sorted(owners_of(finding)):
        lb = now.load_balancer(owner)
        if lb is None or not waits_for_address(lb) or is_settled(lb, now):
            continue
        hangs = finding.code == STUCK and own_records(now.pool(finding.pool), owner)
        if hangs or finding.code in OF_THE_SETTLED:
            return lb
    return None


def _again(finding: Finding, subject: SubjectObject | None, now: Snapshot) -> Finding | None:
    if subject is None:
        return None
    found = list(find(finding.code).check(subject, now))
    for item in found:
        if item.identity == finding.identity:
            return item
    # Of a LoadBalancer there is one finding a code, though it may name another record by now.
    return found[0] if found and finding.subject.kind is SubjectKind.LOAD_BALANCER else None


def _subject(finding: Finding, now: Snapshot) -> SubjectObject | None:
    """Return what the rule looks at: an invalid record is found by looking at its pool."""
    rule, subject = find(finding.code), finding.subject
    match rule.subject:
        case SubjectKind.RECORD:
            pool = now.pool(subject.pool)
            return pool.record(subject.name) if pool else None
        case SubjectKind.POOL:
            return now.pool(finding.pool)
        case SubjectKind.LOAD_BALANCER:
            return now.load_balancer(Owner(subject.namespace, subject.name))
        case _:
            return None


def _is_another_pool(item: Item, now: Snapshot) -> bool:
    action = item.fix.action
    planned = getattr(action, "pool", None)
    pool = now.pool(item.finding.pool)
    return isinstance(planned, PoolId) and pool is not None and planned.uid != pool.uid
