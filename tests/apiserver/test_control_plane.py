"""What the other tests of this directory rely on: the control plane does what it says."""

from __future__ import annotations

import base64
import socket
import ssl
from pathlib import Path

import pytest
import yaml

from tests.apiserver import binaries, definitions
from tests.apiserver.client import Api, ApiError
from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.etcd import Etcd
from tests.apiserver.resources import Manifest
from tests.apiserver.server import PortTakenError, on_a_free_port

GROUP = "loadbalancer.harvesterhci.io"
V1BETA1 = f"/apis/{GROUP}/v1beta1"
LOAD_BALANCERS = f"{V1BETA1}/namespaces/team/loadbalancers"


def pool(name: str = "pool1", status: Manifest | None = None) -> Manifest:
    return {
        "apiVersion": f"{GROUP}/v1beta1",
        "kind": "IPPool",
        "metadata": {"name": name},
        "spec": {"ranges": [{"subnet": "10.9.0.0/24"}]},
        **({"status": status} if status else {}),
    }


def load_balancer(name: str, **spec: object) -> Manifest:
    return {
        "apiVersion": f"{GROUP}/v1beta1",
        "kind": "LoadBalancer",
        "metadata": {"name": name, "namespace": "team"},
        "spec": {"ipam": "pool", **spec},
    }


def test_load_balancers_are_served_in_both_versions(cluster: ControlPlane) -> None:
    cluster.namespace("team")
    cluster.api.create(load_balancer("web", description="shop"))
    for version in ("v1beta1", "v1alpha1"):
        path = f"/apis/{GROUP}/{version}/namespaces/team/loadbalancers/web"
        assert cluster.api.get(path)["spec"]["description"] == "shop"


def test_the_old_version_demands_an_ipam(cluster: ControlPlane) -> None:
    cluster.namespace("team")
    manifest = load_balancer("web") | {"apiVersion": f"{GROUP}/v1alpha1", "spec": {}}
    with pytest.raises(ApiError, match=r"spec\.ipam: Required value") as refusal:
        cluster.api.create(manifest)
    assert refusal.value.status == 422


def test_a_create_keeps_the_status_and_drops_what_the_server_owns(cluster: ControlPlane) -> None:
    status = {
        "total": 254,
        "available": 253,
        "lastAllocated": "10.9.0.4",
        "allocated": {"10.9.0.4": "team/web"},
    }
    created = cluster.api.create(pool(status=status))
    assert created["status"] == status
    cluster.api.delete(f"{V1BETA1}/ippools/pool1")

    printed = yaml.safe_load(yaml.safe_dump(created))
    printed["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    again = cluster.api.create(printed)
    assert again["status"] == status
    assert again["metadata"]["uid"] != created["metadata"]["uid"]


def test_a_status_without_its_counters_is_refused(cluster: ControlPlane) -> None:
    with pytest.raises(ApiError, match=r"status\.lastAllocated: Required value"):
        cluster.api.create(pool(status={"total": 254, "available": 254}))


def test_neither_kind_has_a_status_subresource(cluster: ControlPlane) -> None:
    created = cluster.api.create(pool(status={"total": 254, "available": 254, "lastAllocated": ""}))
    answer = cluster.api.request("GET", f"{V1BETA1}/ippools/pool1/status")
    assert answer.status == 404
    changed = cluster.api.patch(f"{V1BETA1}/ippools/pool1", {"status": {"available": 253}})
    assert changed["status"]["available"] == 253
    assert changed["metadata"]["generation"] == created["metadata"]["generation"] + 1


def test_the_status_of_a_deployment_is_created_too(cluster: ControlPlane) -> None:
    template = {
        "metadata": {"labels": {"app": "lb"}},
        "spec": {"containers": [{"name": "lb", "image": "rancher/harvester-load-balancer:v0.4.0"}]},
    }
    created = cluster.api.create(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "lb", "namespace": "default"},
            "spec": {"selector": {"matchLabels": {"app": "lb"}}, "template": template},
            "status": {"replicas": 1, "readyReplicas": 1, "availableReplicas": 1},
        }
    )
    assert created["status"]["availableReplicas"] == 1


def test_a_service_keeps_its_address_and_its_ingress(cluster: ControlPlane) -> None:
    created = cluster.api.apply(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {"type": "LoadBalancer", "clusterIP": "10.53.7.7", "ports": [{"port": 80}]},
            "status": {"loadBalancer": {"ingress": [{"ip": "10.9.0.4"}]}},
        }
    )
    assert created["spec"]["clusterIP"] == "10.53.7.7"
    assert created["status"]["loadBalancer"]["ingress"][0]["ip"] == "10.9.0.4"


