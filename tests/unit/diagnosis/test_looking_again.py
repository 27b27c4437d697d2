"""A LoadBalancer too young to be judged by one look is looked at again after a pause."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from lbdoctor.diagnosis.look import LOOKS_APART, look
from lbdoctor.diagnosis.port import Earlier
from lbdoctor.diagnosis.report import Report
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import Condition, IPPool, Record
from lbdoctor.rules import CATALOGUE
from tests.unit.diagnosis.scripted import FORBIDDEN, NOW, Reading, ScriptedSource, balancer, pool

DUPLICATE = "10.0.0.5 has been allocated to team-a/web, duplicate allocation is not allowed"
HELD = pool(five="team-a/web")


def young(message: str = DUPLICATE, uid: str = "uid-web") -> LoadBalancer:
    created = NOW - timedelta(seconds=3)
    return replace(
        balancer(), uid=uid, created_at=created, ready=Condition("False", message, created)
    )


def looked(
    first: Reading, second: Reading | None = None, seen: frozenset[Record] = frozenset()
) -> tuple[Report, list[float]]:
    pauses: list[float] = []
    source = ScriptedSource(first, second)
    report = look(source, scope=None, rules=CATALOGUE, pause=pauses.append, earlier=Earlier(seen))
    return report, pauses


def stuck(report: Report) -> list[bool]:
    return [item.confirmed for item in report.findings if item.code == "LBD201"]


def test_one_that_met_its_own_record_is_stuck_if_it_still_is_after_the_pause() -> None:
    report, pauses = looked(Reading([HELD], [young()]))
    assert (stuck(report), pauses) == ([True], [LOOKS_APART])
    assert report.settling == ()


def test_one_that_was_recreated_meanwhile_is_stuck_all_the_same() -> None:
    again = Reading([HELD], [young(uid="another")])
    assert stuck(looked(Reading([HELD], [young()]), again)[0]) == [True]


def test_one_that_got_its_address_during_the_pause_is_not() -> None:
    healed = replace(young(), booking=balancer(ip="10.0.0.5").booking)
    report, pauses = looked(Reading([HELD], [young()]), Reading([HELD], [healed]))
    assert pauses == [LOOKS_APART]
    assert [item for item in report.counted if item.code == "LBD201"] == []


def test_one_whose_record_changed_during_the_pause_is_not() -> None:
    moved = Reading([pool(six="team-a/web")], [young()])
    report, _ = looked(Reading([HELD], [young()]), moved)
    assert [item for item in report.counted if item.code == "LBD201"] == []


def test_one_without_that_message_costs_no_pause_and_is_not_judged() -> None:
    report, pauses = looked(Reading([HELD], [young(message="")]))
    assert (stuck(report), pauses) == ([], [])
    assert [str(lb.owner) for lb in report.settling] == ["team-a/web"]


def test_a_healthy_cluster_costs_no_pause() -> None:
    assert looked(Reading([HELD], [balancer(ip="10.0.0.5")]))[1] == []


def test_what_an_earlier_look_saw_needs_no_age() -> None:
    record = Record("p1", "10.0.0.5", "team-a/web")
    report, pauses = looked(Reading([HELD], [young(message="")]), seen=frozenset({record}))
    assert (stuck(report), pauses) == ([True], [])


def test_without_services_a_stale_record_has_no_fix() -> None:
    stale: IPPool = pool(five="team-a/gone")
    read = look(ScriptedSource(Reading([stale])), scope=None, rules=CATALOGUE)
    unread = Reading([stale], refused={"services": FORBIDDEN})
    blind = look(ScriptedSource(unread), scope=None, rules=CATALOGUE)
    fixes = [
        item.fix is not None
        for report in (read, blind)
        for item in report.findings
        if item.code == "LBD101"
    ]
    assert fixes == [True, False]
    assert "Services not checked" in blind.findings[0].message
