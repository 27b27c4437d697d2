"""From stuck to healthy in one command, as an operator sees it."""

from __future__ import annotations

import pytest

from lbdoctor.cluster.live.writes import LiveCluster
from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.harvester import lb_path, load_stuck, patch_pool, pool_path
from tests.apiserver.repair.conftest import Doctor
from tests.apiserver.repair.scene import (
    assert_all_booked,
    deploy,
    load_balancer,
    pool,
    records,
    version,
)
from tests.apiserver.standin import FreeRunning

NEIGHBOURS = {"near": ("storm", "10.77.0.200"), "far": ("calm", "10.9.0.10")}
STALE = {"10.77.0.99": "default/no-more"}


def with_neighbours(plane: ControlPlane, tag: str) -> None:
    """Set up the captured stuck cluster, and two LoadBalancers that are well."""
    deploy(plane, tag)
    load_stuck(plane)
    plane.api.create(pool("calm", {"10.9.0.10": "default/far"}))
    patch_pool(plane.api, "storm", {"allocated": {"10.77.0.200": "default/near"}})
    for name, (pool_name, ip) in NEIGHBOURS.items():
        plane.api.create(load_balancer(name, pool_name, ip))


def versions(plane: ControlPlane) -> dict[str, str]:
    return {name: version(plane, lb_path("default", name)) for name in NEIGHBOURS}


@pytest.mark.parametrize("tag", ["v0.4.0", "v1.9.0"])
def test_one_command_heals_everything_and_touches_no_neighbour(
    cluster: ControlPlane, doctor: Doctor, api: LiveCluster, tag: str
) -> None:
    with_neighbours(cluster, tag)
    patch_pool(cluster.api, "storm", {"allocated": STALE})
    before = versions(cluster)
    with FreeRunning(api, tag) as controller:
        controller.settle()
        calm = version(cluster, pool_path("calm"))
        run = doctor.run("repair", "--yes", "--grace", "1s")
        assert run.code == 0, run
        assert "done     LBD101  released 10.77.0.99 of default/no-more" in run.stdout
        assert_all_booked(cluster)
        assert versions(cluster) == before
        assert version(cluster, pool_path("calm")) == calm
        scan = doctor.run("scan")
        assert scan.code == 0, scan


@pytest.mark.parametrize("tag", ["v0.4.0", "v1.9.0"])
def test_release_undo_and_history_tell_one_story(
    cluster: ControlPlane, doctor: Doctor, api: LiveCluster, tag: str
) -> None:
    with_neighbours(cluster, tag)
    patch_pool(cluster.api, "storm", {"allocated": STALE})
    with FreeRunning(api, tag):
        assert doctor.run("repair", "--only", "LBD201", "--yes", "--grace", "1s").code == 0
        refused = doctor.run("release", "10.77.0.9", "default/no-such")
        assert refused.code == 1
        owner = records(cluster, "storm")["10.77.0.9"]
        assert refused.stderr == (
            f"refused: 10.77.0.9 of pool storm is held for {owner}; "
            f"try: lbdoctor release 10.77.0.9 {owner}\n"
        )
        released = doctor.run("release", "10.77.0.99", "default/no-more")
        assert released.code == 0, released
        assert "10.77.0.99" not in records(cluster, "storm")
        again = doctor.run("release", "10.77.0.99", "default/no-more")
        assert (again.code, again.stdout) == (
            0,
            "no pool holds 10.77.0.99: it has been released already\n",
        )
        undone = doctor.run("undo", "last")
        assert undone.code == 0, undone
        assert records(cluster, "storm")["10.77.0.99"] == "default/no-more"
        told = doctor.run("history", "10.77.0.99")
        assert told.code == 0
        assert "record 10.77.0.99 removed: done" in told.stdout
        assert "record 10.77.0.99 of default/no-more written: done" in told.stdout
        assert "now  10.77.0.99 of storm is held for default/no-more" in told.stdout
        assert_all_booked(cluster)
