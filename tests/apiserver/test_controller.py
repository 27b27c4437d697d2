"""What the controller's own objects tell: its version, and whether it runs."""

from __future__ import annotations

from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.harvester import booked, pool
from tests.apiserver.program import Program
from tests.apiserver.resources import Manifest

NAME = "harvester-load-balancer"


def deployment(available: int) -> Manifest:
    container = {
        "name": "lb",
        "image": "registry.example:5000/rancher/harvester-load-balancer:v0.4.4",
    }
    labels = {"app": NAME}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"namespace": "harvester-system", "name": NAME},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
        "status": {"replicas": 1, "readyReplicas": available, "availableReplicas": available},
    }


def slices(*, ready: bool) -> Manifest:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "addressType": "IPv4",
        "metadata": {
            "namespace": "harvester-system",
            "name": f"{NAME}-webhook-x",
            "labels": {"kubernetes.io/service-name": f"{NAME}-webhook"},
        },
        "endpoints": [{"addresses": ["10.52.0.9"], "conditions": {"ready": ready}}],
    }


def lease(renewed: str) -> Manifest:
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"namespace": "kube-system", "name": NAME},
        "spec": {"leaseDurationSeconds": 45, "renewTime": renewed},
    }


def healthy(cluster: ControlPlane) -> None:
    cluster.namespace("harvester-system")
    cluster.api.create(pool("edge", {"10.9.0.5": "default/lives"}))
    cluster.api.create(booked("default", "lives", "edge", "10.9.0.5"))


def test_the_version_is_the_tag_of_its_image(cluster: ControlPlane, program: Program) -> None:
    healthy(cluster)
    cluster.api.create(deployment(available=1))
    cluster.api.create(slices(ready=True))
    run = program.scan(cluster.kubeconfig())
    assert (run.code, run.report["controller"]["version"]) == (0, "v0.4.4")
    table = program.run("scan", "--kubeconfig", str(cluster.kubeconfig()))
    assert table.stdout.splitlines()[0].startswith("context admin   controller v0.4.4")


def test_a_controller_without_a_replica_is_down(cluster: ControlPlane, program: Program) -> None:
    healthy(cluster)
    cluster.api.create(deployment(available=0))
    assert program.scan(cluster.kubeconfig()).codes == ["LBD001"]


def test_a_lease_that_nobody_renews_means_that_it_is_down(
    cluster: ControlPlane, program: Program
) -> None:
    healthy(cluster)
    cluster.api.create(lease("2026-01-01T00:00:00.000000Z"))
    assert program.scan(cluster.kubeconfig()).codes == ["LBD001"]


def test_a_webhook_without_a_ready_endpoint_is_down(
    cluster: ControlPlane, program: Program
) -> None:
    healthy(cluster)
    cluster.api.create(slices(ready=False))
    assert program.scan(cluster.kubeconfig()).codes == ["LBD002"]
