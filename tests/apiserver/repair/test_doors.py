"""Through which door a record goes, and what is taken back when nobody opens it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lbdoctor.cluster.live.writes import LiveCluster
from lbdoctor.cluster.memory.admission import DeniedError
from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.harvester import GROUP, pool_path
from tests.apiserver.repair.conftest import Doctor
from tests.apiserver.repair.scene import deploy, load_balancer, pool, records
from tests.apiserver.standin import FreeRunning
from tests.apiserver.webhook import Review, Webhook

REQUEST = f"{GROUP}/manuallyReleaseIP"
POLICY = "policy.example.org"
RELEASE = ("release", "10.9.0.10", "default/gone")
BY_CONTROLLER = (
    "done     LBD101  released 10.9.0.10 of default/gone; guest not checked (controller door)"
)


@pytest.fixture
def scene(cluster: ControlPlane) -> ControlPlane:
    deploy(cluster, "v1.9.0")
    held = {"10.9.0.10": "default/gone", "10.9.0.11": "default/lives"}
    cluster.api.create(pool("edge", held))
    cluster.api.create(load_balancer("lives", "edge", "10.9.0.11"))
    return cluster


def requests(plane: ControlPlane) -> dict[str, str]:
    return plane.api.get(pool_path("edge"))["metadata"].get("annotations") or {}


def test_the_controller_releases_what_it_is_asked_for(
    scene: ControlPlane, doctor: Doctor, api: LiveCluster
) -> None:
    with FreeRunning(api, "v1.9.0") as controller:
        controller.settle()
        run = doctor.run(*RELEASE, "--via", "controller")
    assert run.code == 0, run
    assert run.stdout.splitlines()[0] == BY_CONTROLLER
    assert records(scene, "edge") == {"10.9.0.11": "default/lives"}
    assert requests(scene) == {}


def test_a_request_that_nobody_reads_is_taken_back(scene: ControlPlane, doctor: Doctor) -> None:
    run = doctor.run(*RELEASE, "--via", "controller", "--timeout", "1s")
    assert run.code == 5, run
    assert run.stdout.splitlines()[0] == (
        "failed   LBD101  10.9.0.10: no answer to the request within 1 s; the request was "
        "taken back (controller door)"
    )
    assert requests(scene) == {}
    assert "10.9.0.10" in records(scene, "edge")


def test_auto_asks_the_controller_where_the_direct_write_is_denied(
    scene: ControlPlane, doctor: Doctor, api: LiveCluster, tmp_path: Path
) -> None:
    def only_the_controller(review: Review) -> None:
        before, after = (
            (item or {}).get("status", {}).get("allocated") for item in (review.old, review.new)
        )
        if review.user == "operator" and before != after:
            raise DeniedError("validator", "records are the controller's")

    may(scene)
    operator = doctor.acting_with(scene.kubeconfig("operator"))
    with Webhook(scene, tmp_path, POLICY) as webhook, FreeRunning(api, "v1.9.0") as controller:
        webhook.gate(only_the_controller)
        controller.settle()
        direct = operator.run(*RELEASE, "--via", "direct")
        assert direct.code == 1, direct
        assert "a webhook refuses it: records are the controller's" in direct.stdout
        run = operator.run(*RELEASE)
        assert run.code == 0, run
        assert run.stdout.splitlines()[0] == BY_CONTROLLER
    assert records(scene, "edge") == {"10.9.0.11": "default/lives"}


def may(plane: ControlPlane) -> None:
    """Let the user ``operator`` do what repair needs."""
    for resource in ("ippools", "loadbalancers"):
        plane.grant_cluster("operator", GROUP, resource, ["get", "list", "patch"])
    plane.grant_cluster("operator", "", "services", ["get", "list"])
    plane.grant_cluster("operator", "", "events", ["create", "list"])
    plane.grant_namespace("operator", "harvester-system", "apps", "deployments", ["get"])
