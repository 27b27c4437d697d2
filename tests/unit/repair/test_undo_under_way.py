"""Undo in the middle of something."""

from __future__ import annotations

from lbdoctor.cluster.api import Manifest
from lbdoctor.cluster.memory.controller.run import Task
from lbdoctor.repair.outcomes import Result
from lbdoctor.repair.port import StoppedError
from lbdoctor.repair.run import carry_out
from tests.cli.manifests import lb, pool
from tests.unit.repair.interposed import at, lost
from tests.unit.repair.steps import LB, advance, later, ready, up_to_w3
from tests.unit.repair.test_stale_records import world
from tests.unit.repair.world import World


def fresh(name: str = "web") -> Manifest:
    made = lb(name)
    made["status"] = {}
    return made


def test_undo_of_ipam_w1_right_before_the_patch() -> None:
    made = lb("web")
    del made["spec"]["ipam"]
    cluster = World(pool(), made)
    cluster.repair("LBD208")
    intent = cluster.journal.intents[-1]
    ready(cluster)
    tasks: list[Task] = []
    cluster.api.before = at(1, lambda: tasks.append(up_to_w3(cluster)), "patch", LB)
    cluster.api.after = at(1, lambda: advance(cluster, tasks), "patch", LB)
    undone = cluster.undo(intent)
    assert tasks
    assert later(cluster) or undone.result is not Result.DONE


def test_undo_lost_and_stopped() -> None:
    cluster = world()
    cluster.repair()
    intent = cluster.journal.intents[-1]
    cluster.api.after = at(1, lost, "patch")
    cluster.pace.waits, cluster.pace.stops_at = 0, 1
    try:
        undone = cluster.undo(intent)
    except StoppedError:
        undone = None
    assert cluster.records() == {} or undone is not None


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
        cluster.put(fresh("gone"))
        lost()

    cluster.api.after = at(1, act, "patch")
    undone = cluster.undo(intent)
    assert undone.result is not Result.DONE
