"""Every other kind of fix: carried out once, and refused once (the contract, 4, 5, 9, 10)."""

from __future__ import annotations

import pytest

from lbdoctor.cluster.api import Manifest
from lbdoctor.domain.refs import Kind
from lbdoctor.repair.outcomes import Outcome, Result
from lbdoctor.repair.run import carry_out
from tests.cli.manifests import lb, pool
from tests.unit.repair.interposed import at, lost
from tests.unit.repair.world import World

REQUEST = "loadbalancer.harvesterhci.io/manuallyReleaseIP"
TWICE = {"10.0.0.5": "a/web", "10.0.0.6": "a/web"}


def double(version: str = "v0.4.4") -> World:
    return World(pool(allocated=TWICE), lb("web", ip="10.0.0.5"), version=version)


def second(allocated: dict[str, str] | None = None) -> Manifest:
    """Return a pool that serves another namespace."""
    made = pool("p2", allocated, net="10.1.0")
    made["spec"]["selector"]["scope"][0]["namespace"] = "b"
    return made


def foreign() -> World:
    """Unbooked, asking for p1, with a record in p2 only."""
    return World(pool(), second({"10.1.0.5": "a/web"}), lb("web"))


def invalid(key: str = "10.9.9.9", owner: str = "a/gone") -> World:
    return World(pool(allocated={key: owner}), lb("other"))


def unrecorded() -> World:
    return World(pool(), lb("web", ip="10.0.0.5"))


def with_request(value: str, allocated: dict[str, str]) -> World:
    made = pool(allocated=allocated)
    made["metadata"]["annotations"] = {REQUEST: value}
    return World(made, lb("web"))


def conflict() -> World:
    record = {"10.0.0.5": "a/web"}
    return World(pool(allocated=record), lb("web", ip="10.0.0.5"), lb("two", ip="10.0.0.5"))


def unset() -> World:
    made = lb("web", ip="10.0.0.5")
    del made["spec"]["ipam"]
    return World(pool(allocated={"10.0.0.5": "a/web"}), made)


def waiting(finalizer: bool = True) -> World:
    made = lb("web")
    made["status"]["conditions"][0]["message"] = "fail to reserve 10.0.0.5 into p1"
    if not finalizer:
        del made["metadata"]["finalizers"]
    return World(pool(), made)


def do(cluster: World, code: str) -> Outcome:
    report, item = cluster.item(code)
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    return outcome


WELL = {"LBD103": Result.WAITING}
"""How a code ends that is carried out; the owner waits, for no controller is there."""


def done(cluster: World, code: str) -> Outcome:
    outcome = do(cluster, code)
    assert outcome.result is WELL.get(code, Result.DONE), outcome
    return outcome


def test_a_second_record_is_dropped_and_not_into_history() -> None:
    cluster = double()
    done(cluster, "LBD102")
    assert (cluster.records(), cluster.history()) == ({"10.0.0.5": "a/web"}, {})
    assert cluster.pool()["status"]["available"] == 252


@pytest.mark.parametrize("version", ["v0.4.0", ""])
def test_a_booked_load_balancer_is_never_written_to_where_that_could_move_it(version: str) -> None:
    cluster = double(version)
    cluster.repair()
    assert cluster.api.writes(Kind.LOAD_BALANCER) == []
    assert cluster.records() == {"10.0.0.5": "a/web"}


@pytest.mark.parametrize("version", ["v0.4.0", ""])
def test_ipam_is_not_set_where_that_could_move_an_address(version: str) -> None:
    made = lb("web", ip="10.0.0.5")
    del made["spec"]["ipam"]
    cluster = World(pool(allocated={"10.0.0.5": "a/web"}), made, version=version)
    assert cluster.plan(disruptive=True).items == ()
    cluster.repair()
    assert cluster.api.writes() == []


def test_a_second_record_stays_if_the_booking_moved_to_it() -> None:
    cluster = double()
    moved = {"status": {"allocatedAddress": {"ip": "10.0.0.6"}}}
    report, item = cluster.item("LBD102")
    cluster.api.before = at(1, lambda: cluster.patch_lb(moved), "get", Kind.IP_POOL)
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert outcome.result is not Result.DONE
    assert cluster.records() == TWICE


def test_a_record_that_freezes_its_pool_is_dropped_and_not_into_history() -> None:
    cluster = invalid()
    done(cluster, "LBD104")
    assert (cluster.records(), cluster.history()) == ({}, {})


def test_a_record_that_freezes_its_pool_stays_while_its_owner_lives() -> None:
    cluster = invalid()
    report, item = cluster.item("LBD104")
    cluster.put(lb("gone"))
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert (outcome.result, cluster.api.writes()) == (Result.REFUSED, [])


def test_an_odd_key_is_spelled_as_go_prints_it() -> None:
    cluster = World(pool(allocated={"::ffff:10.0.0.5": "a/web"}), lb("web", ip="10.0.0.5"))
    done(cluster, "LBD104")
    assert cluster.records() == {"10.0.0.5": "a/web"}


