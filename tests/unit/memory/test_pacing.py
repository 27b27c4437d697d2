"""When the controller looks again: back-off, poll, and what ends the waiting."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lbdoctor.domain.refs import Kind
from tests.unit.memory.world import (
    LB_FINALIZER,
    NOW,
    World,
    every_version,
    lb,
    lb_ref,
    pool,
    reselecting,
    sticky,
)


def delays(world: World, count: int) -> list[float]:
    """Return how long each of the next waits lasts, in seconds."""
    found = []
    for _ in range(count):
        due = world.controller.next_due
        assert due is not None
        wait = (due - world.clock.now()).total_seconds()
        found.append(wait)
        world.clock.advance(wait)
        world.settle()
    return found


def failing(tag: str) -> World:
    """Return a world whose LoadBalancer failed once, and has nothing more to write."""
    world = World(tag)
    world.server.load(Kind.LOAD_BALANCER, lb(ipPool="nowhere", finalizers=[LB_FINALIZER]))
    world.settle()
    world.restart(tag)
    world.settle()
    return world


@every_version
def test_a_failure_is_tried_again_after_5_ms_doubling_to_30_s_and_then_2_min(tag: str) -> None:
    doubling = [0.005 * 2**n for n in range(13)]
    expected = [*doubling, *[30.0] * 17, 120.0, 120.0]
    assert delays(failing(tag), 32) == pytest.approx(expected)


@every_version
def test_a_success_begins_the_back_off_anew(tag: str) -> None:
    world = failing(tag)
    delays(world, 12)
    world.patch_lb({"spec": {"ipPool": None, "ipam": "pool"}})
    world.server.create(Kind.IP_POOL, pool())
    world.settle()
    world.run(60)
    assert world.ip() == "10.0.0.10"
    world.server.without_webhook()
    world.patch_lb({"status": {"allocatedAddress": None}, "spec": {"ipPool": "nowhere"}})
    world.settle()
    # Two failures: one that wrote the message, one that its own write woke.
    assert delays(world, 3) == pytest.approx([0.01, 0.02, 0.04])


@every_version
def test_any_write_ends_a_back_off(tag: str) -> None:
    world = World(tag)
    world.create(lb(ipPool="edge"))
    world.run(600)
    world.server.create(Kind.IP_POOL, pool())
    world.settle()
    assert world.ip() == ""
    world.touch()
    world.settle()
    assert world.ip() == "10.0.0.10"


@every_version
def test_the_same_annotation_twice_is_no_write_and_wakes_nobody(tag: str) -> None:
    world = World(tag)
    world.create(lb(ipPool="edge"))
    world.touch()
    world.run(600)
    world.server.create(Kind.IP_POOL, pool())
    world.settle()
    before = world.lb()
    world.touch()
    world.settle()
    assert (world.lb(), world.ip()) == (before, "")


@every_version
def test_a_change_of_a_pool_wakes_no_load_balancer(tag: str) -> None:
    world = World(tag)
    world.create(lb(ipPool="edge"))
    world.run(600)
    world.server.create(Kind.IP_POOL, pool())
    world.settle()
    assert world.ip() == ""
    world.run(121)
    assert world.ip() == "10.0.0.10"


@sticky
def test_no_matching_pool_is_polled_every_second(tag: str) -> None:
    world = World(tag)
    world.create(lb())
    world.settle()
    assert delays(world, 5) == [1.0] * 5
    world.server.create(Kind.IP_POOL, pool())
    world.run(1.5)
    assert world.ip() == "10.0.0.10"


@sticky
def test_a_poll_is_no_failure(tag: str) -> None:
    world = World(tag)
    world.create(lb())
    world.run(60)
    world.patch_lb({"spec": {"ipPool": "nowhere"}})
    world.settle()
    assert min(delays(world, 2)) < 0.05


@sticky
def test_the_poll_goes_on_where_the_message_cannot_be_written(tag: str) -> None:
    world = World(tag)
    world.create(lb())
    world.server.denied.add(Kind.LOAD_BALANCER)
    world.run(120)
    world.server.denied.clear()
    world.server.create(Kind.IP_POOL, pool())
    world.run(1.5)
    assert world.ip() == "10.0.0.10"


@reselecting
def test_up_to_v0_4_0_no_matching_pool_backs_off(tag: str) -> None:
    world = World(tag)
    world.create(lb())
    world.settle()
    assert delays(world, 4) == pytest.approx([0.01, 0.02, 0.04, 0.08])


@every_version
def test_an_exhausted_pool_backs_off_and_is_not_polled(tag: str) -> None:
    world = World(tag, pool("edge", {"subnet": "10.0.0.0/30"}, records={"10.0.0.2": "default/x"}))
    world.create(lb())
    world.settle()
    assert delays(world, 4) == pytest.approx([0.01, 0.02, 0.04, 0.08])


@every_version
def test_with_a_lag_a_change_is_believed_when_it_is_over(tag: str) -> None:
    world = World(tag, pool(), lag=timedelta(seconds=2))
    world.run(10)
    world.create(lb())
    world.settle()
    assert world.controller.cache.get(lb_ref()) is None
    assert world.controller.next_due == world.clock.now() + timedelta(seconds=2)
    world.run(1.9)
    assert world.ip() == ""
    world.run(0.2)
    assert world.ip() == "10.0.0.10"


@every_version
def test_with_a_lag_a_second_one_is_told_that_it_failed_to_reserve(tag: str) -> None:
    world = World(tag, pool(), lag=timedelta(seconds=2))
    world.run(10)
    world.create(lb("a"), lb("b"))
    world.run(2.1)
    assert (world.ip("a"), world.ip("b")) == ("10.0.0.10", "")
    assert ("10.0.0.10 into edge" in world.message("b")) is True
    world.run(60)
    assert world.ip("b") == "10.0.0.11"


@every_version
def test_after_a_compaction_it_lists_anew_and_misses_no_deletion(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb("a"), lb("b"))
    world.settle()
    world.server.patch(Kind.LOAD_BALANCER, "a", "default", body={"metadata": {"finalizers": None}})
    world.delete("a")
    world.create(lb("c"))
    world.server.forget_the_past()
    world.settle()
    assert world.controller.cache.get(lb_ref("a")) is None
    assert world.ip("c") == "10.0.0.12"


@every_version
def test_an_event_of_a_handled_object_is_handled_after_it(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb())
    task = world.begin(lb_ref())
    world.touch()
    world.controller.listen()
    assert world.controller.ready() == []
    world.finish(task)
    assert lb_ref() in world.controller.ready()


@every_version
def test_a_clock_that_nobody_advances_does_nothing(tag: str) -> None:
    world = World(tag)
    world.create(lb())
    world.settle()
    before = world.lb()
    world.settle()
    assert (world.clock.now(), world.lb()) == (NOW, before)
