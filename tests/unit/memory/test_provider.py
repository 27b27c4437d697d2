"""The guest's cloud provider: it polls, deletes and begins anew, and so makes things stuck."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lbdoctor.cluster.memory.controller.steps import Step
from lbdoctor.cluster.memory.provider import provide
from lbdoctor.domain.refs import Kind
from tests.unit.memory.world import (
    HEALING,
    World,
    duplicate,
    every_version,
    lb,
    lb_ref,
    pool,
)

NAMES = ("a", "b", "c")


def drive(world: World, providers: list[Iterator[float]], seconds: float) -> list[int]:
    """Let each provider and the controller work for so long; return who is content."""
    start = world.clock.now()
    due = dict.fromkeys(range(len(providers)), 0.0)
    while due and min(due.values()) <= seconds:
        at = min(due, key=lambda item: due[item])
        gone = (world.clock.now() - start).total_seconds()
        world.run(due[at] - gone)
        try:
            due[at] += next(providers[at])
        except StopIteration:
            del due[at]
    return [at for at in range(len(providers)) if at not in due]


@every_version
def test_it_is_content_with_the_first_address(tag: str) -> None:
    world = World(tag, pool())
    provider = provide(world.server, lb())
    assert next(provider) == 1.0
    world.settle()
    assert list(provider) == []
    assert world.ip() == "10.0.0.10"


def test_ten_polls_a_second_apart_then_a_deletion_and_a_back_off_that_doubles() -> None:
    world = World()
    provider = provide(world.server, lb())
    for back_off in (5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0):
        for _ in range(10):
            assert next(provider) == 1.0
            assert world.has()
        assert next(provider) == back_off
        assert not world.has()


def test_each_time_it_is_another_object_of_the_same_name() -> None:
    world = World()
    provider = provide(world.server, lb())
    next(provider)
    before = world.lb()["metadata"]["uid"]
    for _ in range(11):
        next(provider)
    assert world.lb()["metadata"]["uid"] != before


def test_one_that_somebody_deleted_is_missed_only_when_the_polls_are_over() -> None:
    world = World()
    provider = provide(world.server, lb())
    next(provider)
    world.delete()
    assert [next(provider) for _ in range(10)] == [1.0] * 9 + [5.0]


def test_one_that_may_not_be_created_is_tried_again_after_the_back_off() -> None:
    world = World()
    provider = provide(world.server, lb(workloadType="vm"))
    assert [next(provider) for _ in range(3)] == [5.0, 10.0, 20.0]


def test_it_takes_the_address_of_one_that_is_on_its_way_out() -> None:
    """S10: the guest Service gets an address that is released a moment later."""
    world = World("v1.9.0", pool())
    world.create(lb())
    world.settle()
    world.delete()
    provider = provide(world.server, lb())
    assert next(provider) == 1.0
    assert list(provider) == []
    world.settle()
    assert not world.has()


@every_version
def test_where_no_pool_matches_it_loops_until_one_does(tag: str) -> None:
    world = World(tag)
    providers = [provide(world.server, lb(name)) for name in NAMES]
    assert drive(world, providers, 120.0) == []
    world.server.create(Kind.IP_POOL, pool())
    assert drive(world, providers, 700.0) == [0, 1, 2]
    assert sorted(world.records().values()) == [f"default/{name}" for name in NAMES]


def slow_first_round(world: World) -> list[Iterator[float]]:
    """Let a slow controller take each address, and book it after the provider gave up."""
    providers = [provide(world.server, lb(name)) for name in NAMES]
    for name, provider in zip(NAMES, providers, strict=True):
        next(provider)
        task = world.stop_before(Step.W3, lb_ref(name))
        while next(provider) == 1.0:
            pass
        assert not world.has(name)
        assert next(provider) == 1.0
        world.finish(task)
    return providers


@pytest.mark.parametrize("tag", ["v0.2.6", "v0.4.0", "v0.4.4", "v1.5.0"])
def test_with_a_slow_controller_all_hang_for_ever_and_leave_stale_records(tag: str) -> None:
    world = World(tag, pool())
    providers = slow_first_round(world)
    taken = world.records()
    assert sorted(taken.values()) == [f"default/{name}" for name in NAMES]
    assert drive(world, providers, 3600.0) == []
    assert world.records() == taken
    world.settle()
    world.create(*(lb(name) for name in NAMES if not world.has(name)))
    world.run(10)
    for ip, name in zip(taken, NAMES, strict=True):
        assert world.message(name) == duplicate(tag, ip, name)
        world.delete(name)
    world.run(60)
    assert (world.records(), [world.has(name) for name in NAMES]) == (taken, [False] * 3)


@pytest.mark.parametrize("tag", HEALING)
def test_with_a_slow_controller_that_heals_all_are_content_in_the_end(tag: str) -> None:
    world = World(tag, pool())
    providers = slow_first_round(world)
    taken = world.records()
    assert drive(world, providers, 600.0) == [0, 1, 2]
    assert world.records() == taken
