"""What a look found, ready to be shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from lbdoctor.domain.findings import Finding, Severity
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.rules.facts import is_settled, is_sighted, waits_for_address
from lbdoctor.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class Skipped:
    """A rule that could not run, and why."""

    rule: Rule
    reason: str


def settling(snapshot: Snapshot) -> tuple[LoadBalancer, ...]:
    """Return LoadBalancers with a record and no address that are too young to be judged."""
    return tuple(
        lb
        for lb in snapshot.unbooked
        if waits_for_address(lb)
        and not is_settled(lb, snapshot)
        and not is_sighted(lb, snapshot)
        and snapshot.records_of(lb.owner)
    )


@dataclass(frozen=True, slots=True)
class Report:
    """Findings, worst first, and what the look could not tell."""

    snapshot: Snapshot
    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...] = ()
    left_out: int = 0
    """How many codes were not asked for."""

    @property
    def settling(self) -> tuple[LoadBalancer, ...]:
        return settling(self.snapshot)

    @property
    def counted(self) -> tuple[Finding, ...]:
        """The findings that decide: all of a file's, the confirmed ones of a cluster."""
        if not self.snapshot.origin.can_be_confirmed:
            return self.findings
        return tuple(finding for finding in self.findings if finding.confirmed)

    @property
    def unconfirmed(self) -> tuple[Finding, ...]:
        """The findings of a cluster that stood in only one of two readings."""
        if not self.snapshot.origin.can_be_confirmed:
            return ()
        return tuple(finding for finding in self.findings if not finding.confirmed)

    @property
    def by_severity(self) -> Counter[Severity]:
        return Counter(finding.severity for finding in self.counted)

    @property
    def is_complete(self) -> bool:
        """Whether everything that was asked for could be read."""
        return not self.snapshot.gaps

    def has_findings(self, at_least: Severity) -> bool:
        return any(finding.severity >= at_least for finding in self.counted)
