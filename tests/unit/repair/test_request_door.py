"""The controller's door: asked, waited for, taken back (the safety contract, 12)."""

from __future__ import annotations

from typing import Any

import pytest

from lbdoctor.cluster.api import ReadError, Unread
from lbdoctor.domain.refs import Kind
from lbdoctor.repair.outcomes import Outcome, Result
from lbdoctor.repair.request import Request
from tests.cli.manifests import lb, pool
from tests.unit.repair.interposed import Call, always, at, lost
from tests.unit.repair.world import World

KEY = "loadbalancer.harvesterhci.io/manuallyReleaseIP"
STALE = {"10.0.0.5": "a/gone"}


def world(allocated: dict[str, str] = STALE, version: str = "v1.5.0", **status: Any) -> World:
    return World(pool(allocated=allocated, **status), lb("other", pool_name="p2"), version=version)


def ask(cluster: World, timeout: float = 30.0) -> Outcome:
    report = cluster.look()
    item = next(one for one in cluster.plan().items if one.finding.code == "LBD101")
    cluster.api.calls.clear()
    cluster.pace.waits = 0
    return Request(cluster.pen(), report.snapshot, item, timeout).release()


def request(cluster: World) -> str | None:
    found: str | None = (cluster.pool()["metadata"].get("annotations") or {}).get(KEY)
    return found


def test_harvester_itself_releases_the_record() -> None:
    cluster = world().with_controller()
    outcome = ask(cluster)
    assert (outcome.result, outcome.door) == (Result.DONE, "controller")
    assert (cluster.records(), request(cluster)) == ({}, None)


def test_a_request_that_nobody_answers_is_taken_back() -> None:
    cluster = world()
    outcome = ask(cluster, 5.0)
    assert outcome.text == "no answer to the request within 5 s; the request was taken back"
    assert (outcome.result, cluster.records(), request(cluster)) == (Result.FAILED, STALE, None)


@pytest.mark.parametrize("number", [1, 2, 7])
def test_a_request_is_taken_back_when_the_run_is_to_end(number: int) -> None:
    cluster = world()
    cluster.pace.stops_at = number
    outcome = ask(cluster)
    assert (outcome.result, outcome.text) == (
        Result.STOPPED,
        "stopped; the request was taken back",
    )
    assert (cluster.records(), request(cluster)) == (STALE, None)


def test_a_request_is_taken_back_though_others_write_to_the_pool() -> None:
    cluster = world()
    writes = 0

    def touch() -> None:
        nonlocal writes
        writes += 1
        if 2 <= writes < 7:
            cluster.touch_pool()

    cluster.api.before = always(touch, "patch", Kind.IP_POOL)
    assert (ask(cluster, 1.0).result, request(cluster)) == (Result.FAILED, None)


def test_a_request_is_taken_back_though_the_answer_was_lost() -> None:
    cluster = world()
    cluster.api.after = at(2, lost, "patch")
    outcome = ask(cluster, 1.0)
    assert outcome.text.endswith("the request was taken back")
    assert request(cluster) is None


@pytest.mark.parametrize("answers", [True, False])
def test_a_request_whose_answer_was_lost_is_not_left_behind(answers: bool) -> None:
    cluster = world()
    if answers:
        cluster.with_controller()
    cluster.api.after = at(1, lost, "patch")
    outcome = ask(cluster, 1.0)
    assert (outcome.result is Result.DONE) == answers
    assert request(cluster) is None


def test_a_request_is_taken_back_though_the_pool_cannot_be_read_for_a_while() -> None:
    cluster = world()
    report_done = False

    def fail() -> None:
        if report_done and cluster.pace.waits < 3:
            raise ReadError(Unread.FAILED, "no answer")

    def asked(_call: Call) -> None:
        nonlocal report_done
        report_done = True

    cluster.api.before = always(fail, "get", Kind.IP_POOL)
    cluster.api.after = lambda call: asked(call) if call.verb == "patch" else None
    assert ask(cluster, 2.0).result is Result.FAILED
    assert request(cluster) is None


def test_the_annotation_gone_is_no_success() -> None:
    cluster = world()
    dropped = {"metadata": {"annotations": {KEY: None}}}
    cluster.pace.meanwhile = lambda _seconds: cluster.patch_pool(dropped)
    outcome = ask(cluster)
    assert (outcome.result, outcome.text) == (
        Result.REFUSED,
        "Harvester dropped the request and did not release the record",
    )


