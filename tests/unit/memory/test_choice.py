"""Which pool a LoadBalancer is given, and when it moves."""

from __future__ import annotations

import pytest

from lbdoctor.cluster.memory.controller.steps import Step
from lbdoctor.domain.refs import Kind
from tests.unit.memory.world import (
    RESELECTING,
    STICKY,
    World,
    every_version,
    lb,
    lb_ref,
    pool,
    reselecting,
    scope,
    sticky,
)

CLUSTER = {"loadbalancer.harvesterhci.io/cluster": "prod"}
NETWORK = {"loadbalancer.harvesterhci.io/network": "default/vlan5"}
LOOSE = ("v1.7.0", "v1.9.0")
BEFORE_LOOSE = tuple(tag for tag in (*RESELECTING, *STICKY) if tag not in LOOSE)


@every_version
def test_the_highest_priority_wins(tag: str) -> None:
    world = World(tag, pool("low", priority=1), pool("high", third=1, priority=2))
    world.create(lb())
    world.settle()
    assert world.booking()["ipPool"] == "high"


@every_version
@pytest.mark.parametrize("which", ["east", "west"])
def test_of_equals_the_pick_decides(tag: str, which: str) -> None:
    world = World(tag, pick=lambda among: which if which in among else among[0])
    world.server.without_webhook()
    for third, name in enumerate(("east", "west")):
        world.server.create(Kind.IP_POOL, pool(name, third=third))
    world.settle()
    world.create(lb())
    world.settle()
    assert world.booking()["ipPool"] == which


@every_version
def test_a_named_pool_ignores_scope_network_and_namespace(tag: str) -> None:
    world = World(tag)
    world.server.create(Kind.NETWORK, {"metadata": {"name": "vlan5", "namespace": "default"}})
    world.server.create(
        Kind.IP_POOL, pool(scopes=[scope(namespace="elsewhere")], network="default/vlan5")
    )
    world.settle()
    world.create(lb("named", ipPool="edge"), lb())
    world.settle()
    assert (world.ip("named"), world.ip()) == ("10.0.0.10", "")


@every_version
def test_the_network_must_be_the_same(tag: str) -> None:
    world = World(tag)
    world.server.create(Kind.NETWORK, {"metadata": {"name": "vlan5", "namespace": "default"}})
    world.server.create(Kind.IP_POOL, pool(network="default/vlan5"))
    world.settle()
    world.create(lb("on", annotations=NETWORK), lb("off"))
    world.settle()
    assert (world.ip("on"), world.ip("off")) == ("10.0.0.10", "")
    assert "Network: Project: Namespace:default Cluster:" in world.message("off")


@every_version
def test_the_global_pool_serves_whom_nobody_serves(tag: str) -> None:
    world = World(
        tag,
        pool("all", scopes=[scope(namespace="*")]),
        pool("own", third=1, scopes=[scope(cluster="prod")]),
    )
    world.create(lb("a", annotations=CLUSTER), lb("b", annotations=CLUSTER | NETWORK))
    world.settle()
    assert world.booking("a")["ipPool"] == "own"
    assert world.booking("b")["ipPool"] == "all"


@every_version
def test_the_label_makes_a_pool_global_not_its_spec(tag: str) -> None:
    world = World(tag)
    world.server.without_webhook()
    unlabelled = pool(scopes=[scope(namespace="*")])
    world.server.create(Kind.IP_POOL, unlabelled)
    world.settle()
    world.create(lb(annotations=NETWORK))
    world.settle()
    assert world.ip() == ""
    world.patch_pool(
        {"metadata": {"labels": {"loadbalancer.harvesterhci.io/global-ip-pool": "true"}}}
    )
    world.run(60)
    assert world.ip() == "10.0.0.10"


