"""From a report to a plan: what is to be repaired, and what is held back, and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lbdoctor.diagnosis.report import Report
from lbdoctor.domain.findings import Finding
from lbdoctor.domain.fixes import Disposition, Fix
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.repair.stamps import STALE, Stamp, stamp

FREED_FIRST: Final = "LBD104"
"""It freezes a pool: nothing else in that pool is repaired before it."""

FIRST: Final = {FREED_FIRST: 0, "LBD107": 1}
"""Codes whose repair goes before others; a release request may name a stale record."""

MANY: Final = 10
"""From more than so many stale records of a pool on, their share of it counts."""


@dataclass(frozen=True, slots=True)
class Item:
    """One finding that is to be repaired."""

    finding: Finding
    fix: Fix
    stamp: Stamp

    @property
    def title(self) -> str:
        return self.fix.title


@dataclass(frozen=True, slots=True)
class Held:
    """A finding that could be repaired, and why it is not."""

    finding: Finding
    reason: str
    hint: str = ""
    """The command that would do it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is going to do, made from one look."""

    made_at: datetime | None
    items: tuple[Item, ...]
    held: tuple[Held, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the operator wants repaired."""

    subjects: frozenset[str] = frozenset()
    """Spellings as ``-o name`` prints them; none means all."""

    most_releases: int = 50
    disruptive: bool = False

    def wants(self, finding: Finding) -> bool:
        if not self.subjects:
            return True
        return not self.subjects.isdisjoint(spellings(finding))

    def names_pool(self, pool: str) -> bool:
        return f"pool/{pool}" in self.subjects


def spellings(finding: Finding) -> frozenset[str]:
    """Return every subject that a finding can be asked for by: itself, owner and pool."""
    subject = finding.subject
    found = {subject.spelling, subject.owner, *(str(owner) for owner in finding.depends_on)}
    if finding.pool:
        found.add(f"pool/{finding.pool}")
    if finding.address:
        found.add(finding.address)
    return frozenset(item for item in found if item)


def plan(report: Report, wishes: Wishes) -> Plan:
    """Return what of a report is to be repaired: confirmed, repairable, wanted, allowed."""
    wanted = [item for item in report.counted if item.fix is not None and wishes.wants(item)]
    held: list[Held] = []
    items: list[Item] = []
    for finding in _once(wanted):
        reason = _refusal(finding, wishes)
        if reason is not None:
            held.append(reason)
        elif item := item_of(finding, report.snapshot):
            items.append(item)
    braked = list(_braked(items, report.snapshot, wishes))
    stopped = {id(item) for item, _ in braked}
    held.extend(reason for _, reason in braked)
    left = [item for item in items if id(item) not in stopped]
    left.sort(key=lambda item: FIRST.get(item.finding.code, len(FIRST)))
    return Plan(report.snapshot.taken_at, tuple(left), tuple(held))


def item_of(finding: Finding, snapshot: Snapshot) -> Item | None:
    found = stamp(finding, snapshot)
    return Item(finding, finding.fix, found) if finding.fix and found else None


def _once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield one finding for each action: all records that freeze a pool go in one write."""
    seen: set[object] = set()
    for finding in findings:
        action = finding.fix.action if finding.fix else None
        if action not in seen:
            seen.add(action)
            yield finding


def _refusal(finding: Finding, wishes: Wishes) -> Held | None:
    """Say why the operator has to do something first; None: nothing is in the way."""
    if finding.ignored is not None:
        return Held(finding, f"ignored: {finding.ignored}")
    if causes := [code for code in finding.causes if code != FREED_FIRST]:
        what = ", ".join(causes)
        return Held(finding, f"{what} is in the way", f"lbdoctor explain {causes[0]}")
    if finding.fix and finding.fix.disposition is Disposition.DISRUPTIVE and not wishes.disruptive:
        spelled = finding.subject.spelling
        return Held(finding, "it is disruptive", f"lbdoctor repair {spelled} --allow-disruptive")
    return None


def _braked(
    items: Collection[Item], snapshot: Snapshot, wishes: Wishes
) -> Iterator[tuple[Item, Held]]:
    """Yield the stale records that are not released without a word about their pool.

    Much that looks stale at once is rather a sign that something was read wrongly.
    """
    by_pool: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        if item.finding.code == STALE:
            by_pool[item.finding.pool].append(item)
    taken: Counter[str] = Counter()
    for name, stale in sorted(by_pool.items()):
        pool = snapshot.pool(name)
        records = len(pool.records) if pool else 0
        many = len(stale) > MANY and 2 * len(stale) > records
        if (many or not snapshot.load_balancers) and not wishes.names_pool(name):
            why = f"{len(stale)} of {records} records of {name} look stale"
            if not many:
                why = "the cluster holds no LoadBalancer at all"
            for item in stale:
                yield item, Held(item.finding, f"{why}: name the pool", _named(name))
            continue
        for item in stale:
            taken[STALE] += 1
            if taken[STALE] > wishes.most_releases:
                hint = f"lbdoctor repair --max-releases {sum(map(len, by_pool.values()))}"
                yield item, Held(item.finding, f"more than {wishes.most_releases} releases", hint)


def _named(pool: str) -> str:
    return f"lbdoctor repair pool/{pool}"
