"""States in which something stands in the way, or nothing is given back."""

from __future__ import annotations

from lbdoctor.cluster.memory.controller.steps import Step
from lbdoctor.domain.refs import Kind
from tests.unit.memory.world import (
    POOL_FINALIZER,
    RESELECTING,
    World,
    booked,
    every_version,
    lb,
    lb_ref,
    pool,
    pool_ref,
    said,
    sticky,
)


@sticky
def test_s9_a_booking_of_a_pool_that_is_gone_looks_ready_and_cannot_go(tag: str) -> None:
    world = World(tag, pool())
    world.create(booked(pool="gone"))
    world.settle()
    assert world.ready() == ("True", "")
    world.delete()
    world.run(600)
    assert world.has()
    world.patch_lb({"status": {"allocatedAddress": None}})
    world.settle()
    assert not world.has()


@sticky
def test_s9_a_change_of_its_pool_is_refused_with_the_name_of_the_new_one(tag: str) -> None:
    world = World(tag, pool())
    world.create(booked(pool="gone", ipPool="edge"))
    world.settle()
    assert world.ready() == (
        "False",
        "fail to release ip 10.0.0.10 to pool edge, error: fail to get allocator gone",
    )
    assert (world.booking()["ipPool"], world.records()) == ("gone", {})


@every_version
def test_s9_a_pool_of_that_name_lets_it_go(tag: str) -> None:
    world = World(tag)
    world.create(booked(pool="gone"))
    world.delete()
    world.run(5)
    assert world.has()
    world.server.create(Kind.IP_POOL, pool("gone"))
    world.run(60)
    assert not world.has()


@every_version
def test_s12_while_the_pool_cannot_be_written_it_hangs_and_then_goes(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb())
    world.settle()
    world.server.denied.add(Kind.IP_POOL)
    world.delete()
    world.run(600)
    assert (world.has(), world.records()) == (True, {"10.0.0.10": "default/web"})
    world.server.denied.clear()
    world.run(121)
    assert (world.has(), world.records()) == (False, {})


@every_version
def test_s12_a_finalizer_taken_away_leaves_a_stale_record(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb())
    world.settle()
    world.delete()
    world.patch_lb({"metadata": {"finalizers": None}})
    world.run(60)
    assert (world.has(), world.records()) == (False, {"10.0.0.10": "default/web"})


@every_version
def test_s13_a_terminating_pool_serves_until_its_allocator_is_dropped(tag: str) -> None:
    world = World(tag, pool())
    world.server.delete(Kind.IP_POOL, "edge")
    world.create(lb(ipPool="edge"))
    assert world.sync(lb_ref()) == [Step.W1, Step.W3, Step.W4]
    assert world.pool()["metadata"]["deletionTimestamp"]
    assert world.sync(pool_ref()) == [Step.POOL_FINALIZER]
    assert world.server.get(Kind.IP_POOL, "edge") is None
    world.settle()
    assert world.ready() == ("True", "")
    world.delete()
    world.run(60)
    assert world.has()


@every_version
def test_s13_without_its_allocator_a_terminating_pool_serves_nobody(tag: str) -> None:
    world = World(tag, pool())
    world.patch_pool({"metadata": {"finalizers": [POOL_FINALIZER, "x.io/holds"]}})
    world.server.delete(Kind.IP_POOL, "edge")
    world.settle()
    assert world.pool()["metadata"]["finalizers"] == ["x.io/holds"]
    world.create(lb())
    world.settle()
    old, new = "could not get the allocator edge", "fail to get allocator edge"
    assert world.message() == (said(tag, old) if tag in RESELECTING else new)


@every_version
def test_s14_a_pool_without_its_network_gives_nothing_and_says_so_badly(tag: str) -> None:
    world = World(tag)
    network = {"metadata": {"name": "vlan5", "namespace": "default"}}
    world.server.create(Kind.NETWORK, network)
    world.server.create(Kind.IP_POOL, pool(network="default/vlan5"))
    world.settle()
    world.server.delete(Kind.NETWORK, "vlan5", "default")
    world.create(lb(ipPool="edge"))
    world.settle()
    old, new = "record 10.0.0.10 into edge failed", "fail to reserve 10.0.0.10 into edge"
    assert world.message() == said(tag, old if tag in RESELECTING else new)
    world.server.create(Kind.NETWORK, network)
    world.run(60)
    assert world.ip() == "10.0.0.10"


@every_version
def test_s15_a_record_outside_the_ranges_freezes_the_pool(tag: str) -> None:
    world = World(tag)
    world.server.load(Kind.IP_POOL, pool(records={"10.0.9.9": "default/web"}))
    world.settle()
    world.create(lb())
    world.run(600)
    assert world.booking() == {}
    assert "edge" in world.message()
    assert "duplicate" not in world.message()


@every_version
def test_s15_without_a_webhook_a_record_outside_the_ranges_is_no_duplicate(tag: str) -> None:
    world = World(tag)
    world.server.without_webhook()
    world.server.create(Kind.IP_POOL, pool(records={"10.0.9.9": "default/web"}))
    world.settle()
    world.create(lb())
    world.settle()
    assert world.ip() == "10.0.0.10"
    assert len(world.records()) == 2


@every_version
def test_s17_without_ipam_it_takes_and_never_gives_back(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb(ipam=None))
    world.settle()
    assert world.ip() == "10.0.0.10"
    world.delete()
    assert world.sync(lb_ref()) == [Step.R2]
    assert world.records() == {"10.0.0.10": "default/web"}


@every_version
def test_s17_with_ipam_set_before_the_deletion_it_gives_back(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb(ipam=None))
    world.settle()
    world.patch_lb({"spec": {"ipam": "pool"}})
    world.delete()
    world.settle()
    assert world.records() == {}


@every_version
def test_s18_a_switch_to_dhcp(tag: str) -> None:
    """The booking is overwritten; up to v0.4.0 the record is released before."""
    world = World(tag, pool())
    world.server.without_webhook()
    world.create(lb())
    world.settle()
    world.patch_lb({"spec": {"ipam": "dhcp"}})
    world.settle()
    assert world.booking() == {"ip": "0.0.0.0"}
    kept = {} if tag in RESELECTING else {"10.0.0.10": "default/web"}
    assert world.records() == kept
    world.delete()
    world.settle()
    assert world.records() == kept
