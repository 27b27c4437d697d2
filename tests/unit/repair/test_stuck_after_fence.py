"""LBD201: what changes between the fence and the release."""

from __future__ import annotations

from datetime import timedelta

from lbdoctor.repair.outcomes import Result
from lbdoctor.repair.run import carry_out
from tests.unit.repair.interposed import at
from tests.unit.repair.steps import POOL
from tests.unit.repair.test_stuck import HELD, stuck
from tests.unit.repair.world import NOON


def test_fenced_and_then_gone_is_not_waited_for() -> None:
    cluster = stuck()
    report, item = cluster.item("LBD201")

    def others() -> None:
        cluster.touch_pool()
        cluster.delete()

    cluster.api.before = at(1, others, "patch", POOL)
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    text = "a/web is gone for now, and p1 holds its record: look again"
    assert (outcome.result, outcome.text) == (Result.REFUSED, text)
    assert cluster.clock.now() - NOON < timedelta(seconds=20)


def test_one_that_goes_away_after_the_release_is_not_waited_for_long() -> None:
    cluster = stuck()
    report, item = cluster.item("LBD201")
    cluster.api.after = at(1, cluster.delete, "patch", POOL)
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert outcome.text == "its LoadBalancer is gone by now, its record too"
    assert cluster.clock.now() - NOON < timedelta(seconds=30)


def test_ignored_after_our_fence() -> None:
    cluster = stuck()
    report, item = cluster.item("LBD201")
    mark = {"metadata": {"annotations": {"lbdoctor.io/ignore": "hands off"}}}
    cluster.api.before = at(1, lambda: cluster.patch_pool(mark), "patch", POOL)
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert (outcome.result, outcome.text) == (Result.REFUSED, "ignored: hands off")
    assert cluster.records() == HELD
