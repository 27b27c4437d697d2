"""What the catalogue promises of every rule."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

import lbdoctor.rules
from lbdoctor.domain.findings import Evidence, Finding, SubjectKind, SubjectObject
from lbdoctor.domain.refs import Kind
from lbdoctor.domain.snapshot import Origin, OriginKind, Snapshot
from lbdoctor.rules import CATALOGUE
from lbdoctor.rules.rule import Rule
from tests.unit.rules.cases import ROOT, Case, all_cases
from tests.unit.rules.spy import READ, spied

CODES = [
    *("LBD001", "LBD002"),
    *(f"LBD{number}" for number in range(101, 112)),
    *(f"LBD{number}" for number in range(201, 210)),
]
CASES = all_cases()
OWN_KIND = {
    SubjectKind.RECORD: {Kind.IP_POOL},
    SubjectKind.POOL: {Kind.IP_POOL},
    SubjectKind.LOAD_BALANCER: {Kind.LOAD_BALANCER},
    SubjectKind.SERVICE: {Kind.SERVICE},
    SubjectKind.CONTROLLER: set[Kind](),
}
each_rule = pytest.mark.parametrize("rule", CATALOGUE, ids=lambda rule: rule.code)


def _subjects(rule: Rule, snapshot: Snapshot) -> list[SubjectObject]:
    records = [record for pool in snapshot.ip_pools for record in pool.records]
    by_kind: dict[SubjectKind, list[SubjectObject]] = {
        SubjectKind.RECORD: [*records],
        SubjectKind.POOL: [*snapshot.ip_pools],
        SubjectKind.LOAD_BALANCER: [*snapshot.load_balancers],
        SubjectKind.SERVICE: [*(snapshot.services or ())],
        SubjectKind.CONTROLLER: [snapshot.controller],
    }
    return by_kind[rule.subject]


def _read_by(rule: Rule, case: Case) -> set[Kind]:
    """Return the kinds that the rule itself looks at."""
    snapshot = spied(case.look().snapshot)
    subjects = _subjects(rule, snapshot)
    READ.clear()
    for subject in subjects:
        list(rule.check(subject, snapshot))
    return set(READ)


def test_codes_are_those_of_the_design_in_order() -> None:
    assert [rule.code for rule in CATALOGUE] == CODES


def test_names_are_unique() -> None:
    assert len({rule.name for rule in CATALOGUE}) == len(CATALOGUE)


def test_every_rule_of_the_package_is_listed() -> None:
    modules = pkgutil.iter_modules(lbdoctor.rules.__path__)
    found = {
        value.code
        for module in modules
        for value in vars(importlib.import_module(f"lbdoctor.rules.{module.name}")).values()
        if isinstance(value, Rule)
    }
    assert found == set(CODES)


def test_every_directory_of_cases_is_a_code() -> None:
    assert sorted(path.name for path in ROOT.iterdir() if path.is_dir()) == CODES


@each_rule
class TestEachRule:
    def test_is_documented(self, rule: Rule) -> None:
        assert rule.remedy
        assert rule.docs
        assert rule.noun
        assert rule.summary
        assert "\n" not in rule.summary
        assert not rule.summary.endswith(".")

    def test_says_which_versions_have_it(self, rule: Rule) -> None:
        assert re.search(
            r"All\s+Harvester\s+versions|Harvester\s+\d|[Ff]rom \d+\.\d", rule.explanation
        )

    def test_is_silent_on_an_empty_cluster(self, rule: Rule) -> None:
        empty = Snapshot(origin=Origin(OriginKind.MEMORY, "empty"))
        subjects = _subjects(rule, empty)
        assert [item for subject in subjects for item in rule.check(subject, empty)] == []

    def test_has_a_case_that_fires_and_one_that_does_not(self, rule: Rule) -> None:
        fires = {bool(case.expect) for case in CASES if case.code == rule.code}
        assert fires == {True, False}

    def test_declares_exactly_the_kinds_it_reads(self, rule: Rule) -> None:
        read = set[Kind]().union(*(_read_by(rule, case) for case in CASES))
        assert rule.needs | rule.uses == OWN_KIND[rule.subject] | read

    def test_waits_for_codes_that_exist(self, rule: Rule) -> None:
        assert rule.waits_for <= set(CODES) - {rule.code}


def _findings() -> list[tuple[str, Finding]]:
    return [(case.name, item) for case in CASES for item in case.look().findings]


def test_a_severity_is_the_rules_unless_it_varies() -> None:
    fixed = {rule.code: rule.severity for rule in CATALOGUE if not rule.varies}
    odd = [
        (name, item.code)
        for name, item in _findings()
        if item.severity != fixed.get(item.code, item.severity)
    ]
    assert odd == []


def test_every_finding_has_evidence() -> None:
    assert [(name, item.code) for name, item in _findings() if not item.evidence] == []


ABSENT = frozenset({"", "<none>", "none is true", "not found"})
"""Values that say that nothing is there: a message puts that in its own words."""


def _is_named(evidence: Evidence, message: str) -> bool:
    if evidence.value in ABSENT:
        return True
    texts = {evidence.value, evidence.value.split(" ")[0], evidence.value.rpartition("/")[2]}
    texts.add(evidence.ref.name)
    texts.update(re.findall(r"\[(.+)\]", evidence.field))
    return any(text and text in message for text in texts)


@each_rule
def test_a_message_contains_a_value_that_was_seen(rule: Rule) -> None:
    silent = [
        item.message
        for case in CASES
        if case.code == rule.code
        for item in case.found()
        if not any(_is_named(evidence, item.message) for evidence in item.evidence)
    ]
    assert silent == []
