"""What is written on account of a LoadBalancer: restored, cleared, set, woken."""

from __future__ import annotations

from typing import Any

import pytest

from lbdoctor.cluster.api import Manifest
from lbdoctor.domain.refs import Kind
from lbdoctor.repair.outcomes import Result
from lbdoctor.repair.run import carry_out
from tests.cli.manifests import lb, pool
from tests.unit.repair.interposed import always, at, lost
from tests.unit.repair.test_single_fixes import (
    conflict,
    do,
    done,
    second,
    unrecorded,
    unset,
    waiting,
)
from tests.unit.repair.test_stuck import stuck
from tests.unit.repair.world import World


def test_a_lost_record_is_written_again() -> None:
    cluster = unrecorded()
    done(cluster, "LBD202")
    assert cluster.records() == {"10.0.0.5": "a/web"}


def test_a_lost_record_is_not_written_over_anothers() -> None:
    cluster = unrecorded()
    report, item = cluster.item("LBD202")
    cluster.patch_pool({"status": {"allocated": {"10.0.0.5": "a/two"}}})
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert (outcome.result, cluster.records()) == (Result.REFUSED, {"10.0.0.5": "a/two"})


def gone(cluster: World) -> None:
    cluster.delete()


def terminating(cluster: World) -> None:
    cluster.server.delete(Kind.LOAD_BALANCER, "web", "a")


def unbooked(cluster: World) -> None:
    cluster.patch_lb({"status": {"allocatedAddress": None}})


@pytest.mark.parametrize("conflicts", [0, 3])
@pytest.mark.parametrize("leaves", [gone, terminating, unbooked])
def test_a_restored_record_that_nobody_uses_is_taken_out_again(leaves: Any, conflicts: int) -> None:
    cluster = unrecorded()
    cluster.api.after = at(1, lambda: leaves(cluster), "patch", Kind.IP_POOL)
    touched = 0

    def touch() -> None:
        nonlocal touched
        touched += 1
        if 2 <= touched < 2 + conflicts:
            cluster.touch_pool()

    cluster.api.before = always(touch, "patch", Kind.IP_POOL)
    outcome = do(cluster, "LBD202")
    assert (outcome.result, cluster.records()) == (Result.REFUSED, {})
    assert "the record was taken out again" in outcome.text


def test_a_restored_record_is_looked_after_though_the_answer_was_lost() -> None:
    cluster = unrecorded()

    def leaves() -> None:
        cluster.delete()
        lost()

    cluster.api.after = at(1, leaves, "patch", Kind.IP_POOL)
    outcome = do(cluster, "LBD202")
    assert (outcome.result, cluster.records()) == (Result.REFUSED, {})


def test_of_two_on_one_address_the_one_without_the_record_is_cleared_if_wanted() -> None:
    cluster = conflict()
    assert "LBD203" not in [one.finding.code for one in cluster.plan().items]
    outcome = done(cluster, "LBD203")
    assert outcome.text.endswith("now touch the guest's Service of it")
    assert (cluster.booking("two"), cluster.booking("web")) == ("", "10.0.0.5")


def test_the_one_without_the_record_is_not_cleared_if_it_got_another_address() -> None:
    cluster = conflict()
    moved = {"status": {"allocatedAddress": {"ip": "10.0.0.8"}}}
    cluster.api.before = at(1, lambda: cluster.patch_lb(moved, "two"), "patch")
    outcome = do(cluster, "LBD203")
    assert (outcome.result, cluster.booking("two")) == (Result.ALREADY, "10.0.0.8")


def test_ipam_is_set() -> None:
    cluster = unset()
    done(cluster, "LBD208")
    found = cluster.lb()
    assert found is not None
    assert found["spec"]["ipam"] == "pool"


def test_ipam_is_not_set_on_what_changed_since() -> None:
    cluster = unset()
    report, item = cluster.item("LBD208")
    cluster.touch()
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert (outcome.result, cluster.api.writes()) == (Result.REFUSED, [])


def test_one_that_backs_off_is_woken() -> None:
    cluster = waiting().with_controller()
    report, item = cluster.item("LBD207")
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert (outcome.result, cluster.booking()) == (Result.DONE, "10.0.0.2")


