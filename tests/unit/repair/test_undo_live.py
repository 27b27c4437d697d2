"""Undo looks at the owners as they are now, before it writes and after it."""

from __future__ import annotations

from lbdoctor.cluster.api import Manifest
from lbdoctor.cluster.memory.controller.run import Task
from lbdoctor.repair.outcomes import Result
from lbdoctor.repair.run import carry_out
from tests.cli.manifests import lb, pool
from tests.unit.repair.interposed import at, lost
from tests.unit.repair.steps import FIRST_OF_P1, LB, POOL, advance, ready, up_to_w3
from tests.unit.repair.test_interleavings import harm
from tests.unit.repair.test_single_fixes import done, unrecorded
from tests.unit.repair.test_stale_records import world
from tests.unit.repair.world import World


def fresh(cluster: World, name: str) -> Manifest:
    """Return a LoadBalancer that was made just now."""
    made = lb(name)
    made["status"] = {}
    made["metadata"]["creationTimestamp"] = f"{cluster.clock.now():%FT%TZ}"
    return made


def with_ipam_set() -> World:
    """Have spec.ipam of one without an address set by a repair."""
    made = lb("web")
    del made["spec"]["ipam"]
    cluster = World(pool(), made)
    cluster.repair("LBD208")
    return cluster


def test_undo_does_not_make_a_young_one_hang() -> None:
    cluster = world()
    cluster.repair()
    cluster.put(fresh(cluster, "gone"))
    undone = cluster.undo(cluster.journal.intents[-1])
    assert (undone.result, undone.text) == (
        Result.REFUSED,
        "a/gone waits for an address of p1: look again",
    )
    cluster.with_controller().running.run_for(300, cluster.clock.advance)
    assert cluster.booking("gone")


def test_undo_does_not_take_a_record_that_is_being_booked() -> None:
    cluster = unrecorded()
    done(cluster, "LBD202")
    intent = cluster.journal.intents[-1]
    cluster.with_controller()
    cluster.server.delete(LB, "web", "a")
    cluster.running.run_for(1, cluster.clock.advance)  # R1, R2
    cluster.put(fresh(cluster, "web"))
    task = up_to_w3(cluster)
    undone = cluster.undo(intent)
    assert (undone.result, undone.text) == (
        Result.REFUSED,
        "a/web waits for an address of p1: look again",
    )
    cluster.running.advance(task)
    assert list(harm(cluster)) == []


def test_undo_of_ipam_in_the_middle_of_an_allocation() -> None:
    cluster = with_ipam_set()
    cluster.patch_pool(FIRST_OF_P1)  # W1
    undone = cluster.undo(cluster.journal.intents[-1])
    assert undone.result is Result.REFUSED
    assert undone.text == "p1 holds 10.0.0.7 for a/web, which waits: look again"


def test_an_undo_whose_answer_was_lost_is_not_refused() -> None:
    cluster = world()
    cluster.repair()
    intent = cluster.journal.intents[-1]
    cluster.api.after = at(1, lost, "patch")
    assert cluster.undo(intent).result is Result.DONE


def test_undo_of_ipam_w1_right_before_the_patch() -> None:
    cluster = with_ipam_set()
    intent = cluster.journal.intents[-1]
    ready(cluster)
    tasks: list[Task] = []
    cluster.api.before = at(1, lambda: tasks.append(up_to_w3(cluster)), "patch", LB)
    cluster.api.after = at(1, lambda: advance(cluster, tasks), "patch", LB)
    undone = cluster.undo(intent)
    assert undone.result is Result.FAILED
    assert undone.text.endswith("but p1 holds 10.0.0.2 for a/web, which waits: look again")


def test_undo_lost_and_stopped() -> None:
    cluster = world()
    cluster.repair()
    intent = cluster.journal.intents[-1]
    cluster.api.after = at(1, lost, "patch")
    cluster.pace.waits, cluster.pace.stops_at = 0, 1
    undone = cluster.undo(intent)
    assert (undone.result, undone.text) == (
        Result.FAILED,
        "no answer to write run2.1: look again",
    )


def test_undo_clear_booking_with_other_record_of_its_own() -> None:
    record = {"10.0.0.5": "a/web", "10.0.0.6": "a/two"}
    cluster = World(pool(allocated=record), lb("web", ip="10.0.0.5"), lb("two", ip="10.0.0.5"))
    report, item = cluster.item("LBD203")
    (_outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    undone = cluster.undo(cluster.journal.intents[-1])
    assert undone.result is Result.DONE


def test_undo_lost_is_looked_at_afterwards() -> None:
    cluster = world()
    cluster.repair()
    intent = cluster.journal.intents[-1]

    def act() -> None:
        cluster.put(fresh(cluster, "gone"))
        lost()

    cluster.api.after = at(1, act, "patch")
    undone = cluster.undo(intent)
    assert undone.result is Result.FAILED


def test_an_undo_that_removes_a_record_looks_at_its_owner_afterwards() -> None:
    """It was recreated, and had met the record, right before the write."""
    cluster = unrecorded()
    done(cluster, "LBD202")
    intent = cluster.journal.intents[-1]

    def recreate() -> None:
        cluster.delete()
        cluster.put(fresh(cluster, "web"))

    cluster.api.before = at(1, recreate, "patch", POOL)
    undone = cluster.undo(intent)
    assert undone.result is Result.FAILED
    assert "but a/web waits for an address of p1" in undone.text
