"""S1: a record without a booking, and what each version does about it."""

from __future__ import annotations

from typing import Any

import pytest

from lbdoctor.cluster.memory.controller.steps import Step
from lbdoctor.domain.refs import Kind
from tests.unit.memory.world import (
    FOUR,
    HEALING,
    LB_FINALIZER,
    RESELECTING,
    World,
    duplicate,
    every_version,
    healing,
    lb,
    lb_ref,
    pool,
    pool_ref,
    without_release,
)

TAKEN = {"10.0.0.10": "default/web"}


def stuck(tag: str, **spec: Any) -> World:
    world = World(tag, pool())
    world.create(lb(**spec))
    world.recreate_during_sync()
    return world


@without_release
def test_up_to_v1_4_it_stays(tag: str) -> None:
    world = stuck(tag)
    world.run(3600)
    assert world.ready() == ("False", duplicate(tag, "10.0.0.10"))
    assert (world.records(), world.booking()) == (TAKEN, {})
    assert world.lb()["metadata"]["finalizers"] == [LB_FINALIZER]


@every_version
def test_the_message_is_written_once(tag: str) -> None:
    world = stuck(tag)
    wanted = [Step.R1, Step.W3, Step.W4] if tag in HEALING else [Step.W3, Step.W4]
    assert world.sync(lb_ref()) == wanted
    assert world.ready() == ("False", duplicate(tag, "10.0.0.10"))


@without_release
def test_later_syncs_of_a_stuck_one_write_nothing(tag: str) -> None:
    world = stuck(tag)
    world.settle()
    before = world.lb()
    world.run(600)
    assert world.lb() == before


@healing
def test_two_syncs_heal_it_with_the_same_address(tag: str) -> None:
    world = stuck(tag)
    assert world.sync(lb_ref()) == [Step.R1, Step.W3, Step.W4]
    assert (world.records(), world.history()) == ({}, TAKEN)
    assert world.sync(lb_ref()) == [Step.W1, Step.W3]
    assert (world.ip(), world.ready()) == ("10.0.0.10", ("True", ""))
    assert (world.records(), world.history(), world.status()["available"]) == (TAKEN, {}, 9)


def test_v1_5_0_heals_only_where_the_pool_is_named() -> None:
    selected, named = stuck("v1.5.0"), stuck("v1.5.0", ipPool="edge")
    selected.run(3600)
    named.settle()
    assert selected.message() == duplicate("v1.5.0", "10.0.0.10")
    assert (selected.records(), selected.booking()) == (TAKEN, {})
    assert (named.ip(), named.records()) == ("10.0.0.10", TAKEN)


@every_version
def test_a_record_moved_to_history_by_hand_is_booked_again(tag: str) -> None:
    world = stuck(tag)
    world.patch_pool(
        {
            "status": {
                "allocated": {"10.0.0.10": None},
                "allocatedHistory": TAKEN,
                "available": 10,
            }
        }
    )
    world.run(60)
    assert (world.ip(), world.ready()) == ("10.0.0.10", ("True", ""))
    assert (world.records(), world.history(), world.status()["available"]) == (TAKEN, {}, 9)


@every_version
def test_a_booking_written_by_hand_is_taken_as_it_is(tag: str) -> None:
    world = stuck(tag)
    world.patch_lb({"status": {"allocatedAddress": {"ipPool": "edge", "ip": "10.0.0.10"}}})
    world.settle()
    assert (world.records(), world.ready()) == (TAKEN, ("True", ""))


@without_release
def test_deleting_a_stuck_one_leaves_a_stale_record(tag: str) -> None:
    world = stuck(tag)
    world.settle()
    world.delete()
    assert world.sync(lb_ref()) == [Step.R2]
    assert (world.has(), world.records()) == (False, TAKEN)


@healing
def test_nothing_is_released_for_a_deleted_load_balancer(tag: str) -> None:
    world = World(tag, pool(records=TAKEN))
    world.create(lb(finalizers=[LB_FINALIZER]))
    world.delete()
    assert world.sync(lb_ref()) == [Step.R2]
    assert (world.has(), world.records()) == (False, TAKEN)


@healing
def test_a_new_one_of_the_name_takes_a_stale_record_over(tag: str) -> None:
    world = World(tag, pool(records={"10.0.0.15": "default/web"}))
    world.create(lb())
    world.settle()
    assert (world.ip(), world.records()) == ("10.0.0.15", {"10.0.0.15": "default/web"})


@pytest.mark.parametrize("tag", [*RESELECTING, *FOUR, "v1.5.0"])
def test_a_stale_record_makes_a_new_one_of_the_name_stuck(tag: str) -> None:
    world = World(tag, pool(records={"10.0.0.15": "default/web"}))
    world.create(lb())
    world.run(600)
    assert world.message() == duplicate(tag, "10.0.0.15")


@healing
def test_a_release_from_another_pool_leaves_the_record(tag: str) -> None:
    answers = iter(["edge", "10.0.0.10", "west"])
    world = World(tag, pick=lambda among: next(answers, among[0]))
    world.server.without_webhook()
    world.server.create(Kind.IP_POOL, pool(records=TAKEN))
    world.server.create(Kind.IP_POOL, pool("west", third=1))
    world.settle()
    world.create(lb())
    assert world.sync(lb_ref()) == [Step.W3, Step.W4]
    assert world.message() == duplicate(tag, "10.0.0.10")
    assert world.records() == TAKEN


@healing
def test_a_release_that_is_refused_does_not_change_the_message(tag: str) -> None:
    world = World(tag, pool(records=TAKEN))
    world.create(lb())
    world.server.denied.add(Kind.IP_POOL)
    assert world.sync(lb_ref()) == [Step.R1, Step.W3, Step.W4]
    assert world.message() == duplicate(tag, "10.0.0.10")
    world.server.denied.clear()
    world.run(60)
    assert world.ip() == "10.0.0.10"


@healing
def test_only_a_duplicate_is_released(tag: str) -> None:
    """S8: another failure of the allocator frees nothing."""
    world = World(tag, pool(records={"10.0.0.12": "default/web"}))
    world.patch_pool({"status": {"allocatedHistory": {"10.0.9.9": "default/web"}}})
    world.sync(pool_ref())
    world.create(lb())
    assert world.sync(lb_ref()) == [Step.W3, Step.W4]
    assert world.records() == {"10.0.0.12": "default/web"}


@healing
def test_between_release_and_booking_a_healing_one_looks_stuck(tag: str) -> None:
    world = stuck(tag)
    assert Step.R1 in world.sync(lb_ref())
    task = world.stop_before(Step.W3, lb_ref())
    assert world.records() == TAKEN
    assert world.booking() == {}
    assert world.message() == duplicate(tag, "10.0.0.10")
    # Who releases the record now makes a booking without one; a touch would have stopped it.
    world.patch_pool({"status": {"allocated": None}})
    world.finish(task)
    world.settle()
    assert (world.ip(), world.records()) == ("10.0.0.10", {})


@healing
def test_a_touch_fences_the_booking_of_a_healing_one(tag: str) -> None:
    world = stuck(tag)
    assert Step.R1 in world.sync(lb_ref())
    task = world.stop_before(Step.W3, lb_ref())
    world.touch()
    world.patch_pool(
        {"status": {"allocated": {"10.0.0.10": None}, "allocatedHistory": TAKEN, "available": 10}}
    )
    world.finish(task)
    world.run(60)
    assert (world.ip(), world.records()) == ("10.0.0.10", TAKEN)
