"""scan as somebody who may not read everything: unknown is neither healthy nor stale."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.apiserver import definitions
from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.harvester import GROUP, booked, load_stuck, patch_pool, pool
from tests.apiserver.program import Program

READ = ["get", "list"]


@pytest.fixture
def ann(cluster: ControlPlane) -> Path:
    """May read pools and namespaces; LoadBalancers only where a test lets her."""
    cluster.grant_cluster("ann", GROUP, "ippools", READ)
    cluster.grant_cluster("ann", "", "namespaces", READ)
    return cluster.kubeconfig("ann")


def test_who_may_not_read_the_namespace_of_the_owners_gets_no_finding_about_them(
    cluster: ControlPlane, program: Program, ann: Path
) -> None:
    load_stuck(cluster)
    cluster.grant_namespace("ann", "other", GROUP, "loadbalancers", READ)
    run = program.scan(ann)
    assert run.code == 4
    assert [item for item in run.report["findings"] if "default/" in item["message"]] == []
    assert ("LoadBalancer", "default", None) in run.gaps


def test_who_may_list_neither_namespaces_nor_default_is_told_of_both(
    cluster: ControlPlane, program: Program
) -> None:
    load_stuck(cluster)
    cluster.grant_cluster("ben", GROUP, "ippools", READ)
    run = program.scan(cluster.kubeconfig("ben"))
    assert run.code == 4
    assert {"LoadBalancer", "Namespace"} == {kind for kind, _, _ in run.gaps}
    assert ("LoadBalancer", "default", None) in run.gaps


def test_a_hidden_namespace_that_owns_a_record_takes_nothing_from_the_rest(
    cluster: ControlPlane, program: Program, ann: Path
) -> None:
    load_stuck(cluster)
    cluster.namespace("hidden")
    patch_pool(cluster.api, "storm", {"allocated": {"10.77.0.50": "hidden/web"}})
    cluster.grant_namespace("ann", "default", GROUP, "loadbalancers", READ)
    run = program.scan(ann)
    assert run.code == 1
    assert [code for code in run.codes if code != "LBD111"] == ["LBD201"] * 12
    assert ("LoadBalancer", "hidden", None) in run.gaps


def test_with_n_only_the_namespace_asked_for_counts(
    cluster: ControlPlane, program: Program, ann: Path
) -> None:
    cluster.api.create(pool("edge", {"10.9.0.5": "hidden/gone", "10.9.0.6": "default/gone"}))
    cluster.grant_namespace("ann", "default", GROUP, "loadbalancers", READ)
    cluster.grant_cluster("ann", "", "services", READ)
    run = program.scan(ann, "-n", "default")
    assert (run.code, run.codes, run.gaps) == (1, ["LBD101"], [])
    assert run.report["findings"][0]["address"] == "10.9.0.6"
    assert run.report["source"]["namespaces"] == ["default"]


def test_a_namespace_that_does_not_exist_is_refused(
    cluster: ControlPlane, program: Program
) -> None:
    run = program.scan(cluster.kubeconfig(), "-n", "defualt")
    assert run.code == 3
    assert run.stderr.startswith("error: there is no namespace defualt")


def test_who_may_read_no_pools_learns_that_pools_are_missing(
    cluster: ControlPlane, program: Program
) -> None:
    load_stuck(cluster)
    cluster.grant_cluster("cleo", GROUP, "loadbalancers", READ)
    run = program.scan(cluster.kubeconfig("cleo"))
    assert (run.code, run.codes) == (4, [])
    assert run.gaps == [("IPPool", None, None)]
    assert "LBD201" in [item["code"] for item in run.report["skipped"]]
    table = program.run("scan", "--kubeconfig", str(cluster.kubeconfig("cleo")))
    assert "no problems found" not in table.stdout


def test_who_may_list_but_not_get_proves_no_absence(
    cluster: ControlPlane, program: Program
) -> None:
    cluster.api.create(pool("edge", {"10.9.0.6": "default/gone"}))
    cluster.grant_cluster("dora", GROUP, "ippools", READ)
    cluster.grant_cluster("dora", GROUP, "loadbalancers", ["list"])
    cluster.grant_cluster("dora", "", "services", ["list"])
    run = program.scan(cluster.kubeconfig("dora"))
    assert (run.code, run.codes) == (4, [])
    assert run.gaps == [("LoadBalancer", "default", "gone")]
    assert [item["confirmed"] for item in run.report["findings"]] == [False]


def test_who_may_read_nothing_gets_three(cluster: ControlPlane, program: Program) -> None:
    run = program.scan(cluster.kubeconfig("nobody"))
    assert (run.code, run.stdout) == (3, "")
    assert run.stderr.count("\n") == 1
    assert "forbidden" in run.stderr


def test_without_the_crd_of_load_balancers_nothing_is_called_stale(
    cluster: ControlPlane, program: Program
) -> None:
    cluster.api.create(pool("edge", {"10.9.0.6": "default/gone"}))
    cluster.uninstall(definitions.LOAD_BALANCERS)
    run = program.scan(cluster.kubeconfig())
    assert (run.code, run.stdout) == (3, "")
    assert "guest cluster" in run.stderr


def test_a_guest_clusters_kubeconfig_is_recognised_and_names_the_contexts(
    cluster: ControlPlane, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.uninstall(definitions.LOAD_BALANCERS)
    cluster.uninstall(definitions.IP_POOLS)
    files = [str(cluster.kubeconfig()), str(cluster.kubeconfig("ann"))]
    monkeypatch.setenv("KUBECONFIG", ":".join(files))
    run = program.run("scan", "--context", "admin")
    assert run.code == 3
    assert "context admin does not serve" in run.stderr
    assert "other contexts: ann" in run.stderr


def test_the_controller_may_stay_unknown_without_a_gap(
    cluster: ControlPlane, program: Program
) -> None:
    cluster.api.create(pool("edge", {"10.9.0.5": "default/lives"}))
    cluster.api.create(booked("default", "lives", "edge", "10.9.0.5"))
    cluster.grant_cluster("eve", GROUP, "ippools", READ)
    cluster.grant_cluster("eve", GROUP, "loadbalancers", READ)
    run = program.scan(cluster.kubeconfig("eve"))
    assert (run.code, run.gaps) == (0, [])
    assert run.report["controller"]["version"] is None