@pytest.mark.parametrize("tag", LOOSE)
@pytest.mark.parametrize("scopes", [scope(project=""), scope(cluster=""), scope("", "default", "")])
def test_since_v1_7_an_empty_project_or_cluster_of_a_pool_is_any(
    tag: str, scopes: dict[str, str]
) -> None:
    world = World(tag)
    world.server.create(
        Kind.NAMESPACE,
        {"metadata": {"name": "team", "annotations": {"field.cattle.io/projectId": "c-1:p-1"}}},
    )
    world.server.create(Kind.IP_POOL, pool(scopes=[{**scopes, "namespace": "team"}]))
    world.settle()
    wanted = lb(annotations=CLUSTER)
    wanted["metadata"]["namespace"] = "team"
    world.create(wanted)
    world.settle()
    found = world.server.get(Kind.LOAD_BALANCER, "web", "team")
    assert found is not None
    assert found["status"]["allocatedAddress"]["ip"] == "10.0.0.10"


@pytest.mark.parametrize("tag", BEFORE_LOOSE)
def test_before_v1_7_an_empty_cluster_matches_only_none(tag: str) -> None:
    world = World(tag, pool(scopes=[scope(cluster="")]))
    world.create(lb(annotations=CLUSTER), lb("plain"))
    world.settle()
    assert (world.ip(), world.ip("plain")) == ("", "10.0.0.10")


@pytest.mark.parametrize("tag", LOOSE)
def test_an_empty_namespace_matches_nobody_even_loosely(tag: str) -> None:
    world = World(tag, pool(scopes=[scope(namespace="")]))
    world.create(lb())
    world.settle()
    assert world.ip() == ""


@pytest.mark.parametrize("tag", LOOSE)
def test_loose_selection_is_for_guest_clusters_only(tag: str) -> None:
    world = World(tag, pool(scopes=[scope(cluster="")]))
    listeners = [{"name": "a", "port": 80, "protocol": "TCP", "backendPort": 80}]
    world.create(lb(workloadType="vm", listeners=listeners, annotations=CLUSTER))
    world.settle()
    assert world.ip() == ""


@pytest.mark.parametrize("tag", LOOSE)
def test_a_global_pool_hides_one_that_matches_loosely(tag: str) -> None:
    world = World(
        tag,
        pool("all", scopes=[scope(namespace="*")]),
        pool("loose", third=1, scopes=[scope(cluster="")]),
    )
    world.create(lb(annotations=CLUSTER))
    world.settle()
    assert world.booking()["ipPool"] == "all"


@reselecting
def test_up_to_v0_4_0_any_write_moves_a_booked_one_to_a_better_pool(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb())
    world.settle()
    world.server.create(Kind.IP_POOL, pool("better", third=1, priority=9))
    world.run(60)
    assert world.ip() == "10.0.0.10"
    world.touch()
    assert world.sync(lb_ref()) == [Step.R1, Step.W1, Step.W3]
    assert world.booking()["ipPool"] == "better"
    assert (world.records(), world.history()) == ({}, {"10.0.0.10": "default/web"})
    assert world.records("better") == {"10.0.1.10": "default/web"}


@sticky
def test_since_v0_4_1_a_booked_one_stays(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb())
    world.settle()
    world.server.create(Kind.IP_POOL, pool("better", third=1, priority=9))
    world.touch()
    world.run(60)
    world.patch_pool({"spec": {"selector": {"scope": [scope(namespace="elsewhere")]}}})
    world.touch(value="2")
    world.run(60)
    assert (world.ip(), world.ready()) == ("10.0.0.10", ("True", ""))


@sticky
def test_another_named_pool_is_reached_in_two_rounds(tag: str) -> None:
    world = World(tag, pool(), pool("west", third=1, priority=1))
    world.create(lb(ipPool="edge"))
    world.settle()
    world.patch_lb({"spec": {"ipPool": "west"}})
    assert world.sync(lb_ref()) == [Step.R1, Step.W3]
    assert (world.booking(), world.ready()) == ({}, ("True", ""))
    assert world.history() == {"10.0.0.10": "default/web"}
    assert world.sync(lb_ref()) == [Step.W1, Step.W3]
    assert world.ip() == "10.0.1.10"


@sticky
def test_a_named_pool_taken_out_of_the_spec_moves_nothing(tag: str) -> None:
    world = World(tag, pool(), pool("better", third=1, priority=9))
    world.create(lb(ipPool="edge"))
    world.settle()
    world.patch_lb({"spec": {"ipPool": None}})
    world.run(60)
    assert world.ip() == "10.0.0.10"
