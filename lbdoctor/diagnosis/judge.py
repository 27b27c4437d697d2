"""Applies the rules to a snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from lbdoctor.diagnosis.report import Skipped
from lbdoctor.diagnosis.scope import is_in_scope, pools_concerned
from lbdoctor.domain.findings import Finding, SubjectKind, SubjectObject
from lbdoctor.domain.refs import Kind, Owner
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.rules.rule import Rule

OPTIONAL = frozenset({Kind.DEPLOYMENT, Kind.LEASE, Kind.ENDPOINT_SLICE})
"""What is unknown of the controller is no gap, and no reason to skip a rule."""


def judge(snapshot: Snapshot, rules: Iterable[Rule]) -> tuple[list[Finding], list[Skipped]]:
    """Return what the rules find, and the rules that lack what they need."""
    findings: list[Finding] = []
    skipped: list[Skipped] = []
    subjects = {kind: tuple(_subjects(kind, snapshot)) for kind in SubjectKind}
    codes: dict[str, Rule] = {}
    for rule in rules:
        if missing := (rule.needs - OPTIONAL) & snapshot.missing_kinds:
            skipped.append(Skipped(rule, f"no {', '.join(sorted(missing))} could be read"))
            continue
        codes[rule.code] = rule
        findings.extend(rule.check_all(subjects[rule.subject], snapshot))
    explained = _with_causes(findings, codes)
    return [_with_ignored(finding, snapshot) for finding in explained], skipped


def _subjects(kind: SubjectKind, snapshot: Snapshot) -> Iterator[SubjectObject]:
    """Yield what rules look at, within the namespaces that were asked for."""
    match kind:
        case SubjectKind.RECORD:
            for pool in snapshot.ip_pools:
                yield from (item for item in pool.records if is_in_scope(item, snapshot))
        case SubjectKind.POOL:
            yield from pools_concerned(snapshot)
        case SubjectKind.LOAD_BALANCER:
            yield from (lb for lb in snapshot.load_balancers if snapshot.covers(lb.namespace))
        case SubjectKind.SERVICE:
            yield from snapshot.services or ()
        case SubjectKind.CONTROLLER:
            yield snapshot.controller


def _with_causes(findings: Sequence[Finding], rules: dict[str, Rule]) -> list[Finding]:
    """Name, in each finding, the findings that explain it."""
    everywhere = {item.code for item in findings if item.subject.kind is SubjectKind.CONTROLLER}
    frozen = {(item.pool, item.code) for item in findings if item.freezes}
    own = {(item.subject, item.code) for item in findings}
    return [
        replace(
            finding,
            causes=tuple(
                code
                for code in sorted(rules[finding.code].waits_for)
                if code in everywhere
                or (finding.pool, code) in frozen
                or (finding.subject, code) in own
            ),
        )
        for finding in findings
    ]


def _with_ignored(finding: Finding, snapshot: Snapshot) -> Finding:
    """Say that the operator wants this object left alone, where an annotation says so."""
    pool, owners = snapshot.pool(finding.pool), set(finding.depends_on)
    if finding.subject.kind is SubjectKind.LOAD_BALANCER:
        owners.add(Owner(finding.subject.namespace, finding.subject.name))
    marked = [pool, *(snapshot.load_balancer(owner) for owner in sorted(owners))]
    reasons = (thing.ignore_reason for thing in marked if thing is not None)
    ignored = next((reason for reason in reasons if reason is not None), None)
    return finding if ignored is None else replace(finding, ignored=ignored)
