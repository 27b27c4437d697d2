"""LBD103 behind a fence that hit an allocation: however it ends, the owner is looked after."""

from __future__ import annotations

from collections.abc import Callable

from lbdoctor.cluster.memory.controller.run import Task
from lbdoctor.repair.outcomes import Result
from lbdoctor.repair.port import Unwritten, WriteError
from tests.unit.repair.interposed import at, lost
from tests.unit.repair.steps import LB, POOL, both, later, ready, up_to_w3
from tests.unit.repair.test_single_fixes import do, foreign
from tests.unit.repair.world import World


def fence_between_w1_and_w3(*, afterwards: Callable[[], None] = lambda: None) -> World:
    """v0.4.4, a foreign record in p2: W1 in p1 right before our fence, W3 right after it."""
    cluster = ready(foreign())
    tasks: list[Task] = []

    def w3() -> None:
        cluster.running.advance(tasks[0])
        afterwards()

    cluster.api.before = at(1, lambda: tasks.append(up_to_w3(cluster)), "patch", LB)
    cluster.api.after = at(1, w3, "patch", LB)
    return cluster


def test_another_dropped_the_record_after_our_fence() -> None:
    cluster = fence_between_w1_and_w3()
    drop = {"status": {"allocated": {"10.1.0.5": None}, "available": 253}}
    other = at(1, lambda: cluster.patch_pool(drop, "p2"), "patch", POOL)
    cluster.api.before = both(cluster.api.before, other)
    outcome = do(cluster, "LBD103")
    assert (outcome.result, later(cluster)) == (Result.DONE, "10.0.0.2")


def test_the_answer_to_our_fence_was_lost() -> None:
    cluster = fence_between_w1_and_w3(afterwards=lost)
    outcome = do(cluster, "LBD103")
    assert outcome.writes
    assert later(cluster)


def test_the_pool_is_refused_after_our_fence() -> None:
    cluster = fence_between_w1_and_w3()

    def refuse() -> None:
        raise WriteError(Unwritten.DENIED, 'admission webhook "v" denied the request: frozen')

    cluster.api.before = both(cluster.api.before, at(1, refuse, "patch", POOL))
    outcome = do(cluster, "LBD103")
    assert "a/web" in outcome.text
    assert later(cluster)


def test_stopped_after_our_fence() -> None:
    cluster = foreign()
    cluster.api.before = at(1, lambda: cluster.touch_pool("p2"), "patch", POOL)
    cluster.pace.stops_at = 1
    outcome = do(cluster, "LBD103")
    assert (outcome.text != "not begun", len(outcome.writes)) == (True, 1)
