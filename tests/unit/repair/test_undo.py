"""What is put back, and what is not (the safety contract, 14)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lbdoctor.domain.refs import Kind
from lbdoctor.repair.outcomes import Result
from lbdoctor.repair.port import Intent
from tests.cli.manifests import lb, pool
from tests.unit.repair.interposed import always, at
from tests.unit.repair.test_single_fixes import (
    conflict,
    done,
    double,
    foreign,
    invalid,
    unrecorded,
    unset,
    with_request,
)
from tests.unit.repair.world import World

STALE = {"10.0.0.5": "a/gone"}
EXHAUSTED = "no IP addresses available in range set: 10.0.0.2-10.0.0.11"


def stale() -> World:
    return World(pool(allocated=STALE), lb("other"))


def blocked() -> World:
    return World(pool(allocatedHistory={"10.0.0.1": "a/web"}), lb("web"))


def requested() -> World:
    return with_request("10.0.0.5: a/gone", STALE)


def odd() -> World:
    return World(pool(allocated={"::ffff:10.0.0.5": "a/web"}), lb("web", ip="10.0.0.5"))


CASES = {
    "LBD101": stale,
    "LBD102": double,
    "LBD103": foreign,
    "LBD104": odd,
    "LBD106": blocked,
    "LBD107": requested,
    "LBD202": unrecorded,
    "LBD203": conflict,
}


def told(cluster: World) -> Any:
    """Return what counts of a cluster: not versions, and no touch."""
    pools = [
        (item["spec"], item["status"], _kept(item)) for item in cluster.server.every(Kind.IP_POOL)
    ]
    lbs = [
        (item["spec"], item["status"].get("allocatedAddress") or None)
        for item in cluster.server.every(Kind.LOAD_BALANCER)
    ]
    return _without_empty(pools), lbs


def _kept(item: Any) -> Any:
    return {
        key: value
        for key, value in (item["metadata"].get("annotations") or {}).items()
        if key.startswith("loadbalancer.")
    }


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_empty(item) for key, item in value.items() if item not in ({}, None)}
    return [_without_empty(item) for item in value] if isinstance(value, (list, tuple)) else value


def written(cluster: World, code: str) -> Intent:
    done(cluster, code)
    return cluster.journal.intents[-1]


@pytest.mark.parametrize("code", CASES)
def test_each_kind_of_write_is_put_back_exactly(code: str) -> None:
    cluster = CASES[code]()
    before = told(cluster)
    intent = written(cluster, code)
    assert told(cluster) != before
    assert cluster.undo(intent).result is Result.DONE
    assert told(cluster) == before


@pytest.mark.parametrize("code", CASES)
def test_what_is_put_back_is_not_put_back_twice(code: str) -> None:
    cluster = CASES[code]()
    intent = written(cluster, code)
    cluster.undo(intent)
    before = told(cluster)
    cluster.api.calls.clear()
    undone = cluster.undo(intent)
    assert undone.result in (Result.ALREADY, Result.REFUSED)
    assert (told(cluster), cluster.api.writes()) == (before, [])


def test_a_record_that_somebody_else_got_meanwhile_is_not_taken_back() -> None:
    cluster = stale()
    intent = written(cluster, "LBD101")
    cluster.patch_pool({"status": {"allocated": {"10.0.0.5": "a/other"}}})
    undone = cluster.undo(intent)
    assert undone.text == "10.0.0.5 of p1 is held for a/other by now"
    assert (undone.result, cluster.records()) == (Result.REFUSED, {"10.0.0.5": "a/other"})


def test_an_address_that_somebody_got_in_another_spelling_is_not_taken_back() -> None:
    cluster = stale()
    intent = written(cluster, "LBD101")
    cluster.patch_pool({"status": {"allocated": {"::ffff:10.0.0.5": "a/other"}}})
    assert cluster.undo(intent).result is Result.REFUSED


def test_what_would_be_a_new_error_is_not_put_back() -> None:
    """The owner of a dropped record was gone; by now another one is booked on the address."""
    cluster = stale()
    intent = written(cluster, "LBD101")
    cluster.put(lb("gone", ip="10.0.0.8"))
    cluster.patch_pool({"status": {"allocated": {"10.0.0.8": "a/gone"}}})
    undone = cluster.undo(intent)
    assert undone.result is Result.REFUSED
    assert undone.text.startswith("it would make things worse: LBD102")
    assert "10.0.0.5" not in cluster.records()


def test_another_pool_of_the_same_name_is_not_written_to() -> None:
    cluster = stale()
    intent = written(cluster, "LBD101")
    again = pool()
    again["metadata"]["uid"] = "another"
    cluster.put(again)
    undone = cluster.undo(intent)
    assert (undone.result, cluster.records()) == (Result.REFUSED, {})


def test_another_load_balancer_of_the_same_name_is_not_written_to() -> None:
    cluster = conflict()
    intent = written(cluster, "LBD203")
    again = lb("two")
    again["metadata"]["uid"] = "another"
    cluster.put(again)
    assert (cluster.undo(intent).result, cluster.booking("two")) == (Result.REFUSED, "")


def test_a_booking_is_not_put_back_over_another() -> None:
    cluster = conflict()
    intent = written(cluster, "LBD203")
    cluster.patch_lb({"status": {"allocatedAddress": {"ipPool": "p1", "ip": "10.0.0.9"}}}, "two")
    assert (cluster.undo(intent).result, cluster.booking("two")) == (Result.REFUSED, "10.0.0.9")


@pytest.mark.parametrize("tag", ["v0.4.0", ""])
def test_a_booked_one_is_not_written_to_where_that_could_move_it(tag: str) -> None:
    cluster = unset()
    intent = written(cluster, "LBD208")
    body = {"spec": {"template": {"spec": {"containers": [{"image": f"x:{tag or 'main'}"}]}}}}
    cluster.server.patch(Kind.DEPLOYMENT, "harvester-load-balancer", "harvester-system", body=body)
    cluster.api.calls.clear()
    undone = cluster.undo(intent)
    assert (undone.result, cluster.api.writes()) == (Result.REFUSED, [])
    assert undone.text == "a/web is booked, and this controller may move it at any write"


def test_a_touch_is_nothing_that_could_be_put_back() -> None:
    cluster = foreign()
    written(cluster, "LBD103")
    undone = cluster.undo(cluster.journal.intents[0])
    assert undone.text == "a touch changed nothing that could be put back"


def test_a_write_that_was_never_carried_out_needs_no_undo() -> None:
    cluster = stale()
    intent = written(cluster, "LBD101")
    cluster.undo(intent)
    fresh = replace(intent)
    assert cluster.undo(fresh).text == "it stands as before already"


def test_counters_are_recomputed_and_not_put_back() -> None:
    cluster = stale()
    intent = written(cluster, "LBD101")
    cluster.patch_pool({"status": {"allocated": {"10.0.0.9": "a/other"}, "available": 252}})
    cluster.undo(intent)
    assert cluster.pool()["status"]["available"] == 251


def test_a_conflict_is_got_over() -> None:
    cluster = stale()
    intent = written(cluster, "LBD101")
    cluster.api.before = at(1, cluster.touch_pool, "patch", Kind.IP_POOL)
    assert (cluster.undo(intent).result, cluster.records()) == (Result.DONE, STALE)


def test_a_pool_that_others_keep_writing_to_is_left_alone() -> None:
    cluster = stale()
    intent = written(cluster, "LBD101")
    cluster.api.before = always(cluster.touch_pool, "patch", Kind.IP_POOL)
    assert (cluster.undo(intent).result, cluster.records()) == (Result.FAILED, {})


def test_records_that_freeze_a_pool_are_not_put_back() -> None:
    cluster = invalid()
    intent = written(cluster, "LBD104")
    undone = cluster.undo(intent)
    assert (undone.result, cluster.records()) == (Result.REFUSED, {})


def test_an_entry_of_history_that_is_anothers_by_now_stays() -> None:
    cluster = stale()
    intent = written(cluster, "LBD101")
    cluster.patch_pool({"status": {"allocatedHistory": {"10.0.0.5": "a/nobody"}}})
    cluster.undo(intent)
    assert (cluster.records(), cluster.history()) == (STALE, {"10.0.0.5": "a/nobody"})


def test_what_would_make_an_error_of_a_warning_is_not_put_back() -> None:
    """Nine of ten addresses are taken; with the tenth somebody would wait in vain."""
    taken = {f"10.0.0.{n}": f"a/lb{n}" for n in range(2, 11)}
    made = pool(allocated=taken | {"10.0.0.11": "a/gone"}, total=10, available=0)
    made["spec"]["ranges"][0] |= {"rangeStart": "10.0.0.2", "rangeEnd": "10.0.0.11"}
    cluster = World(made, *(lb(f"lb{n}", ip=f"10.0.0.{n}") for n in range(2, 11)), lb("web"))
    cluster.patch_lb(
        {"status": {"conditions": [{"type": "Ready", "status": "False", "message": EXHAUSTED}]}}
    )
    intent = written(cluster, "LBD101")
    assert ("LBD108", "warning") in [
        (item.code, item.severity.name.lower()) for item in cluster.look().findings
    ]
    undone = cluster.undo(intent)
    assert undone.result is Result.REFUSED
    assert undone.text.startswith("it would make things worse: LBD108")
