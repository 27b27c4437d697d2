"""LBD101: an owner that comes back, and answers that get lost (the safety contract, 8)."""

from __future__ import annotations

import pytest

from lbdoctor.cluster.api import ReadError, Unread
from lbdoctor.domain.refs import Kind
from lbdoctor.repair.outcomes import Result
from tests.cli.manifests import lb, pool
from tests.unit.repair.interposed import Call, at, lost
from tests.unit.repair.test_single_fixes import do
from tests.unit.repair.test_stale_records import STALE, world
from tests.unit.repair.world import World


def booked_again(cluster: World) -> None:
    cluster.put(lb("gone", ip="10.0.0.5"))


def test_an_owner_that_comes_back_booked_gets_its_record_again() -> None:
    cluster = world()
    cluster.api.after = at(1, lambda: booked_again(cluster), "patch", Kind.IP_POOL)
    (outcome,) = cluster.repair()
    assert (outcome.result, len(outcome.writes)) == (Result.REFUSED, 2)
    assert "put back" in outcome.text
    assert (cluster.records(), cluster.history()) == (STALE, {})
    assert cluster.pool()["status"]["available"] == 252


def test_a_record_is_put_back_though_others_write_to_the_pool() -> None:
    cluster = world()
    cluster.api.after = at(1, lambda: booked_again(cluster), "patch", Kind.IP_POOL)
    cluster.api.before = at(2, cluster.touch_pool, "patch", Kind.IP_POOL)
    (outcome,) = cluster.repair()
    assert (outcome.result, cluster.records()) == (Result.REFUSED, STALE)


def test_a_record_is_not_put_back_over_somebody_elses() -> None:
    cluster = world()

    def taken() -> None:
        booked_again(cluster)
        cluster.patch_pool({"status": {"allocated": {"10.0.0.5": "a/other"}}})

    cluster.api.after = at(1, taken, "patch", Kind.IP_POOL)
    (outcome,) = cluster.repair()
    assert (outcome.result, cluster.records()) == (Result.FAILED, {"10.0.0.5": "a/other"})


def test_an_owner_that_comes_back_and_takes_the_address_anew_is_fine() -> None:
    cluster = world()

    def taken() -> None:
        booked_again(cluster)
        cluster.patch_pool({"status": {"allocated": STALE}})

    cluster.api.after = at(1, taken, "patch", Kind.IP_POOL)
    (outcome,) = cluster.repair()
    assert (outcome.result, cluster.records()) == (Result.DONE, STALE)


@pytest.mark.parametrize("takes_anew", [False, True])
def test_an_owner_of_an_odd_key_that_comes_back_has_its_record_as_harvester_spells_it(
    takes_anew: bool,
) -> None:
    cluster = World(pool(allocated={"::ffff:10.0.0.5": "a/gone"}), lb("web"))

    def comes_back() -> None:
        booked_again(cluster)
        if takes_anew:
            cluster.patch_pool({"status": {"allocated": STALE}})

    cluster.api.after = at(1, comes_back, "patch", Kind.IP_POOL)
    outcome = do(cluster, "LBD104")
    assert outcome.result is (Result.DONE if takes_anew else Result.REFUSED)
    assert cluster.records() == STALE


def test_an_owner_that_comes_back_outside_the_ranges_is_no_success() -> None:
    cluster = World(pool(allocated={"10.9.9.9": "a/gone"}), lb("web"))
    back = lb("gone", ip="10.9.9.9")
    cluster.api.after = at(1, lambda: cluster.put(back), "patch", Kind.IP_POOL)
    outcome = do(cluster, "LBD104")
    assert (outcome.result, cluster.records()) == (Result.FAILED, {})
    assert outcome.text == "a/gone came back, booked on 10.9.9.9: look again"


def test_an_owner_that_cannot_be_looked_up_after_the_write_is_no_success() -> None:
    cluster = world()

    def refuse(call: Call) -> None:
        if call.kind is Kind.LOAD_BALANCER and cluster.records() == {}:
            raise ReadError(Unread.FAILED, "no answer")

    cluster.api.before = refuse
    (outcome,) = cluster.repair()
    assert (outcome.result, len(outcome.writes)) == (Result.FAILED, 1)


def test_a_lost_answer_is_confirmed_and_nothing_is_written_twice() -> None:
    cluster = world()
    cluster.api.after = at(1, lost, "patch")
    (outcome,) = cluster.repair()
    assert (outcome.result, [str(one) for one in outcome.writes]) == (Result.DONE, ["run1.1"])
    assert (len(cluster.api.writes()), cluster.journal.outcomes) == (1, {"run1.1": "done"})


def test_a_lost_write_is_sent_again() -> None:
    cluster = world()
    cluster.api.before = at(1, lost, "patch")
    (outcome,) = cluster.repair()
    assert (outcome.result, cluster.records()) == (Result.DONE, {})
    assert cluster.journal.outcomes["run1.1"].startswith("failed")


def test_a_lost_write_is_not_called_done_because_its_owner_came_back() -> None:
    cluster = world()

    def comes_back() -> None:
        cluster.put(lb("gone"))
        lost()

    cluster.api.before = at(1, comes_back, "patch")
    (outcome,) = cluster.repair()
    assert (outcome.result, cluster.records()) == (Result.ALREADY, STALE)
    assert cluster.journal.outcomes["run1.1"].startswith("failed")


def test_after_a_lost_answer_an_owner_that_came_back_booked_gets_its_record_again() -> None:
    cluster = world()

    def comes_back() -> None:
        booked_again(cluster)
        lost()

    cluster.api.after = at(1, comes_back, "patch")
    (outcome,) = cluster.repair()
    assert (outcome.result, cluster.records()) == (Result.REFUSED, STALE)
