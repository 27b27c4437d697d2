"""A LoadBalancer that is away for a moment, and a touch that nobody answers."""

from __future__ import annotations

import pytest

from lbdoctor.repair.outcomes import Result
from tests.unit.repair.interposed import at, lost
from tests.unit.repair.test_load_balancer_fixes import hangs
from tests.unit.repair.test_single_fixes import do, waiting


@pytest.mark.parametrize("code", ["LBD207", "LBD208"])
def test_one_that_is_gone_for_now_while_its_record_is_left(code: str) -> None:
    cluster = waiting()
    if code == "LBD208":
        cluster.patch_lb({"spec": {"ipam": None}})
    hangs(cluster)  # W1 before our touch, W3 refused by it

    def meanwhile(seconds: float) -> None:
        cluster.clock.advance(seconds)
        if cluster.lb():
            cluster.delete()  # the cloud provider; it recreates it in some seconds

    cluster.pace.meanwhile = meanwhile
    outcome = do(cluster, code)
    assert cluster.records() == {} or outcome.result not in (Result.ALREADY, Result.DONE)


def test_a_wake_without_an_answer_that_was_not_carried_out_is_not_woken() -> None:
    cluster = waiting()
    cluster.api.before = at(1, lost, "patch")
    assert not do(cluster, "LBD207").text.startswith("woken")
