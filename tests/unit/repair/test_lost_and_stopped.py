"""An answer that was lost, and a run that is to end: what was sent is told."""

from __future__ import annotations

import pytest

from tests.unit.repair.interposed import at, lost
from tests.unit.repair.test_single_fixes import (
    do,
    double,
)
from tests.unit.repair.test_stale_records import world


@pytest.mark.parametrize("code", ["LBD101", "LBD102"])
def test_stopped_after_an_answer_was_lost_is_not_not_begun(code: str) -> None:
    cluster = world() if code == "LBD101" else double()
    before = cluster.records()
    cluster.api.after = at(1, lost, "patch")
    cluster.pace.stops_at = 1
    outcome = do(cluster, code)
    assert cluster.records() == before or outcome.text != "not begun"
