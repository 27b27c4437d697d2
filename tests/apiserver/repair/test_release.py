"""release: every check that a record has to pass, in its words and with its exit code."""

from __future__ import annotations

import pytest

from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.harvester import GROUP, pool_path
from tests.apiserver.repair.conftest import Doctor
from tests.apiserver.repair.scene import deploy, load_balancer, pool, records
from tests.apiserver.resources import Manifest

REQUEST = f"{GROUP}/manuallyReleaseIP"
READ = ["get", "list"]
V6 = "fd00:77::1f"


def pool_of_v6() -> Manifest:
    manifest = pool("six", {V6: "default/gone"}, subnet="10.6.0.0/24")
    manifest["spec"]["ranges"] = [{"subnet": "fd00:77::/120"}]
    manifest["status"] |= {"total": 254, "available": 253}
    return manifest


@pytest.fixture
def scene(cluster: ControlPlane) -> ControlPlane:
    deploy(cluster, "v1.9.0")
    held = {
        "10.9.0.10": "default/gone",
        "10.9.0.11": "default/lives",
        "10.9.0.12": "default/stuck",
    }
    cluster.api.create(pool("edge", held))
    cluster.api.create(pool_of_v6())
    cluster.api.create(load_balancer("lives", "edge", "10.9.0.11"))
    cluster.api.create(load_balancer("stuck", "edge", stuck_on="10.9.0.12"))
    return cluster


@pytest.mark.parametrize(
    "address, owner, code, said",
    [
        (
            "10.9.0",
            "default/gone",
            2,
            "error: '10.9.0' is not an IP address; try: lbdoctor release IP NS/NAME",
        ),
        (
            "010.9.0.10",
            "default/gone",
            2,
            "error: '010.9.0.10' is not an IP address; try: lbdoctor release IP NS/NAME",
        ),
        (
            "fe80::1%eth0",
            "default/gone",
            2,
            "error: 'fe80::1%eth0' is not an IP address; try: lbdoctor release IP NS/NAME",
        ),
        (
            "10.9.0.10",
            "gone",
            2,
            "error: 'gone' is not NS/NAME of a LoadBalancer; try: lbdoctor release IP NS/NAME",
        ),
        (
            "10.9.0.10",
            "default/gone/x",
            2,
            "error: 'default/gone/x' is not NS/NAME of a LoadBalancer; "
            "try: lbdoctor release IP NS/NAME",
        ),
        (
            "default/gone",
            "10.9.0.10",
            2,
            "error: the address comes first; try: lbdoctor release 10.9.0.10 default/gone",
        ),
        (
            "10.9.0.10",
            "default/other",
            1,
            "refused: 10.9.0.10 of pool edge is held for default/gone; "
            "try: lbdoctor release 10.9.0.10 default/gone",
        ),
        (
            "10.9.0.11",
            "default/lives",
            1,
            "refused: LoadBalancer default/lives exists: its address is not released; "
            "try: lbdoctor scan -n default",
        ),
        (
            "10.9.0.12",
            "default/stuck",
            1,
            "refused: LoadBalancer default/stuck exists; it has LBD201, which repair has a "
            "fix for; try: lbdoctor repair default/stuck",
        ),
    ],
)
def test_what_may_not_be_released_is_refused_in_one_line(
    scene: ControlPlane, doctor: Doctor, address: str, owner: str, code: int, said: str
) -> None:
    before = records(scene, "edge")
    run = doctor.run("release", address, owner)
    assert (run.code, run.stdout, run.stderr) == (code, "", f"{said}\n")
    assert records(scene, "edge") == before
    assert not doctor.journal.exists()


def test_a_pool_that_is_not_there_is_named_with_those_that_are(
    scene: ControlPlane, doctor: Doctor
) -> None:
    run = doctor.run("release", "10.9.0.10", "default/gone", "--pool", "egde")
    assert (run.code, run.stderr) == (1, "refused: there is no pool egde; pools: edge, six\n")


def test_what_nobody_holds_has_been_released_already(scene: ControlPlane, doctor: Doctor) -> None:
    run = doctor.run("release", "10.9.0.99", "default/gone")
    assert (run.code, run.stderr) == (0, "")
    assert run.stdout == "no pool holds 10.9.0.99: it has been released already\n"


def test_several_pools_that_hold_it_ask_for_one(cluster: ControlPlane, doctor: Doctor) -> None:
    cluster.api.create(pool("edge", {"10.9.0.10": "default/gone"}))
    cluster.api.create(pool("twin", {"10.9.0.10": "default/gone"}, subnet="10.9.0.0/16"))
    run = doctor.run("release", "10.9.0.10", "default/gone")
    assert (run.code, run.stderr) == (
        2,
        "error: several pools hold 10.9.0.10 for default/gone; try: --pool edge or --pool twin\n",
    )
    run = doctor.run("release", "10.9.0.10", "default/gone", "--pool", "twin")
    assert run.code == 0, run
    assert records(cluster, "twin") == {}
    assert records(cluster, "edge") == {"10.9.0.10": "default/gone"}