def test_one_without_the_finalizer_is_not_woken() -> None:
    assert waiting(finalizer=False).plan().items == ()


def held(cluster: World, name: str) -> Manifest:
    return {"status": {"allocated": {"10.0.0.7" if name == "p1" else "10.1.0.7": "a/web"}}}


@pytest.mark.parametrize("name", ["p1", "p2"])
def test_one_of_which_any_pool_holds_a_record_is_not_woken(name: str) -> None:
    cluster = waiting()
    cluster.put(second())
    report, item = cluster.item("LBD207")
    cluster.api.before = at(
        1, lambda: cluster.patch_pool(held(cluster, name), name), "list", Kind.IP_POOL
    )
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert (outcome.result, cluster.api.writes()) == (Result.REFUSED, [])


def hangs(cluster: World) -> None:
    """Let an allocation have begun before the touch, so that it cannot be booked."""
    cluster.api.after = at(1, lambda: cluster.patch_pool(held(cluster, "p1")), "patch")


def test_one_that_a_wake_has_left_stuck_is_healed() -> None:
    cluster = waiting()
    hangs(cluster)
    cluster.with_controller()
    outcome = do(cluster, "LBD207")
    assert (outcome.result, outcome.text) == (Result.DONE, "a/web has 10.0.0.7 of p1")
    assert (cluster.booking(), cluster.records()) == ("10.0.0.7", {"10.0.0.7": "a/web"})


def test_a_pool_that_cannot_be_read_after_a_wake_is_no_success() -> None:
    cluster = waiting()
    broken = pool("odd") | {"spec": "?"}
    cluster.api.after = at(1, lambda: cluster.put(broken), "patch")
    outcome = do(cluster, "LBD207")
    assert (outcome.result, len(outcome.writes)) == (Result.FAILED, 1)
    assert "IPPool odd" in outcome.text


def test_one_that_stays_stuck_after_a_wake_is_no_success() -> None:
    cluster = waiting()
    hangs(cluster)
    outcome = do(cluster, "LBD207")
    assert outcome.result is Result.WAITING
    assert outcome.text == "released, still waiting for the controller"


def test_one_whose_booking_is_under_way_after_a_wake_is_left_alone() -> None:
    cluster = waiting()
    hangs(cluster)
    booked = {"status": {"allocatedAddress": {"ipPool": "p1", "ip": "10.0.0.7"}}}
    waits = iter(range(100))

    def meanwhile(seconds: float) -> None:
        cluster.clock.advance(seconds)
        if next(waits) == 14:
            cluster.patch_lb(booked)

    cluster.pace.meanwhile = meanwhile
    outcome = do(cluster, "LBD207")
    assert (outcome.result, len(cluster.api.writes())) == (Result.DONE, 1)


@pytest.mark.parametrize("stops_at", [2, 13])
def test_a_healing_after_a_wake_that_is_broken_off_says_so(stops_at: int) -> None:
    cluster = waiting()
    hangs(cluster)
    cluster.pace.stops_at = stops_at
    outcome = do(cluster, "LBD207")
    assert (outcome.result, outcome.text) == (Result.WAITING, "woken, and not waited for")


def test_ipam_of_one_that_hangs_or_is_being_booked_is_not_set() -> None:
    cluster = stuck()
    cluster.patch_lb({"spec": {"ipam": None}})
    cluster.with_controller()
    (outcome,) = cluster.repair("LBD208")
    assert (outcome.result, cluster.api.writes()) == (Result.REFUSED, [])
    assert outcome.text == "p1 holds 10.0.0.5 for a/web, which waits: look again"


def test_ipam_set_in_the_middle_of_an_allocation_is_seen_to() -> None:
    made = lb("web")
    del made["spec"]["ipam"]
    cluster = World(pool(), made)
    hangs(cluster)
    cluster.with_controller()
    outcome = do(cluster, "LBD208")
    assert (outcome.result, cluster.booking()) == (Result.DONE, "10.0.0.7")


def test_a_wake_that_is_not_waited_for_says_so() -> None:
    cluster = waiting()
    cluster.pace.stops_at = 1
    outcome = do(cluster, "LBD207")
    assert (outcome.result, outcome.text) == (Result.WAITING, "woken, and not waited for")
