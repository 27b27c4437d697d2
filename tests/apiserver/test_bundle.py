"""A support bundle and the cluster that it was made of: the same findings, but for what the
bundle cannot know."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.apiserver import definitions
from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.harvester import booked, load_stuck, pool
from tests.apiserver.program import Program, Run
from tests.apiserver.test_controller import deployment, lease, slices
from tests.bundle.collector import collect, pack

Finding = dict[str, Any]
Key = tuple[str, str, str]

RECORDS = {
    "10.9.0.5": "default/lives",
    "10.9.0.6": "default/gone",
    "10.9.0.7": "tenant/gone",
    "10.9.0.8": "tenant/lives",
    "10.9.0.9": "deleted/gone",
    "10.9.0.10": "default/",
    "10.9.0.12": "default/twice",
    "10.9.0.13": "default/twice",
}

ONLY_LIVE = {
    ("LBD101", "edge", "10.9.0.7"): "the namespace tenant is not in the bundle",
    ("LBD101", "edge", "10.9.0.9"): "the namespace deleted is not in the bundle",
    ("LBD105", "rounded", "rounded"): "a bundle rounds numbers above 2^53",
    ("LBD204", "other", "10.200.0.1"): "the load balancer tenant/lost is not in the bundle",
}
DIFFERENT = {
    ("LBD101", "edge", "10.9.0.6"): "Services of the namespace tenant are not in the bundle",
}


@pytest.fixture
def broken(cluster: ControlPlane) -> ControlPlane:
    """A cluster in which much is wrong, and whose bundle tells some of it."""
    cluster.install(definitions.NETWORKS)
    for namespace in ("harvester-system", "tenant"):
        cluster.namespace(namespace)
    load_stuck(cluster)
    drifted = pool("drifted", third=10)
    drifted["status"]["available"] = 7
    huge = pool("huge", third=11)
    huge["spec"]["ranges"] = [{"subnet": "fd00::/66"}]
    huge["status"].update(total=2**62 - 2, available=2**62 - 2)
    rounded = pool("rounded", third=15)
    rounded["spec"]["ranges"] = [{"subnet": "fd01::/66"}]
    rounded["status"].update(total=2**62 - 3, available=2**62 - 3)
    wide = pool("wide", third=12)
    wide["spec"]["ranges"] = [{"subnet": "20.0.0.0/10"}]
    wide["status"].update(total=2**22 - 3, available=2**22 - 3)
    quoted = booked("default", "quoted", "edge", "10.9.0.14")
    quoted["status"]["conditions"][0].update(message='it says "x"', status="False")
    ignored = booked("default", "ignored", "edge", "10.9.0.15")
    ignored["metadata"]["annotations"] = {"lbdoctor.io/ignore": ""}
    for item in (
        pool("edge", RECORDS),
        pool("frozen", third=13, network="default/vlan7"),
        pool("elsewhere", third=14, network="tenant/vlan8"),
        drifted,
        huge,
        rounded,
        wide,
        booked("default", "lives", "edge", "10.9.0.5"),
        booked("default", "twice", "edge", "10.9.0.12"),
        booked("tenant", "lives", "edge", "10.9.0.8"),
        booked("tenant", "lost", "other", "10.200.0.1"),
        booked("default", "lost", "missing", "10.200.0.2"),
        quoted,
        ignored,
        deployment(available=1),
        lease(_in_a_minute()),
        slices(ready=True),
        {
            "apiVersion": "k8s.cni.cncf.io/v1",
            "kind": "NetworkAttachmentDefinition",
            "metadata": {"namespace": "tenant", "name": "vlan8"},
            "spec": {"config": "{}"},
        },
    ):
        cluster.api.create(item)
    return cluster


def _in_a_minute() -> str:
    """Return a time at which nothing that a test made is too young to be judged."""
    return f"{datetime.now(UTC) + timedelta(minutes=1):%Y-%m-%dT%H:%M:%S.000000Z}"


def bundle_of(cluster: ControlPlane, directory: Path, *extra: str) -> Path:
    def get(path: str) -> tuple[int, str]:
        answer = cluster.api.request("GET", path)
        return answer.status, answer.body

    now = f"{_in_a_minute()[:19]}Z"
    return collect(get, directory, extra=extra, created_at=now)


def _findings(run: Run) -> dict[Key, Finding]:
    found = {
        (item["code"], item["pool"] or "", item["address"] or item["subject"]["name"]): item
        for item in run.report["findings"]
    }
    assert len(found) == len(run.report["findings"])
    return {key: {**item, "confirmed": None, "firstSeen": None} for key, item in found.items()}


def test_a_bundle_and_its_cluster_differ_in_what_the_bundle_cannot_know(
    broken: ControlPlane, program: Program, tmp_path: Path
) -> None:
    live = _findings(program.scan(broken.kubeconfig()))
    assert {key[0] for key in live} >= {
        *("LBD101", "LBD102", "LBD104", "LBD105", "LBD109", "LBD201", "LBD202", "LBD204"),
    }
    top = bundle_of(broken, tmp_path)
    zipped = program.run("scan", "--from", str(pack(top)), "-o", "json")
    unpacked = program.run("scan", "--from", str(top), "-o", "json")
    assert zipped.code == unpacked.code == 1
    told = _findings(zipped)
    assert told == _findings(unpacked)
    assert live.keys() - told.keys() == ONLY_LIVE.keys()
    assert told.keys() - live.keys() == set()
    assert {key for key in told if _plain(told[key]) != _plain(live[key])} == DIFFERENT.keys()
    for key in DIFFERENT:
        assert told[key]["fix"] is None
        assert "Services not checked" in told[key]["message"]
    assert set(zipped.gaps) == {
        ("LoadBalancer", "deleted", None),
        ("LoadBalancer", "kube-node-lease", None),
        ("LoadBalancer", "kube-public", None),
        ("LoadBalancer", "tenant", None),
        ("NetworkAttachmentDefinition", "tenant", "vlan8"),
        ("Service", "deleted", None),
        ("Service", "kube-node-lease", None),
        ("Service", "kube-public", None),
        ("Service", "tenant", None),
    }
    assert zipped.report["controller"]["version"] == "v0.4.4"


def _plain(item: Finding) -> str:
    return json.dumps(item, sort_keys=True)


def test_a_bundle_with_all_namespaces_tells_what_the_cluster_tells(
    broken: ControlPlane, program: Program, tmp_path: Path
) -> None:
    """Every namespace holds a ConfigMap in a real cluster, where a controller puts it."""
    for namespace in ("deleted", "kube-node-lease", "kube-public"):
        broken.namespace(namespace)
        meta = {"namespace": namespace, "name": "kube-root-ca.crt"}
        broken.api.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta})
    live = program.scan(broken.kubeconfig())
    extra = ("tenant", "deleted", "kube-node-lease", "kube-public")
    run = program.run("scan", "--from", str(bundle_of(broken, tmp_path, *extra)), "-o", "json")
    assert run.gaps == live.gaps == []
    told, wanted = _findings(run), _findings(live)
    assert wanted.keys() - told.keys() == {("LBD105", "rounded", "rounded")}
    assert told == {key: wanted[key] for key in told}