def test_anothers_request_is_never_overwritten() -> None:
    cluster = world()
    theirs = {"metadata": {"annotations": {KEY: "10.0.0.9: a/else"}}}
    cluster.api.before = at(1, lambda: cluster.patch_pool(theirs), "patch", Kind.IP_POOL)
    outcome = ask(cluster)
    assert outcome.text == "another request is pending: '10.0.0.9: a/else'"
    assert (outcome.result, request(cluster)) == (Result.REFUSED, "10.0.0.9: a/else")


def test_anothers_request_is_not_taken_back() -> None:
    cluster = world()
    theirs = {"metadata": {"annotations": {KEY: "10.0.0.9: a/else"}}}
    replaces = at(2, lambda: cluster.patch_pool(theirs), "get", Kind.IP_POOL)

    def asked(call: Call) -> None:
        if call.verb == "patch":
            cluster.api.before = replaces

    cluster.api.after = asked
    cluster.pace.stops_at = 1
    assert ask(cluster).result is Result.STOPPED
    assert request(cluster) == "10.0.0.9: a/else"


@pytest.mark.parametrize(
    "allocated, version, why",
    [
        (STALE, "v0.4.4", "this controller, v0.4.4, reads no requests"),
        (
            {"10.0.0.5": "a/gone", "10.0.0.6": "a/gone"},
            "v1.9.0",
            "a/gone has several records: a request may free another one",
        ),
        (
            {"::ffff:10.0.0.5": "a/gone"},
            "v1.9.0",
            "a request can only name an IPv4 address as Harvester spells it",
        ),
    ],
)
def test_what_harvester_would_not_do_as_asked_is_not_asked(
    allocated: dict[str, str], version: str, why: str
) -> None:
    cluster = world(allocated, version)
    outcome = ask(cluster)
    assert (outcome.result, outcome.text) == (Result.REFUSED, why)
    assert cluster.api.writes() == []


def test_an_owner_that_comes_back_booked_gets_its_record_again() -> None:
    cluster = world().with_controller()
    released = cluster.pace.meanwhile

    def back(seconds: float) -> None:
        released(seconds)
        if cluster.records() == {} and cluster.lb("gone") is None:
            cluster.put(lb("gone", ip="10.0.0.5"))

    cluster.pace.meanwhile = back
    outcome = ask(cluster)
    assert (outcome.result, cluster.records()) == (Result.REFUSED, STALE)


def test_harvester_released_it_and_somebody_waited_for_the_address() -> None:
    cluster = world()
    then: Any = {"metadata": {"annotations": {KEY: None}}}
    then["status"] = {"allocated": {"10.0.0.5": "a/next"}}
    cluster.pace.meanwhile = lambda _seconds: cluster.patch_pool(then)
    assert ask(cluster).result is Result.DONE


def test_a_release_that_comes_just_when_the_request_is_taken_back_is_a_release() -> None:
    cluster = world()
    released: Any = {"metadata": {"annotations": {KEY: None}}}
    released["status"] = {"allocated": {"10.0.0.5": None}, "allocatedHistory": STALE}

    def before(call: Call) -> None:
        if (call.verb, call.kind) == ("get", Kind.IP_POOL) and cluster.pace.stopped:
            cluster.patch_pool(released)

    cluster.api.before = before
    cluster.pace.stops_at = 1
    outcome = ask(cluster)
    assert (outcome.result, "taken back" in outcome.text) == (Result.DONE, False)


def test_a_journal_that_is_full_does_not_hide_a_request_that_stays() -> None:
    cluster = world()
    cluster.journal.before_fails_at = 2
    outcome = ask(cluster, 1.0)
    assert outcome.text.endswith("the request is still there")
    assert request(cluster) is not None


def test_a_request_is_taken_back_where_another_released_the_record() -> None:
    """Nobody reads requests: it would be carried out one day, for whoever has it then."""
    cluster = world()
    gone = {"status": {"allocated": None}}
    cluster.pace.meanwhile = lambda _seconds: cluster.patch_pool(gone)
    assert ask(cluster).result is Result.DONE
    assert request(cluster) is None


def test_what_history_names_for_the_same_owner_is_not_asked_for() -> None:
    cluster = World(pool(allocated=STALE, allocatedHistory=STALE), lb("other"), version="v1.9.0")
    outcome = ask(cluster)
    assert (outcome.result, cluster.api.writes()) == (Result.REFUSED, [])
    assert outcome.text == "history of p1 names it for the same owner (LBD106)"
