"""What can come between two writes of the controller, and what it leaves."""

from __future__ import annotations

import pytest

from lbdoctor.cluster.memory.controller.steps import Step
from lbdoctor.domain.refs import Kind
from tests.unit.memory.world import (
    LB_FINALIZER,
    RESELECTING,
    STICKY,
    World,
    booked,
    every_version,
    healing,
    lb,
    lb_ref,
    pool,
    reselecting,
    said,
    without_release,
)

TAKEN = {"10.0.0.10": "default/web"}


@every_version
def test_a_recreation_during_the_sync_is_refused_by_the_uid(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb())
    world.recreate_during_sync()
    # Both the booking and the finalizer are written to the object that is gone.
    assert len(world.server.refused) == 2
    for text in world.server.refused:
        assert "StorageError: invalid object, Code: 4" in text
        assert text.endswith(
            "Precondition failed: UID in precondition: uid-5, UID in object meta: uid-6"
        )
    assert world.records() == TAKEN
    assert world.booking() == {}


@every_version
def test_a_touch_between_record_and_booking_makes_the_booking_conflict(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb())
    task = world.stop_before(Step.W3, lb_ref())
    world.touch()
    assert world.finish(task) == [Step.W3, Step.W4]
    assert len(world.server.refused) == 2
    for text in world.server.refused:
        assert text.endswith("please apply your changes to the latest version and try again")
    assert (world.records(), world.booking()) == (TAKEN, {})


@every_version
def test_a_webhook_that_is_down_for_the_booking_leaves_the_record(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb())
    task = world.stop_before(Step.W3, lb_ref())
    world.server.denied.add(Kind.LOAD_BALANCER)
    world.finish(task)
    assert (world.records(), world.booking()) == (TAKEN, {})


@every_version
def test_a_webhook_that_is_down_for_the_record_leaves_nothing(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb())
    task = world.stop_before(Step.W1, lb_ref())
    world.server.denied.add(Kind.IP_POOL)
    world.finish(task)
    old = said(tag, "record 10.0.0.10 into edge failed")
    new = said(tag, "fail to reserve 10.0.0.10 into edge")
    assert world.ready() == ("False", old if tag in RESELECTING else new)
    assert world.records() == {}
    world.server.denied.clear()
    world.run(60)
    assert world.ip() == "10.0.0.10"


@every_version
@pytest.mark.parametrize("step", [Step.W1, Step.W3, Step.W4])
def test_a_deletion_before_the_finalizer_leaves_a_stale_record(tag: str, step: Step) -> None:
    world = World(tag, pool())
    world.create(lb())
    task = world.stop_before(step, lb_ref())
    world.delete()
    world.finish(task)
    world.run(600)
    assert not world.has()
    assert (world.records(), world.history()) == (TAKEN, {})


@without_release
def test_a_recreation_before_the_finalizer_is_stuck(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb())
    task = world.stop_before(Step.W4, lb_ref())
    assert world.ip() == "10.0.0.10"
    world.delete()
    world.create(lb())
    world.finish(task)
    world.run(600)
    assert (world.records(), world.booking()) == (TAKEN, {})
    assert "duplicate allocation is not allowed" in world.message()


@every_version
def test_a_deletion_mark_between_record_and_booking_leaves_a_stale_record(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb(finalizers=[LB_FINALIZER]))
    task = world.stop_before(Step.W3, lb_ref())
    world.delete()
    assert world.finish(task) == [Step.W3]
    assert world.sync(lb_ref()) == [Step.R2]
    assert not world.has()
    assert world.records() == TAKEN


@every_version
def test_another_choice_of_pool_after_a_failed_booking_makes_a_second_record(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb())
    task = world.stop_before(Step.W3, lb_ref())
    world.server.create(Kind.IP_POOL, pool("better", third=1, priority=9))
    world.touch()
    world.finish(task)
    world.settle()
    assert world.booking()["ipPool"] == "better"
    assert world.records("better") == {"10.0.1.10": "default/web"}
    assert world.records() == TAKEN


