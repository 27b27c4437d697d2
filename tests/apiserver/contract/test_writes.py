"""Create, replace, patch: versions, conflicts, generations, schema."""

from __future__ import annotations

import copy
from functools import partial

import pytest

from lbdoctor.cluster.api import Manifest, Patch, Unwritten, WritableApi
from lbdoctor.domain.refs import Kind
from tests.apiserver.contract.conftest import Kube
from tests.apiserver.contract.objects import (
    annotate,
    generation,
    lb,
    pool,
    put_lb,
    refused,
    stored,
    version,
)

LB = Kind.LOAD_BALANCER


def patch(api: WritableApi, body: Patch, name: str = "web") -> Manifest:
    return api.patch(LB, name, "default", body=body)


def test_a_new_object_gets_what_is_the_servers(api: WritableApi) -> None:
    meta = {"name": "web", "namespace": "default", "uid": "mine", "generation": 7}
    created = api.create(LB, lb() | {"metadata": meta})
    assert created["metadata"]["uid"] != "mine"
    assert generation(created) == 1
    assert created["metadata"]["creationTimestamp"].endswith("Z")
    assert created == stored(api)


def test_a_name_is_given_once(api: WritableApi) -> None:
    put_lb(api)
    refused(Unwritten.EXISTS, lambda: put_lb(api), '"web" already exists')


def test_a_recreated_object_is_another_one(api: WritableApi) -> None:
    first = put_lb(api)
    api.delete(LB, "web", "default")
    assert put_lb(api)["metadata"]["uid"] != first["metadata"]["uid"]


def test_nothing_is_created_in_a_namespace_that_is_not_there(kube: Kube) -> None:
    new = lb(namespace="nowhere")
    refused(Unwritten.ABSENT, lambda: kube.api.create(LB, new), '"nowhere" not found')
    kube.add_namespace("nowhere")
    kube.api.create(LB, new)


@pytest.mark.parametrize("name", ["", "Web", "a/b", "-a"])
def test_a_name_has_to_be_one(name: str, api: WritableApi) -> None:
    refused(Unwritten.INVALID, lambda: api.create(LB, lb(name)), "metadata.name")


def test_a_new_object_has_no_version(api: WritableApi) -> None:
    new = lb()
    new["metadata"]["resourceVersion"] = "5"
    refused(Unwritten.FAILED, lambda: api.create(LB, new), "should not be set")


@pytest.mark.parametrize(
    "broken",
    [
        lb(spec={"ipam": "nope"}),
        lb(spec={"ipam": 3}),
        lb(spec={"listeners": [{"port": 80}]}),
        lb(spec=[]),
        {key: value for key, value in lb().items() if key != "spec"},
    ],
    ids=["enum", "type", "required in a list", "no mapping", "required"],
)
def test_what_does_not_fit_the_schema_is_refused(broken: Manifest, api: WritableApi) -> None:
    refused(Unwritten.INVALID, lambda: api.create(LB, broken), "is invalid")


@pytest.mark.parametrize("missing", ["total", "available", "lastAllocated"])
def test_a_pool_keeps_its_counters(missing: str, api: WritableApi) -> None:
    api.create(Kind.IP_POOL, pool())
    body = {"status": {missing: None}}
    refused(Unwritten.INVALID, lambda: api.patch(Kind.IP_POOL, "edge", body=body), missing)


def test_what_the_schema_does_not_name_is_dropped(api: WritableApi) -> None:
    created = api.create(LB, lb(spec={"ipam": "pool", "ipPool": None, "odd": 1}, extra=2))
    assert created["spec"] == {"ipam": "pool"}
    assert "extra" not in created


def test_a_null_in_a_map_is_dropped(api: WritableApi) -> None:
    api.create(Kind.IP_POOL, pool(allocated={"10.0.0.9": "a/b"}))
    add = [{"op": "add", "path": "/status/allocated", "value": {"10.0.0.8": None}}]
    assert api.patch(Kind.IP_POOL, "edge", body=add)["status"]["allocated"] == {}


def test_a_replacement_needs_the_version_that_is_there(api: WritableApi) -> None:
    first = put_lb(api)
    changed = copy.deepcopy(first)
    changed["spec"]["description"] = "new"
    second = api.replace(LB, changed)
    assert int(version(second)) > int(version(first))
    assert generation(second) == 2
    refused(Unwritten.CONFLICT, lambda: api.replace(LB, changed), "please apply your changes")
    del changed["metadata"]["resourceVersion"]
    refused(Unwritten.INVALID, lambda: api.replace(LB, changed), "must be specified")


def test_a_replacement_for_another_object_of_the_name_says_so(api: WritableApi) -> None:
    old = put_lb(api)
    api.delete(LB, "web", "default")
    put_lb(api)
    refused(Unwritten.CONFLICT, lambda: api.replace(LB, old), "UID in precondition")


def test_what_is_not_there_cannot_be_written_to(api: WritableApi) -> None:
    gone = put_lb(api)
    api.delete(LB, "web", "default")
    refused(Unwritten.ABSENT, lambda: api.replace(LB, gone), '"web" not found')
    refused(Unwritten.ABSENT, lambda: annotate(api, "x"), '"web" not found')
    refused(Unwritten.ABSENT, lambda: api.delete(LB, "web", "default"), '"web" not found')