def test_applying_replaces_what_was_there(cluster: ControlPlane) -> None:
    counters = {"total": 254, "available": 253, "lastAllocated": "10.9.0.4"}
    cluster.api.create(pool(status={**counters, "allocated": {"10.9.0.4": "team/web"}}))
    applied = cluster.api.apply(pool(status={**counters, "allocated": {"10.9.0.5": "team/api"}}))
    assert applied["status"]["allocated"] == {"10.9.0.5": "team/api"}


def test_a_json_patch_whose_test_fails_is_unprocessable(cluster: ControlPlane) -> None:
    cluster.api.create(pool())
    steps = [{"op": "test", "path": "/metadata/name", "value": "other"}]
    with pytest.raises(ApiError) as refusal:
        cluster.api.patch(f"{V1BETA1}/ippools/pool1", steps)
    assert (refusal.value.status, refusal.value.reason) == (422, "Invalid")


def test_a_user_may_do_what_was_granted_and_nothing_else(cluster: ControlPlane) -> None:
    cluster.api.create(pool())
    cluster.grant_cluster("viewer", GROUP, "ippools", ["get", "list"])
    cluster.grant_namespace("viewer", "team", GROUP, "loadbalancers", ["list"])
    viewer = cluster.api_as("viewer")
    assert viewer.get(f"{V1BETA1}/ippools/pool1")
    assert viewer.get(LOAD_BALANCERS)["items"] == []
    assert _refusal(viewer, f"{V1BETA1}/loadbalancers") == (403, "Forbidden")
    assert _refusal(viewer, f"{LOAD_BALANCERS}/web") == (403, "Forbidden")


def test_a_grant_by_name_covers_that_name_only(cluster: ControlPlane) -> None:
    cluster.api.create(pool("one"))
    cluster.api.create(pool("two"))
    cluster.grant_cluster("viewer", GROUP, "ippools", ["get"], name="one")
    viewer = cluster.api_as("viewer")
    assert viewer.get(f"{V1BETA1}/ippools/one")
    assert _refusal(viewer, f"{V1BETA1}/ippools/two") == (403, "Forbidden")


def test_rights_end_when_the_cluster_is_emptied(cluster: ControlPlane) -> None:
    cluster.grant_cluster("viewer", GROUP, "ippools", ["list"])
    cluster.empty()
    assert _refusal(cluster.api_as("viewer"), f"{V1BETA1}/ippools") == (403, "Forbidden")


def test_a_kubeconfig_has_one_context_named_after_its_user(plane: ControlPlane) -> None:
    path = plane.kubeconfig("viewer", namespace="team")
    config = yaml.safe_load(path.read_text())
    context = {"cluster": "tests", "user": "viewer", "namespace": "team"}
    assert config["current-context"] == "viewer"
    assert config["contexts"] == [{"name": "viewer", "context": context}]
    assert path == plane.kubeconfig("viewer", namespace="team")
    assert len({path, plane.kubeconfig("viewer"), plane.kubeconfig()}) == 3


def test_the_certificates_pass_strict_verification(plane: ControlPlane) -> None:
    """Python 3.13 verifies so by default."""
    cluster = yaml.safe_load(plane.kubeconfig().read_text())["clusters"][0]["cluster"]
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    strict = ssl.create_default_context(cadata=authority)
    strict.verify_flags |= ssl.VERIFY_X509_STRICT
    host, port = plane.url.removeprefix("https://").split(":")
    with (
        socket.create_connection((host, int(port))) as plain,
        strict.wrap_socket(plain, server_hostname=host) as secured,
    ):
        assert secured.version() == "TLSv1.3"


def test_a_version_that_is_not_served_answers_plain_text(plane: ControlPlane) -> None:
    with pytest.raises(ApiError) as refusal:
        plane.api.get(f"/apis/{GROUP}/v1/ippools")
    assert (refusal.value.status, refusal.value.body) == (404, "404 page not found\n")
    assert refusal.value.reason == ""


