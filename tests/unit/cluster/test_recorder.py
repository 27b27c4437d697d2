"""The recorder keeps the newest state of what was read, and what was told absent."""

from __future__ import annotations

from typing import Unpack

import pytest

from lbdoctor.cluster.api import Page, PageOptions, Wrapper
from lbdoctor.cluster.recorder import Call, Recorder
from lbdoctor.diagnosis.port import ReadError, Unread
from lbdoctor.domain.refs import Kind
from tests.cli.manifests import lb, service
from tests.unit.cluster.clusters import Failing, cluster_of

ALL = Call(Kind.LOAD_BALANCER)


def names(recorder: Recorder) -> list[str]:
    return [call.name for call in recorder.recording.objects]


def test_a_second_list_drops_what_is_gone_since_the_first() -> None:
    cluster = cluster_of([lb("one"), lb("two"), lb("other", "b"), service("one")])
    recorder = Recorder(cluster)
    recorder.page(Kind.LOAD_BALANCER)
    recorder.page(Kind.SERVICE)
    cluster.remove(Kind.LOAD_BALANCER, "one", "a")
    cluster.remove(Kind.LOAD_BALANCER, "other", "b")
    recorder.page(Kind.LOAD_BALANCER, "a")
    assert sorted(names(recorder)) == ["one", "other", "two"], "b was not listed again"
    recorder.page(Kind.LOAD_BALANCER)
    assert sorted(names(recorder)) == ["one", "two"], "the Service of that name stays"


def test_the_pages_of_one_list_are_kept_together() -> None:
    recorder = Recorder(cluster_of([lb(f"web-{index}") for index in range(5)]))
    token = ""
    while True:
        page = recorder.page(Kind.LOAD_BALANCER, continue_token=token, limit=2)
        token = page.continue_token
        if not token:
            break
    assert names(recorder) == [f"web-{index}" for index in range(5)]


def test_what_a_get_finds_replaces_what_the_list_had() -> None:
    cluster = cluster_of([lb("one")])
    recorder = Recorder(cluster)
    recorder.page(Kind.LOAD_BALANCER)
    cluster.put(Kind.LOAD_BALANCER, lb("one", ip="10.0.0.5"))
    recorder.get(Kind.LOAD_BALANCER, "one", "a")
    (kept,) = recorder.recording.objects.values()
    assert kept["status"]["address"] == "10.0.0.5"


def test_what_a_get_does_not_find_is_absent_until_it_is_found() -> None:
    cluster = cluster_of([lb("one")])
    recorder, call = Recorder(cluster), Call(Kind.LOAD_BALANCER, "a", "one")
    recorder.page(Kind.LOAD_BALANCER)
    cluster.remove(Kind.LOAD_BALANCER, "one", "a")
    assert recorder.get(Kind.LOAD_BALANCER, "one", "a") is None
    assert (names(recorder), recorder.recording.absent) == ([], {call})
    cluster.put(Kind.LOAD_BALANCER, lb("one"))
    recorder.get(Kind.LOAD_BALANCER, "one", "a")
    assert (names(recorder), recorder.recording.absent) == (["one"], set())


def test_a_call_that_fails_is_noted_and_fails_all_the_same() -> None:
    one = Call(Kind.LOAD_BALANCER, "a", "one")
    recorder = Recorder(Failing(cluster_of([lb("one")]), ALL, one))
    with pytest.raises(ReadError):
        recorder.page(Kind.LOAD_BALANCER)
    with pytest.raises(ReadError):
        recorder.get(Kind.LOAD_BALANCER, "one", "a")
    assert set(recorder.recording.failed) == {ALL, one}
    assert recorder.recording.listed == set()


def test_what_is_recorded_is_not_what_the_caller_holds() -> None:
    recorder = Recorder(cluster_of([lb("one")]))
    found = recorder.get(Kind.LOAD_BALANCER, "one", "a")
    assert found is not None
    found["metadata"]["name"] = "changed"
    (kept,) = recorder.recording.objects.values()
    assert kept["metadata"]["name"] == "one"


def test_an_object_without_a_name_is_kept_too() -> None:
    nameless = lb()
    del nameless["metadata"]["name"]
    recorder = Recorder(cluster_of([nameless, lb("two")]))
    recorder.page(Kind.LOAD_BALANCER)
    assert len(recorder.recording.objects) == 2


@pytest.mark.parametrize("value", [[1], "text", 5, True])
@pytest.mark.parametrize("path", ["metadata", "annotations", "spec", "status"])
@pytest.mark.parametrize("kind", [Kind.LOAD_BALANCER, Kind.SERVICE, Kind.DEPLOYMENT])
def test_an_object_of_odd_types_is_recorded_without_a_crash(
    kind: Kind, path: str, value: object
) -> None:
    odd = lb("odd")
    inner = odd["metadata"] if path == "annotations" else odd
    inner[path] = value
    cluster = cluster_of([])
    cluster.put(kind, odd)
    recorder = Recorder(cluster)
    recorder.page(kind)
    assert len(recorder.recording.objects) == 1


def test_a_call_that_succeeds_in_the_end_did_not_fail() -> None:
    class Once(Wrapper):
        """Refuses the first list, as a server that cannot select does."""

        refused = False

        def page(self, kind: Kind, namespace: str = "", **options: Unpack[PageOptions]) -> Page:
            if not self.refused:
                self.refused = True
                raise ReadError(Unread.INVALID, "no such field")
            return super().page(kind, namespace, **options)

    recorder = Recorder(Once(cluster_of([lb("one")])))
    with pytest.raises(ReadError):
        recorder.page(Kind.LOAD_BALANCER)
    recorder.page(Kind.LOAD_BALANCER)
    assert (recorder.recording.failed, names(recorder)) == ({}, ["one"])
