"""Absent is proven, and what was not read is a gap."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lbdoctor.diagnosis.judge import judge
from lbdoctor.diagnosis.look import look
from lbdoctor.diagnosis.report import Report
from lbdoctor.domain.controller import Controller
from lbdoctor.domain.errors import UnreadableError
from lbdoctor.domain.refs import Kind, Owner
from lbdoctor.domain.snapshot import Gap, Origin, OriginKind, Presence, Snapshot
from lbdoctor.rules import CATALOGUE, find
from tests.unit.diagnosis.scripted import (
    FAILED,
    FORBIDDEN,
    NOT_SERVED,
    Reading,
    ScriptedSource,
    balancer,
    pool,
)

STALE = pool(five="team-a/gone", six="team-b/gone")
LISTED = Snapshot(
    origin=Origin(OriginKind.LIVE, "c"), ip_pools=(STALE,), listed_namespaces=frozenset({"team-b"})
)


def _look(source: ScriptedSource, *scope: str) -> Report:
    return look(source, scope=frozenset(scope) or None, rules=CATALOGUE)


def _codes(report: Report, code: str) -> list[str]:
    return [item.address for item in report.findings if item.code == code]


def test_a_namespace_that_was_not_listed_is_unknown() -> None:
    assert LISTED.presence(Owner("team-a", "gone")) is Presence.UNKNOWN
    found, _ = judge(LISTED, [find("LBD101")])
    assert [item.address for item in found] == ["10.0.0.6"]


def test_an_owner_that_could_not_be_read_is_unknown() -> None:
    snapshot = replace(
        LISTED, listed_namespaces=None, unknown_owners=frozenset({Owner("team-a", "gone")})
    )
    found, _ = judge(snapshot, [find("LBD101")])
    assert [item.address for item in found] == ["10.0.0.6"]


def test_a_forbidden_namespace_has_no_findings_and_is_a_gap() -> None:
    refused = {"lbs": FORBIDDEN, "lbs team-a": FORBIDDEN}
    report = _look(ScriptedSource(Reading([STALE], [balancer(namespace="team-b")], refused)))
    assert _codes(report, "LBD101") == ["10.0.0.6"]
    assert [gap.subject for gap in report.snapshot.gaps] == ["LoadBalancers in namespace team-a"]


def test_namespaces_that_cannot_be_listed_are_taken_from_the_owners() -> None:
    refused = {"lbs": FORBIDDEN, "namespaces": FORBIDDEN}
    source = ScriptedSource(Reading([STALE], [], refused))
    source.default_namespace = "mine"
    report = _look(source)
    assert [call for call in source.calls if call.startswith("lbs ")] == [
        "lbs mine",
        "lbs team-a",
        "lbs team-b",
    ]
    assert Kind.NAMESPACE in {gap.kind for gap in report.snapshot.gaps}


def test_a_list_that_fails_skips_the_rules_by_name() -> None:
    report = _look(ScriptedSource(Reading([STALE], [], {"lbs": FAILED})))
    assert _codes(report, "LBD101") == []
    assert "LBD101" in {item.rule.code for item in report.skipped}


def test_a_malformed_load_balancer_is_never_absent() -> None:
    bad = (Gap(Kind.LOAD_BALANCER, "malformed: spec is text", "team-a", "gone"),)
    report = _look(ScriptedSource(Reading([STALE], [], malformed=bad)))
    assert _codes(report, "LBD101") == ["10.0.0.6"]
    assert bad[0] in report.snapshot.gaps


def test_other_namespaces_are_not_judged_and_are_no_gap() -> None:
    source = ScriptedSource(Reading([STALE], [balancer("x", "team-b")]))
    report = _look(source, "team-a")
    assert _codes(report, "LBD101") == ["10.0.0.5"]
    assert report.snapshot.gaps == ()
    assert "lbs" not in source.calls


def test_a_namespace_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnreadableError, match="no namespace nowhere"):
        _look(ScriptedSource(Reading([STALE])), "nowhere")


def test_neither_kind_readable_is_unreadable() -> None:
    refused = {"pools": FAILED, "lbs": FAILED}
    with pytest.raises(UnreadableError, match="timed out"):
        _look(ScriptedSource(Reading(refused=refused)))


@pytest.mark.parametrize("call", ["pools", "lbs"])
def test_a_kind_that_is_not_served_is_no_harvester(call: str) -> None:
    with pytest.raises(UnreadableError, match="does not know"):
        _look(ScriptedSource(Reading([STALE], refused={call: NOT_SERVED})))


def test_pools_alone_unreadable_skip_what_needs_them() -> None:
    report = _look(ScriptedSource(Reading([], [balancer(ip="10.0.0.5")], {"pools": FORBIDDEN})))
    assert "LBD202" in {item.rule.code for item in report.skipped}
    assert not any(item.code == "LBD204" for item in report.findings)


def test_a_controller_that_is_down_is_named_as_the_cause() -> None:
    source = ScriptedSource(Reading([pool(five="team-a/web")], [balancer()]))
    source.told = Controller(available=False)
    causes = {item.code: item.causes for item in _look(source).findings}
    assert causes["LBD201"] == ("LBD001",)


def test_a_frozen_pool_is_named_as_the_cause() -> None:
    frozen = pool(five="team-a/web", network="team-a/v5")
    lb = replace(balancer(), network="team-a/v5")
    causes = {
        item.code: item.causes for item in _look(ScriptedSource(Reading([frozen], [lb]))).findings
    }
    assert causes["LBD201"] == ("LBD109",)


def test_an_annotation_marks_what_is_to_be_left_alone() -> None:
    held = pool(five="team-a/web", six="team-a/gone")
    found = _look(ScriptedSource(Reading([held], [balancer(ignore="mine")]))).findings
    ignored = {item.code: item.ignored for item in found}
    assert ignored["LBD201"] == "mine"
    assert ignored["LBD101"] is None


def test_an_annotation_on_the_pool_marks_all_of_it() -> None:
    held = pool(five="team-a/web", six="team-a/gone", ignore="")
    found = _look(ScriptedSource(Reading([held], [balancer()]))).findings
    assert {item.ignored for item in found} == {""}


def test_only_the_rules_asked_for_tell_but_all_explain() -> None:
    source = ScriptedSource(Reading([pool(five="team-a/web")], [balancer()]))
    source.told = Controller(available=False)
    report = look(source, scope=None, rules=[find("LBD201")])
    assert [(item.code, item.causes) for item in report.findings] == [("LBD201", ("LBD001",))]
