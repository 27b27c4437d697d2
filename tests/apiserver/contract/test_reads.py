"""Lists in pages, selectors, 404 and what is not served."""

from __future__ import annotations

import pytest

from lbdoctor.cluster.api import ExpiredError, Manifest, ReadError, Unread, Unwritten, WritableApi
from lbdoctor.domain.refs import Kind
from tests.apiserver.contract.conftest import Kube
from tests.apiserver.contract.objects import lb, names, put_lb, refused, version

LB = Kind.LOAD_BALANCER


def all_pages(api: WritableApi, limit: int) -> list[list[str]]:
    found, token = [], ""
    while True:
        page = api.page(LB, continue_token=token, limit=limit)
        found.append(names(page.items))
        token = page.continue_token
        if not token:
            return found


def test_a_list_is_ordered_by_namespace_and_name(kube: Kube) -> None:
    kube.add_namespace("aaa")
    for name in ("b", "a", "c"):
        put_lb(kube.api, name)
    kube.api.create(LB, lb("z", "aaa"))
    assert names(kube.api.page(LB).items) == ["z", "a", "b", "c"]
    assert names(kube.api.page(LB, "default").items) == ["a", "b", "c"]


def test_pages_are_of_one_moment(api: WritableApi) -> None:
    for name in ("a", "b", "c", "d", "e"):
        put_lb(api, name)
    first = api.page(LB, limit=2)
    api.delete(LB, "d", "default")
    put_lb(api, "bb")
    second = api.page(LB, limit=2, continue_token=first.continue_token)
    third = api.page(LB, limit=2, continue_token=second.continue_token)
    assert [names(page.items) for page in (first, second, third)] == [
        ["a", "b"],
        ["c", "d"],
        ["e"],
    ]
    assert third.continue_token == ""
    assert first.version == second.version == third.version


def test_a_full_last_page_is_the_last_one(api: WritableApi) -> None:
    for name in ("a", "b", "c", "d"):
        put_lb(api, name)
    assert all_pages(api, 2) == [["a", "b"], ["c", "d"]]
    assert all_pages(api, 0) == [["a", "b", "c", "d"]]


def test_a_token_is_void_once_the_past_is_forgotten(kube: Kube) -> None:
    for name in ("a", "b", "c", "d", "e"):
        put_lb(kube.api, name)
    token = kube.api.page(LB, limit=1).continue_token
    kube.forget_the_past()
    with pytest.raises(ExpiredError):
        read_on(kube.api, token)


def read_on(api: WritableApi, token: str) -> None:
    """Read to the end: the page after a token may have been fetched ahead."""
    while token:
        token = api.page(LB, limit=1, continue_token=token).continue_token


def test_the_version_of_a_list_is_that_of_the_last_write_or_later(api: WritableApi) -> None:
    last = put_lb(api)
    assert int(api.page(LB).version) >= int(version(last))


def test_labels_select(api: WritableApi) -> None:
    put_lb(api, "a")
    marked = lb("b")
    marked["metadata"]["labels"] = {"x": "y"}
    api.create(LB, marked)
    assert names(api.page(LB, selector={"labelSelector": "x=y"}).items) == ["b"]


def test_services_are_selected_by_type_and_keep_no_status_of_a_create(api: WritableApi) -> None:
    for name, kind in (("inside", "ClusterIP"), ("outside", "LoadBalancer")):
        api.create(Kind.SERVICE, a_service(name, kind))
    found = api.page(Kind.SERVICE, "default", selector={"fieldSelector": "spec.type=LoadBalancer"})
    assert names(found.items) == ["outside"]
    assert "ingress" not in found.items[0].get("status", {}).get("loadBalancer", {})


def a_service(name: str, kind: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"type": kind, "ports": [{"port": 80}]},
        "status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.9"}]}},
    }


def test_what_is_not_there_is_proven_absent(api: WritableApi) -> None:
    assert api.get(LB, "web", "default") is None
    assert api.get(LB, "web", "nowhere") is None
    assert api.get(Kind.IP_POOL, "edge") is None
    assert api.get(Kind.NAMESPACE, "nowhere") is None


@pytest.mark.parametrize("name", ["web/b", "web/status", "gone/b"])
def test_a_path_below_an_object_proves_nothing(name: str, api: WritableApi) -> None:
    put_lb(api)
    with pytest.raises(ReadError):
        api.get(LB, name, "default")


def test_what_is_not_served_is_not_absent(kube: Kube) -> None:
    kube.stop_serving_networks()
    with pytest.raises(ReadError) as one:
        kube.api.get(Kind.NETWORK, "vlan", "default")
    with pytest.raises(ReadError) as listed:
        kube.api.page(Kind.NETWORK)
    assert {one.value.why, listed.value.why} == {Unread.NOT_SERVED}
    network = {
        "apiVersion": "k8s.cni.cncf.io/v1",
        "kind": "NetworkAttachmentDefinition",
        "metadata": {"name": "vlan", "namespace": "default"},
    }
    refused(Unwritten.INVALID, lambda: kube.api.create(Kind.NETWORK, network))
    body = {"metadata": {"annotations": {"a": "b"}}}
    refused(Unwritten.INVALID, lambda: kube.api.patch(Kind.NETWORK, "vlan", "default", body=body))