def test_an_odd_key_stays_if_the_right_one_is_taken_by_then() -> None:
    cluster = World(pool(allocated={"::ffff:10.0.0.5": "a/web"}), lb("web", ip="10.0.0.5"))
    report, item = cluster.item("LBD104")
    cluster.patch_pool({"status": {"allocated": {"10.0.0.5": "a/two"}}})
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert (outcome.result, cluster.api.writes()) == (Result.REFUSED, [])


def test_counters_are_set_to_what_fits_by_then() -> None:
    cluster = World(pool(allocated={"10.0.0.5": "a/web"}, available=7), lb("web", ip="10.0.0.5"))
    report, item = cluster.item("LBD105")
    cluster.patch_pool({"status": {"allocated": {"10.0.0.6": "a/two"}}})
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    status = cluster.pool()["status"]
    assert (outcome.result, status["available"], status["total"]) == (Result.DONE, 251, 253)


def test_counters_that_fit_by_then_are_left() -> None:
    cluster = World(pool(available=7), lb("web"))
    report, item = cluster.item("LBD105")
    cluster.patch_pool({"status": {"available": 253}})
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert (outcome.result, cluster.api.writes()) == (Result.ALREADY, [])


def test_a_blocking_entry_of_history_is_dropped() -> None:
    cluster = World(pool(allocatedHistory={"10.0.0.1": "a/web"}), lb("web"))
    done(cluster, "LBD106")
    assert cluster.history() == {}


def test_an_entry_of_history_that_is_anothers_by_then_stays() -> None:
    cluster = World(pool(allocatedHistory={"10.0.0.1": "a/web"}), lb("web"), lb("two"))
    report, item = cluster.item("LBD106")
    cluster.patch_pool({"status": {"allocatedHistory": {"10.0.0.1": "a/two"}}})
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert (outcome.result, cluster.api.writes()) == (Result.REFUSED, [])


def test_a_request_is_carried_out_with_its_record_in_one_write() -> None:
    cluster = with_request("10.0.0.5: a/gone", {"10.0.0.5": "a/gone"})
    outcome = done(cluster, "LBD107")
    assert outcome.text == "released 10.0.0.5 of a/gone; guest not checked"
    assert (cluster.records(), len(cluster.api.writes())) == ({}, 1)
    assert REQUEST not in cluster.pool()["metadata"].get("annotations", {})


def test_a_request_that_somebody_replaced_is_not_carried_out() -> None:
    cluster = with_request("10.0.0.5: a/gone", {"10.0.0.5": "a/gone"})
    report, item = cluster.item("LBD107")
    cluster.patch_pool({"metadata": {"annotations": {REQUEST: "10.0.0.6: a/gone"}}})
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert (outcome.result, cluster.api.writes()) == (Result.REFUSED, [])


def test_a_request_whose_owner_came_back_booked_is_made_good() -> None:
    cluster = with_request("10.0.0.5: a/gone", {"10.0.0.5": "a/gone"})

    def back() -> None:
        cluster.put(lb("gone", ip="10.0.0.5"))

    cluster.api.after = at(1, back, "patch", Kind.IP_POOL)
    outcome = do(cluster, "LBD107")
    assert (outcome.result, cluster.records()) == (Result.REFUSED, {"10.0.0.5": "a/gone"})


def test_a_request_that_never_works_is_removed_if_that_is_wanted() -> None:
    cluster = with_request("nonsense", {})
    assert [one.reason for one in cluster.plan().held] == ["it is disruptive"]
    done(cluster, "LBD107")
    assert REQUEST not in cluster.pool()["metadata"].get("annotations", {})


CASES = {
    "LBD102": double,
    "LBD103": foreign,
    "LBD104": invalid,
    "LBD202": unrecorded,
    "LBD208": unset,
}


@pytest.mark.parametrize("code", CASES)
def test_a_lost_answer_is_confirmed_and_nothing_written_twice(code: str) -> None:
    cluster = CASES[code]()
    kind = Kind.LOAD_BALANCER if code == "LBD208" else Kind.IP_POOL
    cluster.api.after = lambda call: lost() if call in cluster.api.writes(kind)[:1] else None
    done(cluster, code)
    assert len(cluster.api.writes(kind)) == 1
    assert set(cluster.journal.outcomes.values()) == {"done"}


@pytest.mark.parametrize("code", CASES)
def test_a_journal_that_cannot_be_written_lets_nothing_be_written(code: str) -> None:
    cluster = CASES[code]()
    cluster.journal.before_fails_at = 1
    assert (do(cluster, code).result, cluster.api.writes()) == (Result.FAILED, [])


@pytest.mark.parametrize("code", CASES)
def test_what_is_stopped_before_it_began_is_not_begun(code: str) -> None:
    cluster = CASES[code]()
    cluster.pace.stopped = True
    assert (do(cluster, code).result, cluster.api.writes()) == (Result.STOPPED, [])
