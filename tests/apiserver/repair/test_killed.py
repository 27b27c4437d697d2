"""kill -9 around every write of a repair: the next run finishes what is left."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Final

import pytest

from lbdoctor.cluster.live.writes import LiveCluster
from lbdoctor.state.journal import read
from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.gateway import Call, Gateway, nothing
from tests.apiserver.harvester import GROUP, lb_path, pool_path
from tests.apiserver.program import Program
from tests.apiserver.repair.child import Child
from tests.apiserver.repair.conftest import Doctor
from tests.apiserver.repair.scene import (
    assert_all_booked,
    assert_whole,
    deploy,
    load_balancer,
    pool,
    records,
    version,
)
from tests.apiserver.standin import FreeRunning

REPAIR: Final = ("repair", "--yes", "--grace", "1s")
KILLED: Final = -9
UNRIPE: Final = "it was not there, or not the same, in the first look"
LEAST_WRITES: Final = 6
"""Two batches of stale records (two pools), and two stuck ones: fence and release."""


class KilledError(Exception):
    """The process whose request this is has been killed: nobody reads an answer."""


def scene(plane: ControlPlane, tag: str) -> None:
    deploy(plane, tag)
    edge = {
        "10.9.0.10": "default/stuck-0",
        "10.9.0.11": "default/stuck-1",
        "10.9.0.20": "default/lives",
        "10.9.0.30": "default/gone-0",
        "10.9.0.31": "default/gone-1",
    }
    plane.api.create(pool("edge", edge))
    plane.api.create(pool("calm", {"10.8.0.5": "default/gone-2"}, subnet="10.8.0.0/24"))
    plane.api.create(load_balancer("lives", "edge", "10.9.0.20"))
    for index in range(2):
        ip = f"10.9.0.1{index}"
        plane.api.create(load_balancer(f"stuck-{index}", "edge", stuck_on=ip))


def run_and_kill(doctor: Doctor, gateway: Gateway, number: int, when: str) -> bool:
    """Kill a repair around its n-th write; say whether it had so many."""
    children: list[Child] = []

    def kill(call: Call) -> None:
        if call.number == number:
            children[0].kill()
            raise KilledError

    setattr(gateway, when, kill)
    children.append(Child(doctor, gateway.kubeconfig(), *REPAIR))
    code, out, error = children[0].end()
    assert code in (KILLED, 0), (code, out, error)
    return code == KILLED


def finish(doctor: Doctor, gateway: Gateway) -> None:
    """Repair what is left; what the controller does meanwhile may take one more look."""
    code, out, error = Child(doctor, gateway.kubeconfig(), *REPAIR).end()
    if code == 1 and out.count(UNRIPE) == out.count("held back"):
        code, out, error = Child(doctor, gateway.kubeconfig(), *REPAIR).end()
    assert code == 0, (out, error)


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_around_any_write_the_next_run_finishes(
    cluster: ControlPlane, program: Program, api: LiveCluster, tmp_path: Path, when: str
) -> None:
    for number in itertools.count(1):
        doctor = Doctor(program, cluster.kubeconfig(), tmp_path / f"state-{number}")
        scene(cluster, "v0.4.0")
        with FreeRunning(api, "v0.4.0") as controller, Gateway(cluster) as gateway:
            controller.settle()
            lives = version(cluster, lb_path("default", "lives"))
            killed = run_and_kill(doctor, gateway, number, when)
            assert_whole(cluster)
            assert len(read(doctor.journal)) >= number - 1
            setattr(gateway, when, nothing)
            finish(doctor, gateway)
            assert_all_booked(cluster)
            assert not {owner for owner in records(cluster, "edge").values() if "gone" in owner}
            assert records(cluster, "calm") == {}
            assert version(cluster, lb_path("default", "lives")) == lives
            code, told, error = Child(doctor, gateway.kubeconfig(), "history").end()
            assert (code, error) == (0, "")
            assert told.count(": done") >= number - 1
        cluster.empty()
        if not killed:
            assert number > LEAST_WRITES
            return


def test_a_release_request_of_a_killed_run_is_carried_out_by_the_next(
    cluster: ControlPlane, doctor: Doctor
) -> None:
    deploy(cluster, "v1.9.0")
    cluster.api.create(pool("edge", {"10.9.0.10": "default/gone", "10.9.0.11": "default/lives"}))
    cluster.api.create(load_balancer("lives", "edge", "10.9.0.11"))
    children: list[Child] = []

    def kill(call: Call) -> None:
        if call.is_write:
            children[0].kill()
            raise KilledError

    with Gateway(cluster, after=kill) as gateway:
        release = ("release", "10.9.0.10", "default/gone", "--via", "controller")
        children.append(Child(doctor, gateway.kubeconfig(), *release))
        assert children[0].end()[0] == KILLED
    request = {f"{GROUP}/manuallyReleaseIP": "10.9.0.10: default/gone"}
    assert cluster.api.get(pool_path("edge"))["metadata"]["annotations"] == request
    run = doctor.run(*REPAIR)
    assert run.code == 0, run
    assert records(cluster, "edge") == {"10.9.0.11": "default/lives"}
    assert not cluster.api.get(pool_path("edge"))["metadata"].get("annotations")
    assert doctor.run("scan").code == 0