def test_a_write_that_changes_nothing_is_none(api: WritableApi) -> None:
    put_lb(api)
    first = annotate(api, "same")
    assert annotate(api, "same") == first == stored(api)
    assert api.replace(LB, first) == first == stored(api)


def test_metadata_alone_raises_the_version_but_no_generation(api: WritableApi) -> None:
    first = put_lb(api)
    second = annotate(api, "x")
    assert generation(second) == generation(first)
    assert int(version(second)) > int(version(first))


def test_a_status_is_written_like_all_else(api: WritableApi) -> None:
    put_lb(api)
    changed = patch(api, {"status": {"address": "10.0.0.9"}})
    assert changed["status"] == {"address": "10.0.0.9"}
    assert generation(changed) == 2


def test_a_merge_patch_is_guarded_by_the_version_in_it(api: WritableApi) -> None:
    first = put_lb(api)
    annotate(api, "x", resourceVersion=version(first))
    again = {"resourceVersion": version(first)}
    refused(Unwritten.CONFLICT, lambda: annotate(api, "y", **again), "please apply your changes")
    refused(Unwritten.CONFLICT, lambda: annotate(api, "x", **again))


def test_null_removes_and_an_empty_mapping_does_not(api: WritableApi) -> None:
    booking = {"ipPool": "edge", "ip": "10.0.0.9"}
    put_lb(api, status={"allocatedAddress": booking})
    kept = patch(api, {"status": {"allocatedAddress": {}}})
    assert kept["status"]["allocatedAddress"] == booking
    gone = patch(api, {"status": {"allocatedAddress": None}})
    assert "allocatedAddress" not in gone["status"]


def test_the_servers_fields_cannot_be_patched(api: WritableApi) -> None:
    first = put_lb(api)
    for body in ({"uid": "x"}, {"deletionTimestamp": "2026-01-01T00:00:00Z"}):
        refused(Unwritten.INVALID, partial(patch, api, {"metadata": body}))
    assert patch(api, {"metadata": {"generation": 99}}) == first


def test_a_json_patch_is_carried_out_whole(api: WritableApi) -> None:
    put_lb(api, status={"address": "10.0.0.9"})
    body: list[Manifest] = [
        {"op": "test", "path": "/status/address", "value": "10.0.0.9"},
        {"op": "replace", "path": "/status/address", "value": "10.0.0.8"},
        {"op": "add", "path": "/metadata/annotations", "value": {"a/b": "x"}},
        {"op": "remove", "path": "/spec/workloadType"},
    ]
    changed = patch(api, body)
    assert changed["status"]["address"] == "10.0.0.8"
    assert changed["metadata"]["annotations"] == {"a/b": "x"}
    assert changed["spec"] == {"ipam": "pool"}
    assert patch(api, [{"op": "remove", "path": "/metadata/annotations/a~1b"}]) == stored(api)


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/status/address", "value": "10.0.0.8"},
        {"op": "test", "path": "/metadata/resourceVersion", "value": "1"},
        {"op": "remove", "path": "/status/backendServers"},
        {"op": "replace", "path": "/status/none/ip", "value": "x"},
        {"op": "frob", "path": "/status/address"},
    ],
    ids=["test", "version", "remove", "replace", "unknown"],
)
def test_a_json_patch_that_does_not_fit_changes_nothing(
    operation: Manifest, api: WritableApi
) -> None:
    first = put_lb(api, status={"address": "10.0.0.9"})
    body = [{"op": "add", "path": "/spec/description", "value": "x"}, operation]
    refused(Unwritten.INVALID, lambda: patch(api, body))
    assert stored(api) == first


def test_testing_for_null_holds_where_nothing_is(api: WritableApi) -> None:
    first = put_lb(api, status={"address": "x"})
    nothing = {"op": "test", "path": "/status/backendServers", "value": None}
    assert patch(api, [nothing]) == first


def test_lists_are_patched_by_position(api: WritableApi) -> None:
    put_lb(api, status={"backendServers": ["a", "c"]})
    body = [
        {"op": "add", "path": "/status/backendServers/1", "value": "b"},
        {"op": "add", "path": "/status/backendServers/-", "value": "d"},
        {"op": "replace", "path": "/status/backendServers/0", "value": "A"},
        {"op": "remove", "path": "/status/backendServers/2"},
    ]
    assert patch(api, body)["status"]["backendServers"] == ["A", "b", "d"]


def test_a_dry_run_checks_and_keeps_nothing(api: WritableApi) -> None:
    first = put_lb(api)
    body = {"spec": {"description": "x"}}
    tried = api.patch(LB, "web", "default", body=body, dry_run=True)
    assert tried["spec"]["description"] == "x"
    assert version(tried) == version(first)
    api.create(LB, lb("other"), dry_run=True)
    api.replace(LB, tried, dry_run=True)
    assert stored(api) == first
    assert api.get(LB, "other", "default") is None
    bad = {"spec": {"ipam": "nope"}}
    refused(
        Unwritten.INVALID, lambda: api.patch(LB, "web", "default", body=bad, dry_run=True), "ipam"
    )
