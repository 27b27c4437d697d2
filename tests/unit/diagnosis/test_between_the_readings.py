"""What comes and goes between the two readings is not judged by half of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from lbdoctor.diagnosis.look import look
from lbdoctor.diagnosis.port import Listing
from lbdoctor.diagnosis.report import Report
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import Record, Scope
from lbdoctor.domain.refs import Kind
from lbdoctor.domain.snapshot import Gap
from lbdoctor.rules import CATALOGUE
from tests.unit.diagnosis.scripted import FORBIDDEN, NOW, Reading, ScriptedSource, balancer, pool


def looked(source: ScriptedSource, scope: frozenset[str] | None = None) -> Report:
    return look(source, scope=scope, rules=CATALOGUE)


def of(report: Report, code: str) -> list[str]:
    return [item.message for item in report.counted if item.code == code]


def test_who_got_a_record_meanwhile_is_looked_up_and_not_called_stale() -> None:
    first = Reading([pool(five="team-a/gone")], [balancer("old", ip="10.0.0.9")])
    came = [balancer("old", ip="10.0.0.9"), balancer("new", ip="10.0.0.6")]
    second = Reading([pool(five="team-a/gone", six="team-a/new")], came)
    source = ScriptedSource(first, second)
    report = looked(source)
    assert "lb team-a/new" in source.calls
    assert [item.address for item in report.counted if item.code == "LBD101"] == ["10.0.0.5"]
    assert {str(lb.owner) for lb in report.snapshot.load_balancers} == {"team-a/old", "team-a/new"}


def test_what_was_being_deleted_at_the_first_reading_and_is_gone_is_not_counted() -> None:
    leaving = replace(balancer(), deleted_at=NOW - timedelta(seconds=70))
    report = looked(ScriptedSource(Reading([pool()], [leaving]), Reading([pool()])))
    assert of(report, "LBD205") == []


def test_the_time_of_the_look_is_when_load_balancers_began_to_be_read() -> None:
    class Slow(ScriptedSource):
        def load_balancers(self, namespace: str = "") -> Listing[LoadBalancer]:
            listing = super().load_balancers(namespace)
            self.now = NOW + timedelta(seconds=60)
            return listing

    created: datetime = NOW - timedelta(seconds=3)
    young = replace(balancer(), created_at=created)
    report = looked(Slow(Reading([pool(five="team-a/web")], [young])))
    assert report.snapshot.taken_at == NOW
    assert of(report, "LBD201") == []


def test_a_namespace_that_only_a_record_names_is_tried_and_named() -> None:
    refused = {"lbs": FORBIDDEN, "lbs gone": FORBIDDEN}
    held = pool(five="gone/x")
    report = looked(ScriptedSource(Reading([held], [], refused)))
    assert Gap(Kind.LOAD_BALANCER, "forbidden", "gone") in report.snapshot.gaps
    assert of(report, "LBD101") == []


def test_a_load_balancer_that_cannot_be_named_may_be_any_of_its_namespace() -> None:
    nameless = Gap(Kind.LOAD_BALANCER, "malformed", "team-a", "item 1")
    held = pool(five="team-a/gone", six="team-b/gone")
    report = looked(ScriptedSource(Reading([held], malformed=(nameless,))))
    assert [item.address for item in report.counted if item.code == "LBD101"] == ["10.0.0.6"]


def test_with_a_scope_the_network_of_another_pool_is_not_asked_for() -> None:
    mine = pool(five="team-a/gone")
    other = replace(pool("p2", network="team-b/vlan"), ranges=())
    source = ScriptedSource(Reading([mine, other]))
    looked(source, frozenset({"team-a"}))
    assert not any(call.startswith("network") for call in source.calls)


def test_a_second_reading_that_fails_keeps_what_needs_only_one() -> None:
    unset = replace(balancer(), ipam="")
    bad = replace(pool(five="team-a/web"), scopes=(Scope("*", "*", "*"),))
    again = Reading([bad], [unset], {"pool p1": FORBIDDEN, "lb team-a/web": FORBIDDEN})
    report = looked(ScriptedSource(Reading([bad], [unset]), again))
    assert {item.code for item in report.counted} == {"LBD111", "LBD208"}
    assert {item.code for item in report.unconfirmed} == {"LBD201"}
    assert {(gap.kind, gap.name) for gap in report.snapshot.gaps} == {
        (Kind.IP_POOL, "p1"),
        (Kind.LOAD_BALANCER, "web"),
    }


def test_a_second_list_that_fails_takes_no_rule_away() -> None:
    owners = [f"team-a/gone-{index}" for index in range(201)]
    many = replace(
        pool(), records=tuple(Record("p1", f"10.0.0.{n % 250}", o) for n, o in enumerate(owners))
    )

    class Once(ScriptedSource):
        def load_balancers(self, namespace: str = "") -> Listing[LoadBalancer]:
            if "lbs" in self.calls:
                raise FORBIDDEN
            return super().load_balancers(namespace)

    report = looked(Once(Reading([many], [balancer("old", ip="10.0.0.9")])))
    assert of(report, "LBD101") == []
    assert report.skipped == ()
    assert [gap.kind for gap in report.snapshot.gaps] == [Kind.LOAD_BALANCER]
    assert len(report.snapshot.load_balancers) == 1


def test_with_a_scope_the_records_of_other_namespaces_are_not_judged() -> None:
    held = pool(five="team-a/gone", six="team-b/gone")
    report = looked(ScriptedSource(Reading([held])), frozenset({"team-a", "team-b"}))
    assert len(of(report, "LBD101")) == 2
    odd = replace(held, records=(Record("p1", "10.0.0.6", "team-b/web"), *held.records[:1]))
    second = balancer("web", "team-b")
    report = looked(ScriptedSource(Reading([odd], [second])), frozenset({"team-a"}))
    assert [item.address for item in report.counted if item.code == "LBD101"] == ["10.0.0.5"]
    assert [item for item in report.findings if "team-b" in item.message] == []
