"""LBD201: fence, release, wake, and look (the safety contract, 4, 5, 9, 10, 15)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lbdoctor.cluster.api import Manifest, ReadError, Unread, WriteError
from lbdoctor.cluster.memory.controller.steps import Step
from lbdoctor.domain.refs import Kind, Owner
from lbdoctor.repair.outcomes import Outcome, Result
from lbdoctor.repair.port import Unwritten
from lbdoctor.repair.run import carry_out
from tests.cli.manifests import lb, pool, service
from tests.unit.repair.interposed import always, at
from tests.unit.repair.world import World, results

HELD = {"10.0.0.5": "a/web"}
DUPLICATE = "10.0.0.5 has been allocated to a/web, duplicate allocation is not allowed"


def stuck_lb(message: str = DUPLICATE) -> Manifest:
    made = lb("web")
    made["status"]["conditions"][0]["message"] = message
    return made


def stuck(version: str = "v0.4.4", allocated: dict[str, str] = HELD, **status: Any) -> World:
    return World(pool(allocated=allocated, **status), stuck_lb(), version=version)


def heal(cluster: World) -> Outcome:
    (outcome,) = cluster.repair("LBD201")
    return outcome


@pytest.mark.parametrize("version", ["v0.4.0", "v0.4.4", "v1.5.0", "v1.5.1", "v1.9.0"])
def test_a_stuck_load_balancer_gets_its_address(version: str) -> None:
    cluster = stuck(version)
    first = [item.stamp for item in cluster.plan().items]
    cluster.with_controller()
    (outcome,) = cluster.carry_out(first, "LBD201")
    assert (outcome.result, outcome.text) == (Result.DONE, "a/web has 10.0.0.5 of p1")
    assert outcome.seconds is not None
    assert outcome.seconds < 15
    assert (cluster.records(), cluster.booking()) == (HELD, "10.0.0.5")


def test_the_fence_goes_before_the_release_and_both_carry_a_version() -> None:
    cluster = stuck().with_controller()
    heal(cluster)
    kinds = [call.kind for call in cluster.api.writes()]
    assert kinds[:2] == [Kind.LOAD_BALANCER, Kind.IP_POOL]
    for body in cluster.api.bodies:
        assert isinstance(body, dict)
        assert body["metadata"]["resourceVersion"]


def test_a_controller_that_heals_by_itself_is_left_to_do_it() -> None:
    cluster = stuck("v1.9.0").with_controller()
    outcome = heal(cluster)
    assert (outcome.result, cluster.api.writes(Kind.IP_POOL)) == (Result.DONE, [])


def test_a_controller_of_unknown_version_is_not_waited_for() -> None:
    cluster = stuck("")
    cluster.pace.stops_at = 1
    outcome = heal(cluster)
    assert (outcome.result, cluster.records()) == (Result.WAITING, {})


def test_a_fence_that_is_refused_releases_nothing() -> None:
    cluster = stuck()

    def refuse() -> None:
        raise WriteError(Unwritten.DENIED, 'admission webhook "v" denied the request: no VM')

    cluster.api.before = always(refuse, "patch", Kind.LOAD_BALANCER)
    outcome = heal(cluster)
    assert (outcome.result, cluster.records()) == (Result.REFUSED, HELD)
    assert outcome.text == "a webhook refuses it: no VM"


def test_a_load_balancer_that_changes_before_the_fence_is_looked_at_again() -> None:
    cluster = stuck().with_controller()
    cluster.api.before = at(1, cluster.touch, "patch", Kind.LOAD_BALANCER)
    assert heal(cluster).result is Result.DONE


def test_one_that_is_booked_before_the_fence_keeps_its_record() -> None:
    cluster = stuck()
    booked = {"status": {"allocatedAddress": {"ipPool": "p1", "ip": "10.0.0.5"}}}
    cluster.api.before = at(1, lambda: cluster.patch_lb(booked), "patch", Kind.LOAD_BALANCER)
    outcome = heal(cluster)
    assert (outcome.result, cluster.records()) == (Result.ALREADY, HELD)
    assert cluster.api.writes(Kind.IP_POOL) == []


def test_one_that_somebody_keeps_writing_to_is_left_alone_after_eight_tries() -> None:
    cluster = stuck()
    cluster.api.before = always(cluster.touch, "patch", Kind.LOAD_BALANCER)
    outcome = heal(cluster)
    assert (outcome.result, len(cluster.api.writes())) == (Result.FAILED, 8)
    assert cluster.records() == HELD


def test_a_pool_written_to_after_it_was_read_is_not_written() -> None:
    cluster = stuck()
    cluster.api.before = always(cluster.touch_pool, "patch", Kind.IP_POOL)
    assert (heal(cluster).result, cluster.records()) == (Result.FAILED, HELD)


def released_by_harvester(cluster: World) -> None:
    """The controller gives the record back, and says that it met it."""
    cluster.patch_pool({"status": {"allocated": {"10.0.0.5": None}, "allocatedHistory": HELD}})
    now = {"type": "Ready", "status": "False", "message": DUPLICATE}
    now["lastUpdateTime"] = f"{cluster.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    cluster.patch_lb({"status": {"conditions": [now]}})


def test_one_that_the_controller_is_healing_is_no_refusal() -> None:
    cluster = stuck("v1.9.0")
    act = at(1, lambda: released_by_harvester(cluster), "patch", Kind.LOAD_BALANCER)
    cluster.api.before = act
    outcome = heal(cluster)
    assert (outcome.result, outcome.text) == (Result.ALREADY, "it is not so any more")


@pytest.mark.parametrize("version, fences", [("v0.4.4", 1), ("v0.4.0", 0), ("", 0)])
def test_an_entry_of_history_for_the_same_address_stops_the_release(
    version: str, fences: int
) -> None:
    """Where a sticky controller would book it as it is, a fence lets it try first."""
    cluster = stuck(version, allocatedHistory=HELD)
    outcome = heal(cluster)
    assert outcome.result is Result.REFUSED
    assert outcome.text == "history of p1 names 10.0.0.5 for the same owner (LBD106)"
    assert [call.kind for call in cluster.api.writes()] == [Kind.LOAD_BALANCER] * fences
    assert cluster.records() == HELD


@pytest.mark.parametrize("version", ["v0.4.0", "v0.4.4", "v1.9.0"])
def test_one_that_history_names_for_its_own_record_is_healed(version: str) -> None:
    cluster = stuck(version, allocatedHistory=HELD)
    first = [item.stamp for item in cluster.plan().items]
    cluster.with_controller()
    outcomes = cluster.carry_out(first)
    assert set(results(outcomes)) == {Result.DONE}
    assert (cluster.booking(), cluster.records()) == ("10.0.0.5", HELD)


@pytest.mark.parametrize(
    "address, last, kept",
    [("10.0.0.9", "10.0.0.5", "10.0.0.9"), ("", "10.0.0.9", "10.0.0.9"), ("", "", "10.0.0.5")],
    ids=["status-address", "last-allocated", "lowest"],
)
def test_of_several_records_one_goes_to_history(address: str, last: str, kept: str) -> None:
    both = {"10.0.0.5": "a/web", "10.0.0.9": "a/web"}
    cluster = stuck(allocated=both, lastAllocated=last)
    cluster.patch_lb({"status": {"address": address}})
    cluster.pace.stops_at = 1
    heal(cluster)
    assert (cluster.records(), cluster.history()) == ({}, {kept: "a/web"})
    assert len(cluster.api.writes(Kind.IP_POOL)) == 1


@pytest.mark.parametrize("kind, kept", [("vm", "10.0.0.9"), ("cluster", "10.0.0.5")])
def test_of_several_records_the_one_that_its_service_names_goes_to_history(
    kind: str, kept: str
) -> None:
    both = pool(allocated={"10.0.0.5": "a/web", "10.0.0.9": "a/web"}, lastAllocated="10.0.0.5")
    made, listener = stuck_lb(), {"name": "web", "port": 80, "protocol": "TCP", "backendPort": 80}
    made["spec"].update(workloadType=kind, listeners=[listener])
    cluster = World(both, made, service(ip="10.0.0.9"), service("other", ip="10.0.0.5"))
    cluster.pace.stops_at = 1
    heal(cluster)
    assert (cluster.records(), cluster.history()) == ({}, {kept: "a/web"})


def test_history_that_names_the_owner_already_gets_no_second_entry() -> None:
    cluster = stuck(allocatedHistory={"10.0.0.9": "a/web"})
    cluster.pace.stops_at = 1
    heal(cluster)
    assert (cluster.records(), cluster.history()) == ({}, {"10.0.0.9": "a/web"})


def test_the_neighbours_are_not_touched() -> None:
    cluster = stuck(allocated=HELD | {"10.0.0.6": "a/ok"})
    cluster.put(lb("ok", ip="10.0.0.6"))
    before = cluster.lb("ok")
    cluster.with_controller()
    heal(cluster)
    assert (cluster.lb("ok"), cluster.records()["10.0.0.6"]) == (before, "a/ok")


def test_what_is_stuck_anew_is_repaired_three_times_at_most() -> None:
    cluster = stuck()
    again = {"status": {"allocated": HELD, "allocatedHistory": None}}
    cluster.api.after = always(lambda: cluster.patch_pool(again), "patch", Kind.IP_POOL)
    outcome = heal(cluster)
    assert (outcome.result, outcome.text) == (Result.FAILED, "stuck anew, 3 times in a row")
    assert len(cluster.api.writes(Kind.IP_POOL)) == 3


def test_one_that_gets_no_address_is_said_to_wait() -> None:
    cluster = stuck()
    outcome = heal(cluster)
    assert (outcome.result, outcome.text) == (
        Result.WAITING,
        "released, still waiting for the controller",
    )


def test_one_that_is_gone_when_it_is_its_turn_is_not_called_released() -> None:
    cluster = stuck()
    cluster.api.before = at(1, cluster.delete, "patch", Kind.LOAD_BALANCER)
    outcome = heal(cluster)
    assert (outcome.result, cluster.records()) == (Result.REFUSED, HELD)
    assert outcome.text == "a/web is gone for now, and p1 holds its record: look again"


def test_a_recreated_one_is_healed_though_its_uid_is_another() -> None:
    cluster = stuck()
    first = [item.stamp for item in cluster.plan().items]
    cluster.delete()
    again = stuck_lb()
    cluster.put({**again, "metadata": {**again["metadata"], "uid": "another"}})
    cluster.with_controller()
    assert results(cluster.carry_out(first, "LBD201")) == [Result.DONE]


def test_one_that_cannot_be_read_is_unknown() -> None:
    cluster = stuck()
    report, item = cluster.item("LBD201")

    def refuse() -> None:
        raise ReadError(Unread.FORBIDDEN, "no")

    cluster.api.before = always(refuse, "get", Kind.LOAD_BALANCER)
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert (outcome.result, cluster.api.writes()) == (Result.UNKNOWN, [])


@pytest.mark.parametrize("what", ["pool", "lb"])
def test_what_is_to_be_left_alone_is(what: str) -> None:
    cluster = stuck()
    body = {"metadata": {"annotations": {"lbdoctor.io/ignore": "mine"}}}
    (cluster.patch_pool if what == "pool" else cluster.patch_lb)(body)
    made = cluster.plan()
    assert (made.items, [one.reason for one in made.held]) == ((), ["ignored: mine"])


@pytest.mark.parametrize("what", ["pool", "lb"])
def test_what_is_to_be_left_alone_since_the_plan_is(what: str) -> None:
    cluster = stuck()
    report, item = cluster.item("LBD201")
    body = {"metadata": {"annotations": {"lbdoctor.io/ignore": "mine"}}}
    (cluster.patch_pool if what == "pool" else cluster.patch_lb)(body)
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert (outcome.result, cluster.api.writes()) == (Result.REFUSED, [])
    assert outcome.text == "ignored: mine"


def test_the_version_of_the_pool_read_before_the_fence_guards_against_a_heal_under_way() -> None:
    """v1.9.0 heals between fence and pool write: R1 and W1 done, W3 still to come.

    Read after the fence, the pool would show the new record at a version that the write may
    go by, and the booking would land afterwards without its record.
    """
    cluster = stuck("v1.9.0").with_controller()
    cluster.running.listen()
    report, item = cluster.item("LBD201")
    # Of unknown version, lbdoctor releases right after the fence.
    unknown = replace(report.snapshot, controller=replace(report.snapshot.controller, tag=""))
    ref = Owner("a", "web").ref
    in_flight = []

    def heals_as_far_as_w1() -> None:
        controller = cluster.running
        controller.work()  # the sync that meets the record and gives it back: R1
        controller.enqueue(ref)
        controller.listen()
        task = controller.begin(ref)
        while task.next is not None and task.next is not Step.W3:
            controller.advance(task)
        if task.next is Step.W3:
            in_flight.append(task)

    cluster.api.after = at(1, heals_as_far_as_w1, "patch", Kind.LOAD_BALANCER)
    outcomes = carry_out(cluster.pen(), unknown, [item])
    outcome = next(iter(outcomes))
    for task in in_flight:
        if task in cluster.running.tasks:
            cluster.running.advance(task)
    cluster.running.run_for(60, cluster.clock.advance)
    assert outcome.result in (Result.DONE, Result.ALREADY, Result.WAITING)
    assert (cluster.booking(), cluster.records()) == ("10.0.0.5", HELD)
