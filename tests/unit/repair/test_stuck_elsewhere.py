"""LBD201: stuck on another record than the one that was looked at."""

from __future__ import annotations

from lbdoctor.cluster.memory.controller.run import Task
from lbdoctor.domain.refs import Owner
from lbdoctor.repair.outcomes import Result
from lbdoctor.repair.run import carry_out
from tests.unit.repair.interposed import at
from tests.unit.repair.steps import LB, up_to_w3
from tests.unit.repair.test_stuck import DUPLICATE, stuck


def test_a_fence_that_hits_another_allocation_is_healed() -> None:
    cluster = stuck().with_controller()
    cluster.running.run_for(1, cluster.clock.advance)
    first = [item.stamp for item in cluster.plan().items]
    cluster.clock.advance(30)
    tasks: list[Task] = []

    def others() -> None:
        """An operator drops .5 by hand; the controller gets another address, up to W1."""
        cluster.patch_pool({"status": {"allocated": {"10.0.0.5": None}}})
        cluster.running.listen()
        cluster.running.enqueue(Owner("a", "web").ref)
        tasks.append(up_to_w3(cluster))

    cluster.api.before = at(1, others, "patch", LB)

    def w3() -> None:
        cluster.running.advance(tasks[0])

    cluster.api.after = at(1, w3, "patch", LB)
    (outcome,) = cluster.carry_out(first, "LBD201")
    assert (outcome.result, cluster.booking()) == (Result.DONE, "10.0.0.6")


def test_a_stuck_one_with_another_record_by_now_is_not_called_already() -> None:
    cluster = stuck()
    report, item = cluster.item("LBD201")
    cluster.patch_pool({"status": {"allocated": {"10.0.0.5": None, "10.0.0.9": "a/web"}}})
    now = {"type": "Ready", "status": "False", "message": DUPLICATE.replace("0.5", "0.9")}
    now["lastUpdateTime"] = f"{cluster.clock.now():%FT%TZ}"
    cluster.patch_lb({"status": {"conditions": [now]}})
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert outcome.text == "the controller handled a/web a moment ago: look again"
