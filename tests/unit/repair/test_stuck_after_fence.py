"""LBD201: what changes between the fence and the release."""

from __future__ import annotations

from lbdoctor.repair.run import carry_out
from tests.unit.repair.interposed import at
from tests.unit.repair.steps import POOL
from tests.unit.repair.test_stuck import HELD, stuck


def test_fenced_and_then_gone_is_not_waited_for() -> None:
    cluster = stuck()
    report, item = cluster.item("LBD201")

    def others() -> None:
        cluster.touch_pool()
        cluster.delete()

    cluster.api.before = at(1, others, "patch", POOL)
    (_outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert report.snapshot.taken_at is not None
    assert (cluster.clock.now() - report.snapshot.taken_at).total_seconds() < 20


def test_ignored_after_our_fence() -> None:
    cluster = stuck()
    report, item = cluster.item("LBD201")
    mark = {"metadata": {"annotations": {"lbdoctor.io/ignore": "hands off"}}}
    cluster.api.before = at(1, lambda: cluster.patch_pool(mark), "patch", POOL)
    (_outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert cluster.records() == HELD
