"""Where the searches begin: the states of harvester.md that lbdoctor acts on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lbdoctor.cluster.memory.controller.steps import Step
from lbdoctor.domain.controller import Version
from lbdoctor.domain.refs import Kind, Owner
from tests.model.objects import lb, pool
from tests.model.world import Act, Scenario, World

LB = Kind.LOAD_BALANCER
ANY_VERSION = Version(0, 4, 0)
"""Stands in a scenario until a search names its own."""


def create(name: str, ipam: str = "pool") -> Act:
    return lambda server: server.create(LB, lb(name, ipam))


def delete(name: str) -> Act:
    return lambda server: server.delete(LB, name, "default")


def touch(name: str) -> Act:
    body = {"metadata": {"annotations": {"somebody": "was here"}}}
    return lambda server: server.patch(LB, name, "default", body=body)


def drop(ip: str) -> Act:
    """Take a record out by hand, as operators do who know that it is in the way."""
    body = {"status": {"allocated": {ip: None}}}
    return lambda server: server.patch(Kind.IP_POOL, "p", body=body)


def stale(world: World) -> None:
    """S2: ``a`` went away between the two writes of its allocation."""
    _one_pool(world)
    _lose(world, again=False)


def stale_in_history(world: World) -> None:
    """S2 as an edit by hand left it: history names the record's owner for the address, too."""
    stale(world)
    _name_in_history(world)
    world.settle()


def stuck_in_history(world: World) -> None:
    """S1 as an edit by hand left it."""
    stuck(world)
    _name_in_history(world)


def _name_in_history(world: World) -> None:
    body = {"status": {"allocatedHistory": {"10.0.0.2": "default/a"}}}
    world.server.patch(Kind.IP_POOL, "p", body=body)


def stuck(world: World) -> None:
    """S1: ``a`` went away in between, and another of its name is there by now."""
    _one_pool(world)
    _lose(world, again=True)


def _one_pool(world: World) -> None:
    world.server.create(Kind.IP_POOL, pool())
    world.settle()


def _lose(world: World, *, again: bool) -> None:
    controller = world.controller
    world.server.create(LB, lb("a"))
    controller.listen()
    task = controller.begin(Owner("default", "a").ref)
    assert task.next is Step.W1
    controller.advance(task)
    world.server.delete(LB, "a", "default")
    if again:
        world.server.create(LB, lb("a"))
    while task in controller.tasks:
        controller.advance(task)
    if again:
        _until_it_says_so(world)
    else:
        world.settle()


def _until_it_says_so(world: World) -> None:
    """Let the controller meet the record once, up to the write that says so."""
    ref = Owner("default", "a").ref
    controller = world.controller
    world.clock.advance(1)
    controller.listen()
    task = controller.begin(ref)
    while task in controller.tasks and task.next is not Step.R1:
        controller.advance(task)
    if task in controller.tasks:
        world.controller = world.new_controller()


def unrecorded(world: World) -> None:
    """S3: ``a`` is booked, and its record was lost."""
    _one_pool(world)
    world.server.create(LB, lb("a"))
    world.settle()
    body = {"status": {"allocated": {"10.0.0.2": None}, "available": 2}}
    world.server.patch(Kind.IP_POOL, "p", body=body)
    world.settle()


def foreign(world: World) -> None:
    """S6: ``a`` hangs on a record in ``p``, and by now ``q`` is the pool that it would get."""
    stuck(world)
    world.server.create(Kind.IP_POOL, pool("q", third=1, priority=5))
    world.controller = world.new_controller()


def backing_off(world: World) -> None:
    """The record that ``a`` hung on was taken away by hand; its next try is some time off."""
    stuck(world)
    body = {"status": {"allocated": {"10.0.0.2": None}, "available": 2}}
    world.server.patch(Kind.IP_POOL, "p", body=body)


def without_ipam(world: World) -> None:
    """S17: ``a`` waits for its first address, and its spec.ipam is empty."""
    _one_pool(world)
    world.server.create(LB, lb("a", ipam=""))


def gone_for_a_moment(world: World) -> None:
    """S17: ``a`` never gives its address back, and its cloud provider makes it anew just now.

    The other address is taken, so whoever comes next gets the one of ``a``, if it is free.
    """
    _one_pool(world)
    world.server.create(LB, lb("a", ipam=""))
    world.settle()
    world.server.create(LB, lb("c"))
    world.settle()
    world.server.delete(LB, "a", "default")
    world.settle()
    world.announced["10.0.0.2"] = "default/a"


@dataclass(frozen=True, slots=True)
class Tooth:
    """A guard, and the search that finds harm without it.

    ``hidden_by`` are guards that have to be off as well, for they would save the day.
    """

    guard: str
    scenario: str
    version: Version
    hidden_by: tuple[str, ...] = ()
    deviations: int = 2


SCENARIOS: dict[str, Scenario] = {
    item.name: item
    for item in (
        Scenario("stale", ANY_VERSION, stale, (create("a"),)),
        Scenario("stale, history names it", ANY_VERSION, stale_in_history, (create("a"),)),
        Scenario("stale, lbdoctor killed", ANY_VERSION, stale, (create("a"),), kills=True),
        Scenario("stuck", ANY_VERSION, stuck),
        Scenario("stuck, version unknown", ANY_VERSION, stuck, is_known=False),
        Scenario("stuck, history names it", ANY_VERSION, stuck_in_history),
        Scenario("stuck, everybody crashes", ANY_VERSION, stuck, kills=True, crashes=True),
        Scenario("stuck, an operator edits", ANY_VERSION, stuck, (touch("a"), drop("10.0.0.2"))),
        Scenario("stuck and recreated", ANY_VERSION, stuck, (delete("a"), create("a"))),
        Scenario("unrecorded", ANY_VERSION, unrecorded, (delete("a"), create("b"))),
        Scenario("in two pools", ANY_VERSION, foreign),
        Scenario("backing off", ANY_VERSION, backing_off),
        Scenario("without ipam", ANY_VERSION, without_ipam),
        Scenario(
            "gone for a moment",
            ANY_VERSION,
            gone_for_a_moment,
            (create("b"), create("a", ipam="")),
            within=5.0,
        ),
    )
}
TEETH = (
    Tooth("fence", "stuck", Version(0, 4, 0)),
    Tooth("version", "stuck", Version(1, 9, 0)),
    Tooth("pool_first", "stuck", Version(1, 9, 0)),
    Tooth("order", "stale", Version(1, 9, 0), hidden_by=("put_back",)),
    Tooth("history", "stale, history names it", Version(0, 4, 4)),
    Tooth("live_owner", "stale", Version(1, 9, 0), hidden_by=("put_back",)),
    Tooth("put_back", "stale", Version(1, 9, 0), hidden_by=("version",)),
    Tooth("grace", "gone for a moment", Version(0, 4, 4)),
)


def scenario(name: str, version: Version) -> Scenario:
    return replace(SCENARIOS[name], version=version)
