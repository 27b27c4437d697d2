"""A snapshot reads back to the report that the look itself gave."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, Unpack

import pytest

from lbdoctor.cluster.api import Manifest, Page, PageOptions, Wrapper
from lbdoctor.cluster.files import kind_of
from lbdoctor.cluster.lists import documents, objects_of
from lbdoctor.cluster.recorder import Call, Recorder
from lbdoctor.cluster.snapshots import INDEX, write_snapshot
from lbdoctor.diagnosis.port import Unread
from lbdoctor.domain.errors import UnreadableError
from lbdoctor.domain.refs import Kind
from lbdoctor.domain.snapshot import Origin, OriginKind, Snapshot
from tests.cli.manifests import (
    deployment,
    endpoint_slice,
    lb,
    lease,
    namespace,
    network,
    pool,
    service,
)
from tests.unit.cluster.clusters import (
    NOON,
    Failing,
    cluster_of,
    collected,
    looked_at,
    stuck_demo,
    told,
)

NOTHING_READ = Snapshot(origin=Origin(OriginKind.MEMORY, "demo"))
DUPLICATE = "10.0.0.7 has been allocated to a/young, duplicate allocation is not allowed"


def everything() -> list[Manifest]:
    """Return a cluster with something of every kind, and much that is wrong."""
    records = {"10.0.0.5": "a/web", "10.0.0.6": "a/gone", "10.0.0.7": "a/young", "10.0.0.8": "b/x"}
    first = pool(allocated=records, allocatedHistory={"10.0.0.9": "a/stuck"})
    first["spec"]["selector"]["network"] = "nets/vlan1"
    second = pool("p2", {"10.1.0.5": "b/old"}, net="10.1.0", available=7)
    second["spec"]["selector"]["network"] = "nets/missing"
    young = lb("young")
    young["metadata"]["creationTimestamp"] = "2026-08-20T11:59:59Z"
    young["status"]["conditions"][0].update(message=DUPLICATE)
    of_vm = lb("vm", ip="10.0.0.5")
    of_vm["spec"]["workloadType"] = "vm"
    broken = lb("broken")
    broken["spec"] = ["odd"]
    for item in (first, young):
        item["metadata"]["managedFields"] = [{"manager": "x", "time": "2026-08-20T11:00:00Z"}]
        item["metadata"].setdefault("annotations", {}).update(
            {"kubectl.kubernetes.io/last-applied-configuration": "{}", "lbdoctor.io/ignore": "no"}
        )
    namespaces = [namespace(name) for name in ("a", "b", "default")]
    controllers = [deployment("v1.5.0"), lease("2026-08-20T11:59:50Z"), endpoint_slice(ready=False)]
    loadbalancers = [lb(ip="10.0.0.5"), young, of_vm, broken, lb("x", "b")]
    other = [service("vm"), service("other", "b", "10.0.0.6"), network()]
    return [first, second, *loadbalancers, *other, *namespaces, *controllers]


def test_a_full_cluster_reads_back_the_same(tmp_path: Path) -> None:
    before, after = collected(cluster_of(everything()), tmp_path / "snapshot")
    assert len(before.counted) > 5
    assert before.settling == ()
    assert told(after) == told(before)


def test_the_demo_reads_back_the_same(tmp_path: Path) -> None:
    before, after = collected(stuck_demo(), tmp_path)
    assert told(after) == told(before)


def test_an_empty_cluster_reads_back_the_same(tmp_path: Path) -> None:
    before, after = collected(cluster_of([]), tmp_path)
    assert told(after) == told(before)
    assert before.is_complete


CONTROLLER = Call(Kind.DEPLOYMENT, "harvester-system", "harvester-load-balancer")
ALL = Call(Kind.LOAD_BALANCER)
FORBIDDEN = {
    "pools": [Call(Kind.IP_POOL)],
    "all load balancers": [ALL],
    "one namespace": [ALL, Call(Kind.LOAD_BALANCER, "b")],
    "namespaces": [ALL, Call(Kind.NAMESPACE)],
    "all but the context's": [ALL, Call(Kind.NAMESPACE), Call(Kind.LOAD_BALANCER, "a")],
    "services": [Call(Kind.SERVICE), Call(Kind.SERVICE, "a"), Call(Kind.SERVICE, "b")],
    "networks": [Call(Kind.NETWORK, "nets", "vlan1"), Call(Kind.NETWORK, "nets", "missing")],
    "the deployment": [CONTROLLER],
    "the lease": [Call(Kind.LEASE, "kube-system", "harvester-load-balancer")],
    "the webhook": [Call(Kind.ENDPOINT_SLICE, "harvester-system")],
}


@pytest.mark.parametrize("why", [Unread.FORBIDDEN, Unread.FAILED])
@pytest.mark.parametrize("calls", FORBIDDEN.values(), ids=FORBIDDEN)
def test_what_could_not_be_read_cannot_be_read_from_the_snapshot(
    tmp_path: Path, calls: list[Call], why: Unread
) -> None:
    before, after = collected(Failing(cluster_of(everything()), *calls, why=why), tmp_path)
    assert told(after) == told(before)


SECOND = {
    "a pool": Call(Kind.IP_POOL, "", "p1"),
    "an owner": Call(Kind.LOAD_BALANCER, "a", "gone"),
    "a stuck one": Call(Kind.LOAD_BALANCER, "b", "x"),
}


@pytest.mark.parametrize("call", SECOND.values(), ids=SECOND)
def test_what_failed_in_the_second_reading_fails_from_the_snapshot_too(
    tmp_path: Path, call: Call
) -> None:
    api = Failing(cluster_of(everything()), call, why=Unread.FAILED)
    before, after = collected(api, tmp_path)
    assert call.name in {gap.name for gap in before.snapshot.gaps}
    assert told(after) == told(before)


@pytest.mark.parametrize("scope", [frozenset({"a"}), frozenset({"b"}), frozenset({"a", "b"})])
def test_a_snapshot_of_some_namespaces_reads_back_the_same(
    tmp_path: Path, scope: frozenset[str]
) -> None:
    before, after = collected(cluster_of(everything()), tmp_path, scope)
    assert told(after) == told(before)


def test_what_a_snapshot_does_not_hold_is_unknown_and_not_absent(tmp_path: Path) -> None:
    collected(cluster_of(everything()), tmp_path, frozenset({"a"}))
    wider = looked_at(tmp_path)
    assert not wider.is_complete
    assert "b/x" not in {item.subject.owner for item in wider.counted if item.code == "LBD101"}


def _written(directory: Path) -> list[Any]:
    found: list[Any] = []
    for path in sorted(directory.glob("*.yaml")):
        with path.open("rb") as file:
            found.extend(documents(file))
    return found


def test_managed_fields_and_last_applied_are_left_out(tmp_path: Path) -> None:
    collected(cluster_of(everything()), tmp_path)
    text = "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    assert "managedFields" not in text
    assert "last-applied" not in text
    assert "lbdoctor.io/ignore" in text


def test_what_is_not_needed_of_other_kinds_is_left_out(tmp_path: Path) -> None:
    secretive = service("vm")
    secretive["spec"].update(clusterIP="10.43.0.7", selector={"app": "secret"})
    secretive["metadata"]["annotations"] = {
        "a-secret": "x",
        "kube-vip.io/loadbalancerIPs": "10.0.0.5",
    }
    controller = deployment()
    controller["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "a-secret"}]
    net = network()
    net["spec"]["config"] = "a-secret"
    others = [item for item in everything() if kind_of(item) not in (Kind.SERVICE, Kind.DEPLOYMENT)]
    collected(cluster_of([*others, net, secretive, controller]), tmp_path)
    text = "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    assert "secret" not in text
    assert "kube-vip.io/loadbalancerIPs" in text


def test_every_file_is_a_list_that_kubectl_could_have_written(tmp_path: Path) -> None:
    collected(cluster_of(everything()), tmp_path)
    kinds = {kind_of(item) for document in _written(tmp_path) for item in objects_of(document)}
    assert kinds >= {Kind.IP_POOL, Kind.LOAD_BALANCER, Kind.SERVICE, Kind.NETWORK, Kind.DEPLOYMENT}


def test_a_directory_that_is_not_empty_is_refused_and_not_touched(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious", encoding="utf-8")
    with pytest.raises(UnreadableError, match="not empty") as caught:
        write_snapshot(Recorder(stuck_demo()), tmp_path, NOTHING_READ)
    assert caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "precious"


def test_a_path_that_can_be_no_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for path in ("file", "file/deeper", "n" * 5000):
        with pytest.raises(UnreadableError):
            write_snapshot(Recorder(stuck_demo()), tmp_path / path, NOTHING_READ)


def test_missing_parents_are_made(tmp_path: Path) -> None:
    written = write_snapshot(Recorder(stuck_demo()), tmp_path / "a" / "b", NOTHING_READ)
    assert written[-1] == tmp_path / "a" / "b" / INDEX


def test_the_time_of_a_snapshot_is_the_time_of_its_look_and_not_of_its_end(tmp_path: Path) -> None:
    began = NOON

    class Slow(Wrapper):
        """Takes a minute over the LoadBalancers, as a busy API server does."""

        now = began

        def page(self, kind: Kind, namespace: str = "", **options: Unpack[PageOptions]) -> Page:
            if kind is Kind.LOAD_BALANCER:
                self.now = began + timedelta(minutes=1)
            return super().page(kind, namespace, **options)

    before, after = collected(Slow(cluster_of(everything())), tmp_path)
    assert before.snapshot.taken_at == after.snapshot.taken_at == began
