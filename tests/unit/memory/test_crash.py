"""A controller that dies before a write, and the one that takes its place."""

from __future__ import annotations

import pytest

from lbdoctor.cluster.memory.controller.steps import Step
from lbdoctor.domain.refs import Kind
from tests.unit.memory.world import (
    FOUR,
    HEALING,
    LB_FINALIZER,
    POOL_FINALIZER,
    RESELECTING,
    World,
    duplicate,
    every_version,
    lb,
    lb_ref,
    pool,
    pool_ref,
)

TAKEN = {"10.0.0.10": "default/web"}


def crashed(tag: str, step: Step) -> World:
    world = World(tag, pool())
    world.create(lb())
    world.stop_before(step, lb_ref())
    world.restart(tag)
    world.run(600)
    return world


@every_version
@pytest.mark.parametrize("step", [Step.W1, Step.W4])
def test_before_the_record_or_the_finalizer_nothing_is_lost(tag: str, step: Step) -> None:
    world = crashed(tag, step)
    assert (world.ip(), world.records(), world.ready()) == ("10.0.0.10", TAKEN, ("True", ""))
    assert world.lb()["metadata"]["finalizers"] == [LB_FINALIZER]
    assert world.status()["available"] == 9


@pytest.mark.parametrize("tag", [*RESELECTING, *FOUR, "v1.5.0"])
def test_before_the_booking_it_is_stuck(tag: str) -> None:
    world = crashed(tag, Step.W3)
    assert world.message() == duplicate(tag, "10.0.0.10")
    assert (world.booking(), world.records()) == ({}, TAKEN)


@pytest.mark.parametrize("tag", HEALING)
def test_before_the_booking_it_heals(tag: str) -> None:
    world = crashed(tag, Step.W3)
    assert (world.ip(), world.records(), world.ready()) == ("10.0.0.10", TAKEN, ("True", ""))


@pytest.mark.parametrize("tag", HEALING)
@pytest.mark.parametrize("step", [Step.R1, Step.W3])
def test_while_it_heals_nothing_is_lost(tag: str, step: Step) -> None:
    world = World(tag, pool(records=TAKEN))
    world.create(lb())
    world.stop_before(step, lb_ref())
    world.restart(tag)
    world.run(60)
    assert (world.ip(), world.records()) == ("10.0.0.10", TAKEN)


@every_version
@pytest.mark.parametrize("step", [Step.R1, Step.R2])
def test_while_it_releases_nothing_is_lost(tag: str, step: Step) -> None:
    world = World(tag, pool())
    world.create(lb())
    world.settle()
    world.delete()
    world.stop_before(step, lb_ref())
    world.restart(tag)
    world.run(60)
    assert (world.has(), world.records(), world.history()) == (False, {}, TAKEN)
    assert world.status()["available"] == 10


@every_version
@pytest.mark.parametrize("step", [Step.POOL_STATUS, Step.POOL_FINALIZER])
def test_before_a_write_to_a_new_pool_nothing_is_lost(tag: str, step: Step) -> None:
    world = World(tag)
    world.server.create(Kind.IP_POOL, pool())
    world.stop_before(step, pool_ref())
    world.restart(tag)
    world.run(60)
    assert world.pool()["metadata"]["finalizers"] == [POOL_FINALIZER]
    assert (world.status()["total"], world.status()["available"]) == (10, 10)


@every_version
def test_what_was_deleted_meanwhile_is_released_by_the_next_one(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb())
    world.settle()
    world.delete()
    world.restart(tag)
    world.run(1)
    assert (world.has(), world.records()) == (False, {})


@pytest.mark.parametrize("tag", HEALING)
def test_an_upgrade_heals_what_was_stuck(tag: str) -> None:
    world = crashed("v0.4.0", Step.W3)
    assert world.booking() == {}
    world.restart(tag)
    world.run(60)
    assert (world.ip(), world.records(), world.ready()) == ("10.0.0.10", TAKEN, ("True", ""))
