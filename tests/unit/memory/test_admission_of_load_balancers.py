"""Harvester's webhook in memory: what it refuses of a LoadBalancer, and what it adds."""

from __future__ import annotations

import pytest

from lbdoctor.cluster.api import Manifest
from lbdoctor.cluster.memory.server import MemoryServer
from lbdoctor.domain.refs import Kind
from tests.unit.memory.test_admission import VALIDATOR, denial, server
from tests.unit.memory.world import lb

LB = Kind.LOAD_BALANCER
LISTENERS = [{"name": "a", "port": 80, "protocol": "TCP", "backendPort": 8080}]


def update(made: MemoryServer, body: Manifest) -> Manifest:
    return made.patch(LB, "web", "default", body=body)


@pytest.mark.parametrize("kind", ["vm", None])
def test_one_of_virtual_machines_needs_a_listener(kind: str | None) -> None:
    made = server()
    text = "the loadbalancer needs to have at least one listener"
    assert denial(lambda: made.create(LB, lb(workloadType=kind))) == (
        f"{VALIDATOR}create loadbalancer default/web failed: {text}"
    )
    made.create(LB, lb(workloadType=kind, listeners=LISTENERS))
    assert denial(lambda: update(made, {"spec": {"listeners": None}})) == (
        f"{VALIDATOR}update loadbalancer default/web failed: {text}"
    )


def test_one_of_a_guest_cluster_needs_none() -> None:
    server().create(LB, lb())


@pytest.mark.parametrize(
    "before, after",
    [("pool", "dhcp"), ("dhcp", "pool"), ("dhcp", ""), ("", "dhcp")],
)
def test_pool_and_dhcp_may_not_change_places(before: str, after: str) -> None:
    made = server()
    made.create(LB, lb(ipam=before or None))
    assert denial(lambda: update(made, {"spec": {"ipam": after or None}})) == (
        f"{VALIDATOR}update loadbalancer default/web failed: "
        f"can't change the IPAM from {before} to {after}"
    )


@pytest.mark.parametrize("before, after", [("pool", None), (None, "pool")])
def test_an_empty_ipam_is_pool(before: str | None, after: str | None) -> None:
    made = server()
    made.create(LB, lb(ipam=before))
    update(made, {"spec": {"ipam": after}})


@pytest.mark.parametrize(
    "before, after",
    [("vm", "cluster"), ("cluster", "vm"), ("cluster", ""), ("", "cluster")],
)
def test_the_workload_type_may_not_change(before: str, after: str) -> None:
    made = server()
    made.create(LB, lb(workloadType=before or None, listeners=LISTENERS))
    assert denial(lambda: update(made, {"spec": {"workloadType": after or None}})) == (
        f"{VALIDATOR}update loadbalancer default/web failed: "
        f"can't change the WorkloadType from {before} to {after}"
    )


@pytest.mark.parametrize("before, after", [("vm", None), (None, "vm")])
def test_an_empty_workload_type_is_vm(before: str | None, after: str | None) -> None:
    made = server()
    made.create(LB, lb(workloadType=before, listeners=LISTENERS))
    update(made, {"spec": {"workloadType": after}})


def test_listeners_are_looked_at_first() -> None:
    made = server()
    made.create(LB, lb(workloadType="vm", listeners=LISTENERS))
    body = {"spec": {"listeners": None, "ipam": "dhcp"}}
    assert "at least one listener" in denial(lambda: update(made, body))


def test_the_status_is_not_looked_at() -> None:
    made = server()
    made.create(LB, lb())
    booking = {"ipPool": "nowhere", "ip": "nonsense"}
    found = update(made, {"status": {"allocatedAddress": booking, "address": "x"}})
    assert found["status"]["allocatedAddress"] == booking


def test_a_terminating_one_is_not_looked_at() -> None:
    made = server()
    made.create(LB, lb(finalizers=["x.io/holds"]))
    made.delete(LB, "web", "default")
    annotations = update(made, {"spec": {"ipam": "dhcp", "workloadType": "vm"}})["metadata"]
    assert "loadbalancer.harvesterhci.io/namespace" in annotations["annotations"]
    update(made, {"metadata": {"annotations": None}})
    found = made.get(LB, "web", "default")
    assert found is not None
    assert "annotations" not in found["metadata"]


def test_a_deletion_is_not_looked_at() -> None:
    made = server()
    made.create(LB, lb(status={"allocatedAddress": {"ipPool": "edge", "ip": "10.0.0.10"}}))
    made.delete(LB, "web", "default")
    assert made.get(LB, "web", "default") is None


def test_one_of_a_guest_cluster_gets_namespace_project_and_network() -> None:
    made = server()
    project = {"field.cattle.io/projectId": "c-1:p-2"}
    made.create(Kind.NAMESPACE, {"metadata": {"name": "team", "annotations": project}})
    given = {
        "loadbalancer.harvesterhci.io/network": "default/vlan5",
        "loadbalancer.harvesterhci.io/project": "wrong",
        "loadbalancer.harvesterhci.io/namespace": "wrong",
        "loadbalancer.harvesterhci.io/cluster": "prod",
        "mine": "1",
    }
    new = lb(annotations=given)
    new["metadata"]["namespace"] = "team"
    assert made.create(LB, new)["metadata"]["annotations"] == {
        "loadbalancer.harvesterhci.io/network": "default/vlan5",
        "loadbalancer.harvesterhci.io/project": "c-1/p-2",
        "loadbalancer.harvesterhci.io/namespace": "team",
        "loadbalancer.harvesterhci.io/cluster": "prod",
        "mine": "1",
    }


def test_one_of_virtual_machines_gets_its_namespace_only() -> None:
    made = server()
    found = made.create(LB, lb(workloadType="vm", listeners=LISTENERS))
    assert found["metadata"]["annotations"] == {"loadbalancer.harvesterhci.io/namespace": "default"}


def test_annotations_come_back_when_they_are_taken_away() -> None:
    made = server()
    made.create(LB, lb())
    before = made.get(LB, "web", "default")
    assert update(made, {"metadata": {"annotations": None}}) == before


def test_other_kinds_pass() -> None:
    made = server()
    made.create(Kind.SERVICE, {"metadata": {"name": "web", "namespace": "default"}, "spec": {}})
    made.delete(Kind.SERVICE, "web", "default")