def test_a_slash_in_a_name_is_answered_for_the_part_before_it(cluster: ControlPlane) -> None:
    """The object that this 404 names lives: it proves nothing about ``a/b``."""
    cluster.namespace("team")
    cluster.api.create(load_balancer("a"))
    answer = cluster.api.request("GET", f"{LOAD_BALANCERS}/a/b")
    assert answer.status == 404
    assert answer.json()["reason"] == "NotFound"
    assert answer.json()["details"] == {"name": "a", "group": GROUP, "kind": "loadbalancers"}


def test_an_escaped_slash_in_a_name_changes_nothing(cluster: ControlPlane) -> None:
    cluster.namespace("team")
    cluster.api.create(load_balancer("a"))
    answer = cluster.api.request("GET", f"{LOAD_BALANCERS}/a%2Fb")
    assert answer.json()["details"]["name"] == "a"


def test_a_continue_token_expires_with_a_compaction(cluster: ControlPlane) -> None:
    for name in ("one", "two", "three"):
        cluster.api.create(pool(name))
    first = cluster.api.get(f"{V1BETA1}/ippools", limit=1)
    token = first["metadata"]["continue"]
    second = cluster.api.get(f"{V1BETA1}/ippools", limit=1, **{"continue": token})
    assert second["items"][0]["metadata"]["name"] == "three"

    cluster.compact()
    with pytest.raises(ApiError) as refusal:
        cluster.api.get(f"{V1BETA1}/ippools", limit=1, **{"continue": token})
    assert (refusal.value.status, refusal.value.reason) == (410, "Expired")


def test_a_watch_from_before_the_watch_cache_expires_in_its_stream(cluster: ControlPlane) -> None:
    path = f"{V1BETA1}/ippools"
    answer = cluster.api.request("GET", path, watch="true", resourceVersion=1, timeoutSeconds=1)
    event = answer.json()
    assert (answer.status, event["type"]) == (200, "ERROR")
    assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")


def test_a_definition_can_be_removed_and_brought_back(cluster: ControlPlane) -> None:
    held = pool("held")
    held["metadata"]["finalizers"] = ["wrangler.cattle.io/harvester-ipam-controller"]
    cluster.api.create(held)
    cluster.uninstall(definitions.IP_POOLS)
    assert cluster.api.request("GET", f"{V1BETA1}/ippools").body == "404 page not found\n"
    assert cluster.api.get(f"{V1BETA1}/loadbalancers")["items"] == []
    cluster.install(definitions.IP_POOLS)
    assert cluster.api.get(f"{V1BETA1}/ippools")["items"] == []


def test_emptying_removes_all_that_a_test_made(cluster: ControlPlane) -> None:
    before = _namespaces(cluster)
    cluster.install(definitions.NETWORKS)
    cluster.namespace("team")
    network = {"apiVersion": "k8s.cni.cncf.io/v1", "kind": "NetworkAttachmentDefinition"}
    cluster.api.create(network | {"metadata": {"name": "vlan1", "namespace": "team"}})
    held = load_balancer("held")
    held["metadata"]["finalizers"] = ["wrangler.cattle.io/harvester-lb-controller"]
    cluster.api.create(held)
    cluster.api.delete(f"{LOAD_BALANCERS}/held")
    assert "deletionTimestamp" in cluster.api.get(f"{LOAD_BALANCERS}/held")["metadata"]

    cluster.empty()
    assert cluster.api.get(f"{V1BETA1}/loadbalancers")["items"] == []
    assert cluster.api.request("GET", "/apis/k8s.cni.cncf.io/v1").status == 404
    assert _namespaces(cluster) == before
    assert cluster.api.get("/api/v1/namespaces/default/services/kubernetes")


def test_a_port_that_is_taken_is_told_from_other_failures(
    plane: ControlPlane, tmp_path: Path
) -> None:
    port = int(plane.url.rpartition(":")[2])
    found = binaries.find()
    assert found is not None
    with pytest.raises(PortTakenError, match="etcd exited"):
        Etcd(found.etcd, tmp_path, port).ready()


def test_another_port_is_tried_when_one_is_taken() -> None:
    tried: list[int] = []

    def start(port: int) -> int:
        tried.append(port)
        if len(tried) < 3:
            raise PortTakenError
        return port

    assert on_a_free_port(start) == tried[2]


def _refusal(api: Api, path: str) -> tuple[int, str]:
    with pytest.raises(ApiError) as refusal:
        api.get(path)
    return refusal.value.status, refusal.value.reason


def _namespaces(cluster: ControlPlane) -> set[str]:
    return {each["metadata"]["name"] for each in cluster.api.get("/api/v1/namespaces")["items"]}
