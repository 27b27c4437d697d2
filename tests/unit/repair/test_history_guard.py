"""What history gives an owner without a write to the pool is left alone."""

from __future__ import annotations

from lbdoctor.cluster.memory.controller.run import Task
from lbdoctor.repair.outcomes import Result
from lbdoctor.repair.run import carry_out
from tests.cli.manifests import lb, pool
from tests.unit.repair.interposed import at
from tests.unit.repair.steps import POOL, up_to_w3
from tests.unit.repair.test_interleavings import harm
from tests.unit.repair.test_single_fixes import REQUEST, do
from tests.unit.repair.test_stale_records import STALE
from tests.unit.repair.world import World


def test_a_second_record_that_history_gives_without_a_write() -> None:
    records = {"10.0.0.5": "a/web", "10.0.0.6": "a/web"}
    made = pool(allocated=records, allocatedHistory={"10.0.0.6": "a/web"})
    cluster = World(made, lb("web", ip="10.0.0.5")).with_controller()
    cluster.running.run_for(1, cluster.clock.advance)
    report, item = cluster.item("LBD102")

    def cleared() -> None:
        cluster.patch_lb({"status": {"allocatedAddress": None}})
        cluster.running.run_for(1, cluster.clock.advance)

    cluster.api.before = at(1, cleared, "patch", POOL)
    list(carry_out(cluster.pen(), report.snapshot, [item]))
    assert list(harm(cluster)) == []


def test_a_second_record_that_history_names_is_not_dropped() -> None:
    records = {"10.0.0.5": "a/web", "10.0.0.6": "a/web"}
    cluster = World(
        pool(allocated=records, allocatedHistory={"10.0.0.6": "a/web"}), lb("web", ip="10.0.0.5")
    )
    outcome = do(cluster, "LBD102")
    assert (outcome.result, cluster.api.writes()) == (Result.REFUSED, [])
    assert outcome.text == "history of p1 names 10.0.0.6 for the same owner (LBD106)"


def test_what_freezes_a_pool_is_dropped_whatever_history_says() -> None:
    odd = {"10.9.9.9": "a/gone"}
    cluster = World(pool(allocated=odd, allocatedHistory=odd), lb("other"))
    outcome = do(cluster, "LBD104")
    assert (outcome.result, cluster.records()) == (Result.DONE, {})


def test_a_request_whose_owner_history_books_without_a_write() -> None:
    made = pool(allocated=STALE, allocatedHistory=STALE)
    made["metadata"]["annotations"] = {REQUEST: "10.0.0.5: a/gone"}
    cluster = World(made, lb("other")).with_controller()
    cluster.running.run_for(1, cluster.clock.advance)
    report, item = cluster.item("LBD107")
    tasks: list[Task] = []

    def comes_back() -> None:
        new = lb("gone")
        new["status"] = {}
        cluster.put(new)
        tasks.append(up_to_w3(cluster, "gone"))

    cluster.api.before = at(1, comes_back, "patch", POOL)
    list(carry_out(cluster.pen(), report.snapshot, [item]))
    for task in tasks:
        cluster.running.advance(task)
    cluster.running.run_for(60, cluster.clock.advance)
    assert list(harm(cluster)) == []
