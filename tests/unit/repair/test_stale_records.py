"""LBD101: what is released, and what is not (the safety contract, 1, 3, 5, 6, 8, 9, 11)."""

from __future__ import annotations

from typing import Any

import pytest

from lbdoctor.cluster.api import ReadError, Unread
from lbdoctor.domain.errors import UnreadableError
from lbdoctor.domain.refs import Kind
from lbdoctor.repair.outcomes import Result
from lbdoctor.repair.plan import Wishes, plan
from lbdoctor.repair.run import carry_out
from tests.cli.manifests import lb, pool
from tests.unit.repair.interposed import Call, always, at
from tests.unit.repair.world import World, results

STALE = {"10.0.0.5": "a/gone"}


def world(allocated: dict[str, str] = STALE, **status: Any) -> World:
    return World(pool(allocated=allocated, **status), lb("other"))


def many(count: int) -> dict[str, str]:
    return {f"10.0.0.{number}": f"a/gone{number}" for number in range(10, 10 + count)}


def named(count: int) -> World:
    return World(pool(allocated=many(count)), lb("other"))


def test_a_stale_record_goes_to_history() -> None:
    cluster = world()
    (outcome,) = cluster.repair()
    assert (outcome.result, outcome.door) == (Result.DONE, "direct")
    assert outcome.text == "released 10.0.0.5 of a/gone; guest not checked"
    assert (cluster.records(), cluster.history()) == ({}, STALE)
    assert cluster.pool()["status"]["available"] == 253
    assert cluster.journal.outcomes == {"run1.1": "done"}
    assert "LBD101" not in cluster.codes()


@pytest.mark.parametrize(
    "why", [Unread.FORBIDDEN, Unread.FAILED, Unread.NOT_SERVED, Unread.INVALID]
)
def test_an_owner_that_cannot_be_looked_up_is_not_absent(why: Unread) -> None:
    cluster = world()

    def refuse(call: Call) -> None:
        if call == Call("get", Kind.LOAD_BALANCER, "gone", "a"):
            raise ReadError(why, "the server says no")

    cluster.api.before = refuse
    assert cluster.plan().items == ()
    cluster.api.before = lambda call: None
    cluster.clock.advance(30)
    report = cluster.look()
    cluster.api.before = refuse
    outcomes = list(carry_out(cluster.pen(), report.snapshot, plan(report, Wishes()).items))
    assert results(outcomes) == [Result.UNKNOWN]
    assert (cluster.records(), cluster.api.writes()) == (STALE, [])


def test_loadbalancers_that_are_not_served_are_not_absent() -> None:
    cluster = world()
    cluster.server.unserved.add(Kind.LOAD_BALANCER)
    with pytest.raises(UnreadableError):
        cluster.plan()


def test_loadbalancers_that_are_not_served_any_more_are_not_absent() -> None:
    cluster = world()
    report, item = cluster.item("LBD101")
    cluster.server.unserved.add(Kind.LOAD_BALANCER)
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert (outcome.result, cluster.api.writes()) == (Result.UNKNOWN, [])


def test_many_owners_are_proven_absent_by_one_list_after_the_pool_was_read() -> None:
    cluster = named(30)
    outcomes = cluster.repair(subjects=frozenset({"pool/p1"}))
    assert results(outcomes) == [Result.DONE] * 30
    kinds = [(call.verb, call.kind) for call in cluster.api.calls]
    assert kinds.index(("get", Kind.IP_POOL)) < kinds.index(("list", Kind.LOAD_BALANCER))
    assert ("get", Kind.LOAD_BALANCER) not in kinds
    assert len(cluster.api.writes()) == 1


def test_an_owner_that_the_list_cannot_show_is_unknown() -> None:
    cluster = named(30)
    first = [item.stamp for item in cluster.plan(subjects=frozenset({"pool/p1"})).items]
    lists = 0

    def refuse(call: Call) -> None:
        nonlocal lists
        if (call.verb, call.kind) == ("list", Kind.LOAD_BALANCER):
            lists += 1
            if lists > 1:
                raise ReadError(Unread.FORBIDDEN, "no")

    cluster.api.before = refuse
    outcomes = cluster.carry_out(first, subjects=frozenset({"pool/p1"}))
    assert results(outcomes) == [Result.UNKNOWN] * 30
    assert cluster.api.writes() == []


def test_a_batch_is_fifty_records_at_most() -> None:
    cluster = named(60)
    outcomes = cluster.repair(subjects=frozenset({"pool/p1"}), most_releases=100)
    assert results(outcomes) == [Result.DONE] * 60
    assert [len(one["status"]["allocated"]) for one in bodies(cluster)] == [50, 10]


def test_a_batch_is_halved_on_every_conflict() -> None:
    cluster = named(50)
    cluster.api.before = always(cluster.touch_pool, "patch", Kind.IP_POOL, times=3)
    outcomes = cluster.repair(subjects=frozenset({"pool/p1"}))
    assert results(outcomes) == [Result.DONE] * 50
    sizes = [len(one["status"]["allocated"]) for one in bodies(cluster)]
    assert sizes[:4] == [50, 25, 12, 6]
    assert cluster.pool()["status"]["available"] == 253


def test_a_pool_that_others_keep_writing_to_is_left_alone_after_eight_tries() -> None:
    cluster = world()
    cluster.api.before = always(cluster.touch_pool, "patch", Kind.IP_POOL)
    (outcome,) = cluster.repair()
    assert (outcome.result, len(cluster.api.writes())) == (Result.FAILED, 8)
    assert cluster.records() == STALE