def test_an_owner_that_cannot_be_looked_up_is_not_absent(
    scene: ControlPlane, doctor: Doctor
) -> None:
    scene.grant_cluster("ann", GROUP, "ippools", [*READ, "patch"])
    scene.grant_cluster("ann", GROUP, "loadbalancers", ["list"])
    scene.grant_cluster("ann", "", "services", READ)
    run = doctor.acting_with(scene.kubeconfig("ann")).run("release", "10.9.0.10", "default/gone")
    assert (run.code, run.stdout, run.stderr.count("\n")) == (3, "", 1)
    assert run.stderr.startswith(
        "error: whether LoadBalancer default/gone exists could not be read: "
    )
    assert run.stderr.endswith("; try: lbdoctor preflight --mode repair\n")
    assert "10.9.0.10" in records(scene, "edge")


def test_nobody_knows_who_carries_it_where_services_are_hidden(
    scene: ControlPlane, doctor: Doctor
) -> None:
    scene.grant_cluster("ben", GROUP, "ippools", [*READ, "patch"])
    scene.grant_cluster("ben", GROUP, "loadbalancers", READ)
    run = doctor.acting_with(scene.kubeconfig("ben")).run("release", "10.9.0.10", "default/gone")
    assert (run.code, run.stdout) == (3, "")
    assert run.stderr == (
        "error: Services could not be read, and one may carry the address; "
        "try: lbdoctor preflight --mode repair\n"
    )


def test_an_address_that_a_service_carries_is_in_use(scene: ControlPlane, doctor: Doctor) -> None:
    scene.api.create(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"namespace": "default", "name": "carrier"},
            "spec": {
                "type": "LoadBalancer",
                "loadBalancerIP": "10.9.0.10",
                "ports": [{"port": 80}],
            },
        }
    )
    run = doctor.run("release", "10.9.0.10", "default/gone")
    assert (run.code, run.stdout) == (1, "")
    assert run.stderr.startswith("refused: ")
    assert "default/carrier" in run.stderr
    assert "10.9.0.10" in records(scene, "edge")


def test_a_request_of_somebody_else_is_not_overwritten(scene: ControlPlane, doctor: Doctor) -> None:
    theirs = "10.9.0.12: default/else"
    scene.api.patch(pool_path("edge"), {"metadata": {"annotations": {REQUEST: theirs}}})
    for door in ("auto", "direct", "controller"):
        run = doctor.run("release", "10.9.0.10", "default/gone", "--via", door)
        assert (run.code, run.stderr) == (
            1,
            f"refused: pool edge has a release request pending: '{theirs}'; "
            "try: lbdoctor explain LBD107\n",
        )
    assert scene.api.get(pool_path("edge"))["metadata"]["annotations"] == {REQUEST: theirs}
    assert "10.9.0.10" in records(scene, "edge")


@pytest.mark.parametrize(
    "spelled", [V6, "FD00:77::1F", "fd00:0077:0:0:0:0:0:001f", "fd00:77:0::0.0.0.31"]
)
def test_any_spelling_of_an_ipv6_address_is_understood(
    scene: ControlPlane, doctor: Doctor, spelled: str
) -> None:
    run = doctor.run("release", spelled, "default/gone")
    assert run.code == 0, run
    assert run.stdout.startswith(f"done     LBD101  released {V6} of default/gone")
    status = scene.api.get(pool_path("six"))["status"]
    assert (status.get("allocated", {}), status["available"]) == ({}, 254)
    assert status["allocatedHistory"] == {V6: "default/gone"}


def test_an_ipv4_address_written_in_ipv6_is_the_same(scene: ControlPlane, doctor: Doctor) -> None:
    assert doctor.run("release", "::ffff:10.9.0.10", "default/gone").code == 0
    assert "10.9.0.10" not in records(scene, "edge")


def test_a_release_ends_with_what_was_done_and_how_to_take_it_back(
    scene: ControlPlane, doctor: Doctor
) -> None:
    run = doctor.run("release", "10.9.0.10", "default/gone")
    assert (run.code, run.stderr) == (0, "")
    first, last = run.stdout.splitlines()
    assert first == (
        "done     LBD101  released 10.9.0.10 of default/gone; guest not checked (direct door)"
    )
    assert last.startswith("1 done; to take it back: lbdoctor undo 2")
    back = doctor.run("undo", last.rpartition(" ")[2])
    assert back.code == 0, back
    assert records(scene, "edge")["10.9.0.10"] == "default/gone"


@pytest.mark.parametrize("how", ["client", "server"])
def test_a_dry_run_writes_nothing(scene: ControlPlane, doctor: Doctor, how: str) -> None:
    run = doctor.run("release", "10.9.0.10", "default/gone", f"--dry-run={how}")
    assert run.code == 0, run
    assert "10.9.0.10" in records(scene, "edge")
    assert not doctor.journal.exists()
