"""S7: when a pool's counters are written, and when they are not."""

from __future__ import annotations

from lbdoctor.cluster.memory.controller.steps import Step
from lbdoctor.domain.refs import Kind
from tests.unit.memory.world import World, every_version, lb, pool, pool_ref

WIDER = {"subnet": "10.0.0.0/24", "rangeStart": "10.0.0.10", "rangeEnd": "10.0.0.29"}


@every_version
def test_a_status_that_could_not_be_written_is_not_tried_again(tag: str) -> None:
    world = World(tag)
    world.server.create(Kind.IP_POOL, pool())
    task = world.stop_before(Step.POOL_STATUS, pool_ref())
    world.server.denied.add(Kind.IP_POOL)
    world.finish(task)
    world.server.denied.clear()
    world.run(3600)
    assert "status" not in world.pool()
    assert world.pool()["metadata"]["finalizers"]


@every_version
def test_such_a_pool_serves_with_wrong_counters(tag: str) -> None:
    world = World(tag)
    world.server.create(Kind.IP_POOL, pool())
    task = world.stop_before(Step.POOL_STATUS, pool_ref())
    world.server.denied.add(Kind.IP_POOL)
    world.finish(task)
    world.server.denied.clear()
    world.create(lb())
    world.run(60)
    assert world.ip() == "10.0.0.10"
    assert (world.status()["total"], world.status()["available"]) == (0, -1)
    assert "conditions" not in world.status()


@every_version
def test_a_restart_computes_the_counters_anew(tag: str) -> None:
    world = World(tag, pool(records={"10.0.0.10": "default/gone"}))
    world.patch_pool({"status": {"available": -3, "total": 99}})
    world.run(3600)
    assert (world.status()["total"], world.status()["available"]) == (99, -3)
    world.restart(tag)
    world.run(1)
    assert (world.status()["total"], world.status()["available"]) == (10, 9)
    assert world.records() == {"10.0.0.10": "default/gone"}


@every_version
def test_a_change_of_the_ranges_computes_the_counters_anew(tag: str) -> None:
    world = World(tag, pool(records={"10.0.0.10": "default/gone"}))
    world.patch_pool({"spec": {"ranges": [WIDER]}})
    assert world.sync(pool_ref()) == [Step.POOL_STATUS]
    assert (world.status()["total"], world.status()["available"]) == (20, 19)


@every_version
def test_a_change_of_the_selector_writes_nothing(tag: str) -> None:
    world = World(tag, pool())
    world.patch_pool({"spec": {"selector": {"priority": 5}}, "status": {"available": 3}})
    assert world.sync(pool_ref()) == []


@every_version
def test_a_restart_drops_history_outside_the_ranges(tag: str) -> None:
    world = World(tag, pool())
    kept = {"10.0.0.12": "default/a"}
    world.patch_pool({"status": {"allocatedHistory": {**kept, "10.0.9.9": "default/b"}}})
    world.run(60)
    assert len(world.history()) == 2
    world.restart(tag)
    world.run(1)
    assert world.history() == kept


@every_version
def test_history_that_is_no_address_stops_the_counters_but_not_the_pool(tag: str) -> None:
    world = World(tag, pool())
    world.patch_pool({"status": {"allocatedHistory": {"nonsense": "default/a"}, "available": 3}})
    world.restart(tag)
    world.create(lb())
    world.run(600)
    assert world.status()["available"] == 2
    assert world.ip() == "10.0.0.10"


@every_version
def test_an_ipv6_64_has_negative_counters_and_serves(tag: str) -> None:
    world = World(tag, pool("edge", {"subnet": "fd00::/64"}))
    assert (world.status()["total"], world.status()["available"]) == (-2, -2)
    world.create(lb())
    world.settle()
    assert world.booking() == {
        "ipPool": "edge",
        "ip": "fd00::2",
        "mask": "ffff:ffff:ffff:ffff::",
        "gateway": "fd00::1",
    }
    assert world.status()["available"] == -3


@every_version
def test_ranges_that_become_invalid_leave_the_old_allocator(tag: str) -> None:
    world = World(tag, pool())
    world.server.without_webhook()
    world.patch_pool({"spec": {"ranges": [{"subnet": "nonsense"}]}})
    world.create(lb())
    world.run(1)
    assert world.ip() == "10.0.0.10"


@every_version
def test_a_pool_goes_when_its_finalizer_goes(tag: str) -> None:
    world = World(tag, pool())
    world.server.delete(Kind.IP_POOL, "edge")
    assert world.sync(pool_ref()) == [Step.POOL_FINALIZER]
    assert world.server.get(Kind.IP_POOL, "edge") is None


@every_version
def test_a_pool_made_anew_under_its_name_starts_empty(tag: str) -> None:
    """S3 after a pool is deleted and made again."""
    world = World(tag, pool())
    world.create(lb())
    world.settle()
    world.server.without_webhook()
    world.server.delete(Kind.IP_POOL, "edge")
    world.settle()
    world.server.create(Kind.IP_POOL, pool())
    world.run(1)
    assert (world.ip(), world.records(), world.status()["available"]) == ("10.0.0.10", {}, 10)


@every_version
def test_a_pool_and_its_load_balancers_are_handled_side_by_side(tag: str) -> None:
    """Two of each kind at a time, one object never twice."""
    world = World(tag, pool())
    world.create(*(lb(name) for name in "abc"))
    world.controller.listen()
    first = world.controller.ready()
    assert [ref.name for ref in first] == ["a", "b", "c"]
    for ref in first[:2]:
        world.controller.begin(ref)
    assert world.controller.ready() == []
    world.touch("a")
    world.controller.listen()
    assert world.controller.ready() == []
    world.controller.enqueue(pool_ref())
    assert world.controller.ready() == [pool_ref()]
