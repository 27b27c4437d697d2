"""LBD103: a record in one pool, while its owner takes its address from another."""

from __future__ import annotations

from lbdoctor.cluster.api import Manifest, ReadError, Unread
from lbdoctor.domain.refs import Kind
from lbdoctor.repair.outcomes import Result
from lbdoctor.repair.run import carry_out
from tests.cli.manifests import lb, pool
from tests.unit.repair.interposed import Call, at
from tests.unit.repair.test_single_fixes import do, done, foreign, second
from tests.unit.repair.test_stuck import HELD, stuck_lb
from tests.unit.repair.world import World


def test_a_foreign_record_of_a_waiting_owner_is_dropped_behind_a_fence() -> None:
    cluster = foreign()
    done(cluster, "LBD103")
    assert [call.kind for call in cluster.api.writes()] == [Kind.LOAD_BALANCER, Kind.IP_POOL]
    assert (cluster.records("p2"), cluster.history("p2")) == ({}, {})


def test_the_owner_of_a_foreign_record_is_watched_until_it_has_its_address() -> None:
    cluster = foreign().with_controller()
    outcome = do(cluster, "LBD103")
    assert (outcome.result, cluster.booking()) == (Result.DONE, "10.0.0.2")


def test_an_owner_that_hangs_by_our_fence_is_healed() -> None:
    """The controller takes an address of p1 just before the fence, and cannot book it."""
    cluster = foreign()
    cluster.api.before = at(1, lambda: cluster.patch_pool(taken()), "patch", Kind.LOAD_BALANCER)
    cluster.api.after = at(1, lambda: let_work(cluster), "patch", Kind.IP_POOL)
    outcome = do(cluster, "LBD103")
    assert (outcome.result, cluster.booking()) == (Result.DONE, "10.0.0.7")
    assert "; a/web has 10.0.0.7 of p1" in outcome.text
    assert (cluster.records(), cluster.records("p2")) == ({"10.0.0.7": "a/web"}, {})


def taken() -> Manifest:
    return {"status": {"allocated": {"10.0.0.7": "a/web"}, "available": 252}}


def let_work(cluster: World) -> None:
    """Let the controller of v0.4.4 meet the record, and try again whenever it is waited for."""
    cluster.with_controller()


def test_a_foreign_record_whose_owner_was_just_handled_is_looked_at_again() -> None:
    cluster = foreign()
    report, item = cluster.item("LBD103")
    now = {"type": "Ready", "status": "False", "lastUpdateTime": f"{cluster.clock.now():%FT%TZ}"}
    cluster.patch_lb({"status": {"conditions": [now]}})
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert (outcome.result, cluster.api.writes()) == (Result.REFUSED, [])
    assert outcome.text == "the controller handled a/web a moment ago: look again"


def test_a_foreign_record_is_not_called_gone_because_its_owner_was_booked_elsewhere() -> None:
    cluster = foreign()
    report, item = cluster.item("LBD103")
    cluster.patch_pool(taken())
    cluster.patch_lb({"status": {"allocatedAddress": {"ipPool": "p1", "ip": "10.0.0.7"}}})
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert (outcome.result, outcome.text) == (Result.REFUSED, "it changed since it was looked at")


def test_an_owner_that_another_pool_holds_a_record_for_is_not_fenced_here() -> None:
    cluster = World(pool(allocated=HELD), second({"10.1.0.5": "a/web"}), stuck_lb())
    outcome = do(cluster, "LBD103")
    assert (outcome.result, cluster.api.writes()) == (Result.REFUSED, [])
    assert outcome.text == "p1 holds 10.0.0.5 for a/web, which waits: look again"


def with_two_foreign_records() -> World:
    third = pool("p3", {"10.2.0.5": "a/web"}, net="10.2.0")
    third["spec"]["selector"]["scope"][0]["namespace"] = "c"
    return World(pool(), second({"10.1.0.5": "a/web"}), third, lb("web"))


def test_a_second_foreign_record_is_left_to_an_item_of_its_own() -> None:
    cluster = with_two_foreign_records()
    report, items = cluster.look(), cluster.plan().items
    (outcome,) = carry_out(cluster.pen(), report.snapshot, items[:1])
    assert outcome.result is Result.WAITING
    assert (cluster.records("p2"), cluster.records("p3")) == ({}, {"10.2.0.5": "a/web"})


def test_two_foreign_records_of_one_owner_are_both_dropped_and_not_into_history() -> None:
    cluster = with_two_foreign_records().with_controller()
    for _ in range(2):
        cluster.carry_out([item.stamp for item in cluster.plan().items], "LBD103")
    assert (cluster.records("p2"), cluster.records("p3")) == ({}, {})
    assert (cluster.history("p2"), cluster.history("p3")) == ({}, {})
    assert cluster.booking() == "10.0.0.2"


def test_a_foreign_record_that_history_names_for_the_same_owner_is_left_alone() -> None:
    cluster = World(pool(), second({"10.1.0.5": "a/web"}), lb("web"))
    cluster.patch_pool({"status": {"allocatedHistory": {"10.1.0.5": "a/web"}}}, "p2")
    outcome = do(cluster, "LBD103")
    assert (outcome.result, cluster.api.writes()) == (Result.REFUSED, [])
    assert outcome.text == "history of p2 names 10.1.0.5 for the same owner (LBD106)"


def test_the_pool_that_the_owner_is_booked_in_has_to_be_read() -> None:
    cluster = World(pool(allocated={"10.0.0.5": "a/web"}), second({"10.1.0.5": "a/web"}))
    cluster.put(lb("web", ip="10.0.0.5"))
    report, item = cluster.item("LBD103")

    def refuse(call: Call) -> None:
        if (call.verb, call.name) == ("get", "p1"):
            raise ReadError(Unread.FAILED, "no answer")

    cluster.api.before = refuse
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert (outcome.result, outcome.text) == (Result.UNKNOWN, "no answer")
    assert cluster.api.writes() == []


def test_our_own_fence_is_no_reason_to_refuse_the_next_try() -> None:
    cluster = foreign()
    cluster.api.before = at(1, lambda: cluster.touch_pool("p2"), "patch", Kind.IP_POOL)
    outcome = done(cluster, "LBD103")
    assert (cluster.records("p2"), len(outcome.writes)) == ({}, 3)


def test_a_foreign_record_stays_if_its_owner_is_booked_before_the_fence() -> None:
    cluster = foreign()
    booked = {"status": {"allocatedAddress": {"ipPool": "p2", "ip": "10.1.0.5"}}}
    cluster.api.before = at(1, lambda: cluster.patch_lb(booked), "patch", Kind.LOAD_BALANCER)
    outcome = do(cluster, "LBD103")
    assert outcome.result is not Result.DONE
    assert cluster.records("p2") == {"10.1.0.5": "a/web"}
