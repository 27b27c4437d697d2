"""How much is released without a word of a person (the safety contract, 13)."""

from __future__ import annotations

from lbdoctor.repair.plan import Plan
from tests.cli.manifests import lb, pool
from tests.unit.repair.world import World


def planned(stale: int, living: int, *, others: bool = True, **wishes: object) -> Plan:
    records = {f"10.0.0.{10 + n}": f"a/gone{n}" for n in range(stale)}
    records |= {f"10.0.0.{100 + n}": f"a/live{n}" for n in range(living)}
    lbs = [lb(f"live{n}", ip=f"10.0.0.{100 + n}") for n in range(living)]
    lbs += [lb("other")] if others else []
    return World(pool(allocated=records), *lbs).plan(**wishes)


def test_eleven_of_twenty_are_held() -> None:
    made = planned(11, 9)
    assert (made.items, len(made.held)) == ((), 11)
    assert made.held[0].reason == "11 of 20 records of p1 look stale: name the pool"
    assert made.held[0].hint == "lbdoctor repair pool/p1"


def test_ten_of_ten_are_not_held() -> None:
    assert len(planned(10, 0).items) == 10


def test_eleven_of_twenty_two_are_not_held() -> None:
    assert len(planned(11, 11).items) == 11


def test_a_person_who_names_the_pool_lifts_it() -> None:
    assert len(planned(11, 9, subjects=frozenset({"pool/p1"})).items) == 11


def test_naming_the_records_does_not_lift_it() -> None:
    named = frozenset(f"10.0.0.{10 + n}" for n in range(11))
    assert planned(11, 9, subjects=named).items == ()


def test_a_cluster_without_any_load_balancer_is_held() -> None:
    made = planned(1, 0, others=False)
    assert [one.reason for one in made.held] == [
        "the cluster holds no LoadBalancer at all: name the pool"
    ]
    assert len(planned(1, 0, others=False, subjects=frozenset({"pool/p1"})).items) == 1


def test_no_more_than_fifty_in_a_run() -> None:
    made = planned(60, 70)
    assert (len(made.items), len(made.held)) == (50, 10)
    assert made.held[0].hint == "lbdoctor repair --max-releases 60"
    assert len(planned(60, 70, most_releases=60).items) == 60
    named = planned(60, 0, subjects=frozenset({"pool/p1"}))
    assert (len(named.items), len(named.held)) == (50, 10)


def test_other_codes_do_not_count() -> None:
    twice = {f"10.0.0.{10 + n}": "a/web" for n in range(60)}
    cluster = World(pool(allocated=twice), lb("web", ip="10.0.0.10"))
    assert len(cluster.plan().items) == 59