@every_version
def test_the_record_in_the_other_pool_outlives_the_load_balancer(tag: str) -> None:
    world = World(tag, pool(records=TAKEN), pool("better", third=1, priority=9))
    world.create(lb())
    world.settle()
    assert world.booking()["ipPool"] == "better"
    world.delete()
    world.settle()
    assert not world.has()
    assert (world.records(), world.records("better")) == (TAKEN, {})


@every_version
def test_two_that_pick_one_address_conflict_and_both_get_one(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb("a"), lb("b"))
    first = world.stop_before(Step.W1, lb_ref("a"))
    second = world.stop_before(Step.W1, lb_ref("b"))
    world.finish(first)
    world.finish(second)
    old, new = "record 10.0.0.10 into edge failed", "fail to reserve 10.0.0.10 into edge"
    assert world.message("b") == said(tag, old if tag in RESELECTING else new, "b")
    world.run(1)
    assert (world.ip("a"), world.ip("b")) == ("10.0.0.10", "10.0.0.11")
    assert world.status()["available"] == 8


@every_version
def test_a_crash_between_release_and_finalizer_leaves_nothing(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb())
    world.settle()
    world.delete()
    world.stop_before(Step.R2, lb_ref())
    world.restart(tag)
    world.settle()
    assert not world.has()
    assert (world.records(), world.status()["available"]) == ({}, 10)


@pytest.mark.parametrize("tag", STICKY)
def test_a_release_that_finds_nothing_writes_nothing_to_the_pool(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb())
    world.settle()
    others = {"10.0.0.10": None, "10.0.0.11": "default/other"}
    world.patch_pool({"status": {"allocated": others}})
    before = world.pool()
    world.delete()
    assert world.sync(lb_ref()) == [Step.R2]
    assert world.pool() == before


@reselecting
def test_up_to_v0_4_0_a_release_always_writes(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb(), lb("other"))
    world.settle()
    world.patch_pool({"status": {"allocated": {world.ip(): None}}})
    world.delete()
    assert world.sync(lb_ref()) == [Step.R1, Step.R2]


@reselecting
def test_even_then_not_to_a_pool_that_has_no_records(tag: str) -> None:
    world = World(tag, pool())
    world.create(booked())
    world.settle()
    world.delete()
    assert world.sync(lb_ref()) == [Step.R2]


@reselecting
def test_a_move_that_fails_half_way_leaves_a_booking_without_record(tag: str) -> None:
    full = pool(
        "full",
        {"subnet": "10.0.1.0/30"},
        priority=9,
        records={"10.0.1.2": "default/other"},
    )
    world = World(tag, pool())
    world.create(lb())
    world.settle()
    world.server.create(Kind.IP_POOL, full)
    world.settle()
    world.touch()
    world.run(600)
    assert world.booking()["ipPool"] == "edge"
    assert world.records() == {}
    assert world.message() == said(tag, "no IP addresses available in range set: 10.0.1.1-10.0.1.2")


@healing
def test_a_stale_cache_strips_the_record_of_a_booked_load_balancer(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb())
    task = world.stop_before(Step.W4, lb_ref())
    world.touch()
    world.finish(task)
    # The pool is heard of, the LoadBalancer not yet: it is handled as one without a booking.
    world.controller.cache.listen(world.clock.now())
    assert world.controller.cache.believe_next().kind is Kind.IP_POOL
    world.controller.enqueue(lb_ref())
    stale = world.controller.begin(lb_ref())
    assert world.finish(stale) == [Step.R1, Step.W3, Step.W4]
    world.run(600)
    assert (world.ip(), world.ready()) == ("10.0.0.10", ("True", ""))
    assert (world.records(), world.history()) == ({}, TAKEN)


@pytest.mark.parametrize("tag", [*RESELECTING, "v0.4.4", "v1.5.0"])
def test_a_stale_cache_does_no_harm_where_nothing_is_released(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb())
    task = world.stop_before(Step.W4, lb_ref())
    world.touch()
    world.finish(task)
    world.controller.cache.listen(world.clock.now())
    world.controller.cache.believe_next()
    world.controller.enqueue(lb_ref())
    world.finish(world.controller.begin(lb_ref()))
    world.run(60)
    assert (world.ip(), world.records()) == ("10.0.0.10", TAKEN)
