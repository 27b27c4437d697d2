"""Deletion, with and without something that holds the object."""

from __future__ import annotations

from lbdoctor.cluster.api import Unwritten, WritableApi
from lbdoctor.domain.refs import Kind
from tests.apiserver.contract.objects import generation, lb, put_lb, refused, stored, version

LB = Kind.LOAD_BALANCER


def held(api: WritableApi) -> str:
    """Create a LoadBalancer with a finalizer and return its UID."""
    new = lb()
    new["metadata"]["finalizers"] = ["x.io/one"]
    return str(api.create(LB, new)["metadata"]["uid"])


def finalizers(api: WritableApi, *names: str) -> None:
    body = {"metadata": {"finalizers": list(names) or None}}
    api.patch(LB, "web", "default", body=body)


def test_without_a_finalizer_it_goes_at_once(api: WritableApi) -> None:
    put_lb(api)
    api.delete(LB, "web", "default")
    assert api.get(LB, "web", "default") is None


def test_a_finalizer_holds_it(api: WritableApi) -> None:
    held(api)
    before = stored(api)
    api.delete(LB, "web", "default")
    marked = stored(api)
    assert marked["metadata"]["deletionTimestamp"]
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 0
    assert generation(marked) == generation(before) + 1
    finalizers(api)
    assert api.get(LB, "web", "default") is None


def test_deleting_it_again_changes_nothing(api: WritableApi) -> None:
    held(api)
    api.delete(LB, "web", "default")
    marked = stored(api)
    api.delete(LB, "web", "default")
    assert stored(api) == marked


def test_on_its_way_out_it_is_written_to_but_gets_no_finalizer(api: WritableApi) -> None:
    held(api)
    api.delete(LB, "web", "default")
    before = stored(api)
    api.patch(LB, "web", "default", body={"status": {"address": "10.0.0.9"}})
    assert int(version(stored(api))) > int(version(before))
    refused(Unwritten.INVALID, lambda: finalizers(api, "x.io/one", "x.io/two"), "x.io/two")


def test_a_replacement_cannot_take_the_mark_away(api: WritableApi) -> None:
    held(api)
    api.delete(LB, "web", "default")
    marked = stored(api)
    body = {**marked, "metadata": dict(marked["metadata"])}
    del body["metadata"]["deletionTimestamp"]
    body["status"] = {"address": "10.0.0.9"}
    api.replace(LB, body)
    assert stored(api)["metadata"]["deletionTimestamp"]


def test_only_the_one_that_was_meant_is_deleted(api: WritableApi) -> None:
    uid = held(api)
    refused(Unwritten.CONFLICT, lambda: api.delete(LB, "web", "default", uid="other"), "UID")
    api.delete(LB, "web", "default", uid=uid)
    assert stored(api)["metadata"]["deletionTimestamp"]
