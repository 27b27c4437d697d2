"""LoadBalancers of virtual machines: the Service between the record and the booking."""

from __future__ import annotations

from typing import Any

import pytest

from lbdoctor.cluster.api import Manifest
from lbdoctor.cluster.memory.controller.steps import Step
from lbdoctor.domain.refs import Kind
from tests.unit.memory.world import World, every_version, lb, lb_ref, pool, reselecting, sticky

LISTENERS = [{"name": "a", "port": 80, "protocol": "TCP", "backendPort": 8080}]


def machine(**spec: Any) -> Manifest:
    return lb(**{"workloadType": "vm", "listeners": LISTENERS, **spec})


def service(world: World) -> Manifest:
    found = world.server.get(Kind.SERVICE, "web", "default")
    assert found is not None
    return found


def announce(world: World, ip: str) -> None:
    """Give the Service its address, as kube-vip does."""
    status = {"loadBalancer": {"ingress": [{"ip": ip}]}}
    world.server.load(Kind.SERVICE, service(world) | {"status": status})


@every_version
@pytest.mark.parametrize("kind", ["vm", None])
def test_the_service_is_written_after_the_record_and_before_the_booking(
    tag: str, kind: str | None
) -> None:
    world = World(tag, pool())
    world.create(machine(workloadType=kind))
    assert world.sync(lb_ref()) == [Step.W1, Step.W2, Step.W3, Step.W4]
    assert world.ip() == "10.0.0.10"


@every_version
def test_the_service_is_owned_and_labelled(tag: str) -> None:
    world = World(tag, pool())
    world.create(machine())
    world.settle()
    metadata = service(world)["metadata"]
    assert metadata["labels"] == {"loadbalancer.harvesterhci.io/servicelb": "true"}
    assert [(item["kind"], item["uid"]) for item in metadata["ownerReferences"]] == [
        ("LoadBalancer", world.lb()["metadata"]["uid"])
    ]
    assert service(world)["spec"]["type"] == "LoadBalancer"
    assert "selector" not in service(world)["spec"]


@sticky
def test_the_first_service_asks_for_no_address_and_the_next_round_does(tag: str) -> None:
    world = World(tag, pool())
    world.create(machine())
    world.sync(lb_ref())
    assert service(world)["spec"]["loadBalancerIP"] == ""
    assert world.sync(lb_ref()) == [Step.W2]
    assert service(world)["spec"]["loadBalancerIP"] == "10.0.0.10"


@reselecting
def test_up_to_v0_4_0_the_first_service_asks_for_the_address(tag: str) -> None:
    world = World(tag, pool())
    world.create(machine())
    world.sync(lb_ref())
    assert service(world)["spec"]["loadBalancerIP"] == "10.0.0.10"


@sticky
def test_it_waits_for_kube_vip_and_looks_every_second(tag: str) -> None:
    world = World(tag, pool())
    world.create(machine())
    world.settle()
    assert world.ready() == ("False", "service is waiting for external IP")
    assert "address" not in world.lb()["status"]
    due = world.controller.next_due
    assert due is not None
    assert (due - world.clock.now()).total_seconds() == 1.0
    announce(world, "10.0.0.10")
    world.run(1.5)
    assert world.ready() == ("True", "")
    assert world.lb()["status"]["address"] == "10.0.0.10"


@sticky
def test_an_address_that_kube_vip_takes_back_is_forgotten(tag: str) -> None:
    world = World(tag, pool())
    world.create(machine())
    world.settle()
    announce(world, "10.0.0.10")
    world.run(2)
    world.server.load(Kind.SERVICE, service(world) | {"status": {"loadBalancer": {}}})
    world.touch()
    world.settle()
    assert world.ready() == ("False", "service is waiting for external IP")
    assert "address" not in world.lb()["status"]


@reselecting
def test_up_to_v0_4_0_it_fails_when_kube_vip_is_late(tag: str) -> None:
    world = World(tag, pool())
    world.create(machine())
    world.settle()
    assert world.message() == "wait service default/web external ip failed, error: timeout"
    assert world.ip() == "10.0.0.10"
    announce(world, "10.0.0.10")
    world.run(31)
    assert world.ready() == ("True", "")


@every_version
def test_with_dhcp_the_service_asks_for_0_0_0_0(tag: str) -> None:
    world = World(tag, pool())
    world.create(machine(ipam="dhcp"))
    world.settle()
    assert service(world)["spec"]["loadBalancerIP"] == "0.0.0.0"
    assert (world.ip(), world.records()) == ("0.0.0.0", {})


@every_version
def test_a_service_that_is_right_is_not_written(tag: str) -> None:
    world = World(tag, pool())
    world.create(machine())
    world.settle()
    announce(world, "10.0.0.10")
    world.run(31)
    world.touch()
    assert world.sync(lb_ref()) == []


@every_version
def test_without_an_address_there_is_no_service(tag: str) -> None:
    world = World(tag)
    world.create(machine(ipPool="nowhere"))
    world.settle()
    assert world.server.get(Kind.SERVICE, "web", "default") is None


@every_version
def test_a_service_that_cannot_be_written_leaves_a_booking_and_says_so(tag: str) -> None:
    world = World(tag, pool())
    world.create(machine())
    world.server.unserved.add(Kind.SERVICE)
    world.settle()
    assert world.ready() == ("False", "services is not served")
    assert (world.ip(), world.records()) == ("10.0.0.10", {"10.0.0.10": "default/web"})


@every_version
def test_its_deletion_leaves_the_service_to_the_garbage_collector(tag: str) -> None:
    world = World(tag, pool())
    world.create(machine())
    world.settle()
    world.delete()
    world.settle()
    assert (world.has(), world.records()) == (False, {})
    assert service(world)["metadata"]["name"] == "web"
