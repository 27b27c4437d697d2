"""scan of a real API server: the captured stuck state, and what a cluster can be like."""

from __future__ import annotations

from collections import Counter

from tests.apiserver import definitions
from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.harvester import booked, lb_path, load_stuck, pool, pool_path
from tests.apiserver.program import Program


def test_an_empty_cluster_has_no_problems(cluster: ControlPlane, program: Program) -> None:
    run = program.scan(cluster.kubeconfig())
    assert (run.code, run.codes, run.gaps) == (0, [], [])
    table = program.run("scan", "--kubeconfig", str(cluster.kubeconfig()))
    assert table.code == 0
    assert "no problems found; everything could be read" in table.stdout


def test_the_captured_cluster_has_twelve_stuck_load_balancers(
    cluster: ControlPlane, program: Program
) -> None:
    load_stuck(cluster)
    run = program.scan(cluster.kubeconfig())
    errors = [item for item in run.report["findings"] if item["severity"] == "error"]
    assert run.code == 1
    assert Counter(item["code"] for item in errors) == {"LBD201": 12}
    assert all(item["confirmed"] for item in errors)
    assert run.report["complete"]
    assert run.report["takenAt"].startswith("20")


def test_a_new_stuck_load_balancer_that_says_so_is_looked_at_twice(
    cluster: ControlPlane, program: Program
) -> None:
    load_stuck(cluster)
    run = program.scan(cluster.kubeconfig(), "-v")
    lists = [line for line in run.requests if line.endswith("/loadbalancers 200")]
    assert len(lists) == 1
    assert sum("/namespaces/default/loadbalancers/storm" in line for line in run.requests) == 12
    assert run.report["settling"] == []


def test_a_new_load_balancer_without_that_message_is_not_called_stuck(
    cluster: ControlPlane, program: Program
) -> None:
    cluster.api.create(pool("edge", {"10.9.0.5": "default/young"}))
    young = booked("default", "young", "edge", "10.9.0.5")
    young["status"] = {"conditions": [{"type": "Ready", "status": "False"}]}
    cluster.api.create(young)
    run = program.scan(cluster.kubeconfig())
    assert (run.code, run.codes) == (0, [])
    assert run.report["settling"] == ["default/young"]


def test_a_record_of_nobody_is_stale_and_one_of_a_living_owner_is_not(
    cluster: ControlPlane, program: Program
) -> None:
    records = {"10.9.0.5": "default/lives", "10.9.0.6": "default/gone"}
    cluster.api.create(pool("edge", records))
    cluster.api.create(booked("default", "lives", "edge", "10.9.0.5"))
    run = program.scan(cluster.kubeconfig(), "-v")
    assert (run.code, run.codes) == (1, ["LBD101"])
    assert run.report["findings"][0]["address"] == "10.9.0.6"
    assert f"GET {lb_path('default', 'gone')} 404" in run.requests
    assert f"GET {lb_path('default', 'lives')} 200" not in run.requests


def test_an_owner_that_is_no_name_is_never_looked_up_nor_called_stale(
    cluster: ControlPlane, program: Program
) -> None:
    cluster.api.create(pool("edge", {"10.9.0.5": "default/lives/b"}))
    cluster.api.create(booked("default", "lives", "edge", "10.9.0.7"))
    run = program.scan(cluster.kubeconfig(), "-v")
    assert Counter(run.codes) == {"LBD104": 1, "LBD202": 1}
    assert not any("/lives/b" in line or "%2Fb" in line for line in run.requests)


def test_many_stale_owners_are_proven_by_one_more_list(
    cluster: ControlPlane, program: Program
) -> None:
    records = {f"10.9.1.{n}": f"default/gone-{n}" for n in range(1, 252)}
    cluster.api.create(pool("edge", records))
    run = program.scan(cluster.kubeconfig(), "-v")
    assert Counter(run.codes) == {"LBD101": 251}
    assert sum("/loadbalancers" in line for line in run.requests) == 2
    assert run.requests.index(f"GET {pool_path('edge')} 200") < len(run.requests) - 1


def test_pools_are_read_before_load_balancers_in_both_readings(
    cluster: ControlPlane, program: Program
) -> None:
    cluster.api.create(pool("edge", {"10.9.0.6": "default/gone"}))
    requests = program.scan(cluster.kubeconfig(), "-v").requests
    kinds = [line for line in requests if "harvesterhci" in line]
    assert [line.split("/")[-1].split()[0] for line in kinds] == [
        "ippools",
        "loadbalancers",
        "edge",
        "gone",
    ]


def test_without_the_crd_of_networks_a_pools_network_is_unknown(
    cluster: ControlPlane, program: Program
) -> None:
    cluster.api.create(pool("edge", network="default/vlan7"))
    run = program.scan(cluster.kubeconfig())
    assert (run.code, run.codes) == (4, [])
    assert run.gaps == [("NetworkAttachmentDefinition", "default", "vlan7")]


def test_a_pool_whose_network_is_gone_is_frozen(cluster: ControlPlane, program: Program) -> None:
    cluster.install(definitions.NETWORKS)
    cluster.api.create(pool("edge", network="default/vlan7"))
    assert program.scan(cluster.kubeconfig()).codes == ["LBD109"]
    cluster.api.create(
        {
            "apiVersion": "k8s.cni.cncf.io/v1",
            "kind": "NetworkAttachmentDefinition",
            "metadata": {"namespace": "default", "name": "vlan7"},
            "spec": {"config": "{}"},
        }
    )
    assert program.scan(cluster.kubeconfig()).code == 0


def test_a_service_that_carries_the_address_keeps_a_stale_record_from_a_fix(
    cluster: ControlPlane, program: Program
) -> None:
    cluster.api.create(pool("edge", {"10.9.0.6": "default/gone"}))
    assert program.scan(cluster.kubeconfig()).report["findings"][0]["fix"] is not None
    cluster.api.create(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"namespace": "default", "name": "shop"},
            "spec": {"type": "LoadBalancer", "ports": [{"port": 80}], "loadBalancerIP": "10.9.0.6"},
        }
    )
    found = program.scan(cluster.kubeconfig()).report["findings"][0]
    assert found["fix"] is None
    assert "Service default/shop" in found["message"]


def test_the_exit_code_is_the_same_for_every_format(
    cluster: ControlPlane, program: Program
) -> None:
    cluster.api.create(pool("edge", {"10.9.0.6": "default/gone"}))
    formats = ("table", "wide", "json", "yaml", "markdown", "name")
    kubeconfig = str(cluster.kubeconfig())
    runs = [program.run("scan", "--kubeconfig", kubeconfig, "-o", name) for name in formats]
    assert [run.code for run in runs] == [1] * len(formats)
