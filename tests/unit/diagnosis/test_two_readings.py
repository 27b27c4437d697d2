"""A finding of a live cluster counts only if it stands in both readings."""

from __future__ import annotations

from lbdoctor.diagnosis.look import MOST_GETS, look
from lbdoctor.diagnosis.report import Report
from lbdoctor.domain.findings import Finding
from lbdoctor.domain.pools import IPPool, Range, Record
from lbdoctor.domain.snapshot import Origin, OriginKind
from lbdoctor.rules import CATALOGUE
from tests.unit.diagnosis.scripted import FAILED, Reading, ScriptedSource, balancer, pool

STALE = pool(five="team-a/gone")
OTHER = balancer("other", ip="10.0.0.9")


def _look(source: ScriptedSource) -> Report:
    return look(source, scope=None, rules=CATALOGUE)


def _of(report: Report, code: str) -> list[Finding]:
    return [item for item in report.findings if item.code == code]


def _counted(report: Report, code: str) -> list[Finding]:
    return [item for item in report.counted if item.code == code]


def test_confirms_what_stands_in_both() -> None:
    report = _look(ScriptedSource(Reading([STALE], [OTHER])))
    assert [item.confirmed for item in _of(report, "LBD101")] == [True]


def test_does_not_confirm_a_record_released_between_the_readings() -> None:
    report = _look(ScriptedSource(Reading([STALE], [OTHER]), Reading([pool()], [OTHER])))
    assert [item.confirmed for item in _of(report, "LBD101")] == [False]
    assert _counted(report, "LBD101") == []
    assert [item.code for item in report.unconfirmed].count("LBD101") == 1


def test_does_not_confirm_a_record_whose_load_balancer_came() -> None:
    came = Reading([STALE], [OTHER, balancer("gone", ip="10.0.0.5")])
    report = _look(ScriptedSource(Reading([STALE], [OTHER]), came))
    assert [item.confirmed for item in _of(report, "LBD101")] == [False]


def test_does_not_confirm_a_record_that_changed_hands() -> None:
    second = Reading([pool(five="team-a/gone2")], [OTHER])
    report = _look(ScriptedSource(Reading([STALE], [OTHER]), second))
    assert {item.confirmed for item in _of(report, "LBD101")} == {False}


def test_does_not_confirm_a_stuck_one_that_went_away() -> None:
    held = pool(five="team-a/web")
    report = _look(ScriptedSource(Reading([held], [balancer()]), Reading([held])))
    assert [item.confirmed for item in _of(report, "LBD201")] == [False]
    assert [item.confirmed for item in _of(report, "LBD101")] == [False]


def test_does_not_confirm_a_stuck_one_that_was_booked() -> None:
    held = pool(five="team-a/web")
    second = Reading([held], [balancer(ip="10.0.0.5")])
    report = _look(ScriptedSource(Reading([held], [balancer()]), second))
    assert [item.confirmed for item in _of(report, "LBD201")] == [False]


def test_a_booking_whose_record_comes_is_not_confirmed() -> None:
    web = balancer(ip="10.0.0.5")
    second = Reading([pool(five="team-a/web")], [web])
    first = Reading([pool()], [web])
    source = ScriptedSource(first, second)
    assert [item.confirmed for item in _of(_look(source), "LBD202")] == [False]


def test_an_owner_that_cannot_be_read_again_is_unknown() -> None:
    second = Reading([STALE], [OTHER], {"lb team-a/gone": FAILED})
    report = _look(ScriptedSource(Reading([STALE], [OTHER]), second))
    assert [item.confirmed for item in _of(report, "LBD101")] == [False]
    assert [gap.subject for gap in report.snapshot.gaps] == ["LoadBalancer team-a/gone"]
    assert not report.is_complete


def test_a_pool_that_cannot_be_read_again_confirms_nothing() -> None:
    second = Reading([STALE], [OTHER], {"pool p1": FAILED})
    report = _look(ScriptedSource(Reading([STALE], [OTHER]), second))
    assert [item.confirmed for item in _of(report, "LBD101")] == [False]
    assert [gap.subject for gap in report.snapshot.gaps] == ["IPPool p1"]


def test_reads_pools_before_load_balancers_in_both_readings() -> None:
    source = ScriptedSource(Reading([STALE], [OTHER]))
    _look(source)
    order = [call for call in source.calls if call.startswith(("pool", "lb"))]
    assert order[:2] == ["pools", "lbs"]
    assert order[2:4] == ["pool p1", order[3]]
    assert "lb team-a/gone" in order[3:]
    assert not [call for call in order[3:] if call.startswith("pool")]


def test_reads_once_where_nothing_needs_a_second_look() -> None:
    source = ScriptedSource(Reading([pool(five="team-a/web")], [balancer(ip="10.0.0.5")]))
    report = _look(source)
    assert [call for call in source.calls if call.startswith(("pool ", "lb "))] == []
    assert all(item.confirmed for item in report.findings)


def _many(count: int) -> IPPool:
    records = tuple(Record("p1", f"10.0.1.{n}", f"team-a/l{n}") for n in range(count))
    return IPPool(name="p1", ranges=(Range("10.0.0.0/22"),), records=records, total=count)


def test_many_owners_are_read_by_one_more_list() -> None:
    source = ScriptedSource(Reading([_many(MOST_GETS + 1)], [OTHER]))
    report = _look(source)
    assert source.calls.count("lbs") == 2
    assert not [call for call in source.calls if call.startswith("lb ")]
    assert sum(item.confirmed for item in _of(report, "LBD101")) == MOST_GETS + 1


def test_up_to_200_owners_are_read_one_by_one() -> None:
    source = ScriptedSource(Reading([_many(MOST_GETS - 1)], []))
    _look(source)
    assert source.calls.count("lbs") == 1
    assert len([call for call in source.calls if call.startswith("lb ")]) == MOST_GETS - 1


def test_a_second_list_that_fails_confirms_nothing() -> None:
    many = _many(MOST_GETS + 1)
    second = Reading([many], [OTHER], {"lbs": FAILED})
    report = _look(ScriptedSource(Reading([many], [OTHER]), second))
    assert not any(item.confirmed for item in _of(report, "LBD101"))
    assert "LoadBalancer" in {gap.kind for gap in report.snapshot.gaps}


def test_a_file_is_not_confirmed_but_counts() -> None:
    source = ScriptedSource(Reading([STALE], [OTHER]))
    source.origin = Origin(OriginKind.FILE, "cluster.yaml")
    report = _look(source)
    assert [item.confirmed for item in _of(report, "LBD101")] == [False]
    assert len(_counted(report, "LBD101")) == 1
    assert report.unconfirmed == ()
    assert not [call for call in source.calls if call.startswith(("pool ", "lb "))]
