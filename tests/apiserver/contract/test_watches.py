"""Watches: what happens after a version, in order, and nothing else."""

from __future__ import annotations

import pytest

from lbdoctor.cluster.api import Event, EventType, ExpiredError, WritableApi
from lbdoctor.domain.refs import Kind
from tests.apiserver.contract.conftest import Kube
from tests.apiserver.contract.objects import annotate, lb, pool, put_lb, version

LB = Kind.LOAD_BALANCER


def told(events: list[Event]) -> list[tuple[EventType, str]]:
    return [
        (event.type, event.manifest["metadata"]["name"])
        for event in events
        if event.type is not EventType.BOOKMARK
    ]


def watched(api: WritableApi, since: str, namespace: str = "", seconds: float = 1.0) -> list[Event]:
    return list(api.watch(LB, namespace, since=since, seconds=seconds))


def test_every_change_is_told_in_order(api: WritableApi) -> None:
    since = api.page(LB).version
    new = lb()
    new["metadata"]["finalizers"] = ["x.io/one"]
    api.create(LB, new)
    annotate(api, "x")
    api.delete(LB, "web", "default")
    api.patch(LB, "web", "default", body={"metadata": {"finalizers": None}})
    events = watched(api, since)
    assert told(events) == [
        (EventType.ADDED, "web"),
        (EventType.MODIFIED, "web"),
        (EventType.MODIFIED, "web"),
        (EventType.DELETED, "web"),
    ]
    versions = [int(event.version) for event in events[:4]]
    assert versions == sorted(set(versions))


def test_what_was_there_before_is_not_told(api: WritableApi) -> None:
    put_lb(api)
    assert told(watched(api, api.page(LB).version)) == []


def test_a_write_that_changes_nothing_is_not_told(api: WritableApi) -> None:
    put_lb(api)
    annotate(api, "same")
    since = api.page(LB).version
    annotate(api, "same")
    assert told(watched(api, since)) == []


def test_a_dry_run_is_not_told(api: WritableApi) -> None:
    since = api.page(LB).version
    api.create(LB, lb(), dry_run=True)
    assert told(watched(api, since)) == []


def test_only_its_kind_and_namespace_are_told(kube: Kube) -> None:
    kube.add_namespace("other")
    since = kube.api.page(LB).version
    kube.api.create(Kind.IP_POOL, pool())
    put_lb(kube.api, "here")
    kube.api.create(LB, lb("there", "other"))
    assert told(watched(kube.api, since)) == [(EventType.ADDED, "here"), (EventType.ADDED, "there")]
    assert told(watched(kube.api, since, "other")) == [(EventType.ADDED, "there")]


def test_an_event_has_the_object_as_it_was_then(api: WritableApi) -> None:
    since = api.page(LB).version
    first = put_lb(api)
    second = annotate(api, "x")
    added, modified = watched(api, since)[:2]
    assert added.manifest == first
    assert modified.manifest == second
    assert modified.version == version(second)


def test_a_deleted_object_is_told_as_it_was_under_a_version_of_its_own(api: WritableApi) -> None:
    last = put_lb(api)
    since = api.page(LB).version
    api.delete(LB, "web", "default")
    (gone,) = watched(api, since)[:1]
    assert gone.type is EventType.DELETED
    assert gone.manifest["metadata"]["uid"] == last["metadata"]["uid"]
    assert int(gone.version) > int(version(last))


def test_bookmarks_tell_how_far_nothing_happened(api: WritableApi) -> None:
    since = api.page(LB).version
    api.create(Kind.IP_POOL, pool())
    events = watched(api, since)
    # A real API server sends the first one after a minute, the one in memory at the end.
    assert {event.type for event in events} <= {EventType.BOOKMARK}
    assert all(int(event.version) >= int(since) for event in events)


def test_a_past_that_is_forgotten_cannot_be_watched(kube: Kube) -> None:
    since = version(put_lb(kube.api))
    annotate(kube.api, "x")
    kube.forget_the_past()
    with pytest.raises(ExpiredError):
        watched(kube.api, "1" if since != "1" else "0")
