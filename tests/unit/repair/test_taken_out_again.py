"""LBD202: a record that is not used is taken out again, and never from one that is."""

from __future__ import annotations

import pytest

from lbdoctor.cluster.memory.controller.run import Task
from lbdoctor.repair.outcomes import Result
from lbdoctor.repair.run import carry_out
from tests.cli.manifests import lb, pool
from tests.unit.repair.interposed import Call, at
from tests.unit.repair.steps import POOL, up_to_w3
from tests.unit.repair.test_interleavings import harm, recreated
from tests.unit.repair.test_single_fixes import do
from tests.unit.repair.world import World


@pytest.mark.parametrize("version", ["v1.5.1", "v1.9.0"])
def test_a_restored_record_is_not_taken_from_one_that_is_booked_on_it(version: str) -> None:
    cluster = World(pool(), lb("web", ip="10.0.0.5"), version=version).with_controller()
    cluster.running.run_for(1, cluster.clock.advance)
    report, item = cluster.item("LBD202")

    def recreate() -> None:
        cluster.delete()
        recreated(cluster)()

    heal = at(1, lambda: cluster.running.run_for(2, cluster.clock.advance), "get", POOL)
    cluster.api.after = at(1, recreate, "patch", POOL)

    def before(call: Call) -> None:
        if cluster.api.writes(POOL):
            heal(call)  # R1, W1, W3 after our GET of the owner and before that of the pool

    cluster.api.before = before
    list(carry_out(cluster.pen(), report.snapshot, [item]))
    assert list(harm(cluster)) == []


def test_a_restored_record_is_not_taken_from_one_that_is_about_to_be_booked_on_it() -> None:
    """It is recreated; the controller releases the record and takes the address, up to W3."""
    cluster = World(pool(), lb("web", ip="10.0.0.5"), version="v1.9.0").with_controller()
    cluster.running.run_for(1, cluster.clock.advance)
    report, item = cluster.item("LBD202")
    tasks: list[Task] = []

    def recreate() -> None:
        cluster.delete()
        recreated(cluster)()

    def begin_booking() -> None:
        task = up_to_w3(cluster)  # R1, and the message that it met a record
        while task in cluster.running.tasks:
            cluster.running.advance(task)
        cluster.clock.advance(1)
        tasks.append(up_to_w3(cluster))

    cluster.api.after = at(1, recreate, "patch", POOL)
    booking = at(1, begin_booking, "get", POOL)
    cluster.api.before = lambda call: booking(call) if cluster.api.writes(POOL) else None
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    for task in tasks:
        if task in cluster.running.tasks:
            cluster.running.advance(task)
    assert list(harm(cluster)) == []
    assert (outcome.result, cluster.booking()) == (Result.REFUSED, "10.0.0.5")


def test_a_record_taken_out_again_gives_back_its_history() -> None:
    cluster = World(pool(allocatedHistory={"10.0.0.5": "a/web"}), lb("web", ip="10.0.0.5"))
    cluster.api.after = at(1, cluster.delete, "patch", POOL)
    do(cluster, "LBD202")
    assert (cluster.records(), cluster.history()) == ({}, {"10.0.0.5": "a/web"})