def test_seven_conflicts_are_got_over() -> None:
    cluster = world()
    cluster.api.before = always(cluster.touch_pool, "patch", Kind.IP_POOL, times=7)
    assert results(cluster.repair()) == [Result.DONE]


def test_after_a_conflict_the_owner_is_looked_up_again() -> None:
    cluster = world()

    def comes_back() -> None:
        cluster.put(lb("gone"))
        cluster.touch_pool()

    cluster.api.before = at(1, comes_back, "patch", Kind.IP_POOL)
    (outcome,) = cluster.repair()
    assert outcome.result is not Result.DONE
    assert cluster.records() == STALE


def test_a_record_that_has_another_owner_by_then_is_not_released() -> None:
    cluster = world()
    first = [item.stamp for item in cluster.plan().items]
    cluster.patch_pool({"status": {"allocated": {"10.0.0.5": "a/else"}}})
    assert cluster.carry_out(first) == []
    assert cluster.records() == {"10.0.0.5": "a/else"}


def test_another_pool_of_the_same_name_is_not_written_to() -> None:
    cluster = world()
    report, item = cluster.item("LBD101")
    again = pool(allocated=STALE)
    again["metadata"]["uid"] = "another"
    cluster.put(again)
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert (outcome.result, cluster.api.writes()) == (Result.REFUSED, [])
    assert outcome.text == "p1 is another pool by now (another UID)"


def test_a_service_that_carries_the_address_by_now_keeps_it() -> None:
    cluster = world()
    carrier = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "carrier", "namespace": "a"},
        "spec": {"type": "LoadBalancer", "loadBalancerIP": "10.0.0.5"},
    }
    first = [item.stamp for item in cluster.plan().items]
    report = cluster.look()
    cluster.put(carrier)
    (outcome,) = carry_out(cluster.pen(), report.snapshot, plan(report, Wishes()).items)
    assert (outcome.result, len(first)) == (Result.REFUSED, 1)
    assert cluster.records() == STALE


def test_services_that_cannot_be_read_again_are_unknown() -> None:
    cluster = world()
    report, item = cluster.item("LBD101")

    def refuse(call: Call) -> None:
        if call.kind is Kind.SERVICE:
            raise ReadError(Unread.FORBIDDEN, "no")

    cluster.api.before = refuse
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert (outcome.result, cluster.records()) == (Result.UNKNOWN, STALE)


@pytest.mark.parametrize(
    "allocated, status, kept",
    [
        ({"10.0.0.5": "a/gone"}, {}, {"10.0.0.5": "a/gone"}),
        ({"10.0.0.1": "a/gone"}, {}, {}),
        ({"::ffff:10.0.0.5": "a/gone"}, {}, {}),
        ({"10.0.0.5": "a/gone", "10.0.0.6": "a/gone"}, {}, {}),
        (
            {"10.0.0.5": "a/gone"},
            {"allocatedHistory": {"10.0.0.9": "a/gone"}},
            {"10.0.0.9": "a/gone"},
        ),
    ],
    ids=["plain", "gateway", "odd-key", "two-records", "another-entry"],
)
def test_history_takes_only_what_can_never_keep_an_owner_waiting(
    allocated: dict[str, str], status: dict[str, object], kept: dict[str, str]
) -> None:
    cluster = world(allocated, **status)
    outcomes = cluster.repair("LBD101")
    assert results(outcomes) == [Result.DONE] * len(allocated)
    assert (cluster.records(), cluster.history()) == ({}, kept)


def test_records_of_one_owner_in_two_batches_are_all_released() -> None:
    allocated = many(50) | {"10.0.0.200": "a/gone10"}
    cluster = World(pool(allocated=allocated), lb("other"))
    outcomes = cluster.repair(subjects=frozenset({"pool/p1"}), most_releases=100)
    assert results(outcomes) == [Result.DONE] * 51
    assert cluster.records() == {}


def test_a_record_that_history_names_for_the_same_owner_is_not_released() -> None:
    cluster = world(STALE, allocatedHistory=STALE)
    (outcome,) = cluster.repair("LBD101")
    assert outcome.result is Result.REFUSED
    assert outcome.text == "history of p1 names 10.0.0.5 for the same owner (LBD106)"
    assert cluster.records() == STALE


def test_the_entry_of_history_goes_first_and_the_record_in_the_next_run() -> None:
    cluster = World(pool(allocated=STALE, allocatedHistory=STALE), lb("other"), version="v1.9.0")
    assert results(cluster.repair()) == [Result.REFUSED, Result.DONE]
    assert (cluster.records(), cluster.history()) == (STALE, {})
    assert results(cluster.repair()) == [Result.DONE]
    assert (cluster.records(), cluster.history()) == ({}, STALE)


def test_a_server_that_writes_something_else_is_noticed() -> None:
    cluster = world()

    def spoiled(answer: dict[str, object]) -> dict[str, object]:
        status = {**answer["status"], "allocated": STALE}  # type: ignore[dict-item]
        return {**answer, "status": status}

    cluster.api.changes_answer = spoiled
    (outcome,) = cluster.repair()
    assert (outcome.result, outcome.text) == (
        Result.FAILED,
        "pool p1 does not hold what was written to it",
    )


def test_counters_that_do_not_fit_after_the_write_are_noticed() -> None:
    cluster = world()
    cluster.api.changes_answer = lambda a: {**a, "status": {**a["status"], "available": 1}}
    (outcome,) = cluster.repair()
    assert (outcome.result, outcome.text) == (
        Result.FAILED,
        "pool p1 has available 1 after the write",
    )


def bodies(cluster: World) -> list[dict[str, dict[str, dict[str, str]]]]:
    return [body for body in cluster.api.bodies if isinstance(body, dict)]
