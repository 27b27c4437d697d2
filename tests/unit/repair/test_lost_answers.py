"""An answer that was lost, and a run that is to end or can read nothing: what was sent is told."""

from __future__ import annotations

import pytest

from lbdoctor.cluster.api import ReadError, Unread
from lbdoctor.repair.outcomes import Result
from lbdoctor.repair.run import carry_out
from tests.unit.repair.interposed import Call, always, at, lost
from tests.unit.repair.steps import POOL
from tests.unit.repair.test_single_fixes import CASES, do, foreign
from tests.unit.repair.test_stale_records import world


def unread() -> None:
    raise ReadError(Unread.FAILED, "connection refused")


MADE = {"LBD101": world} | {code: CASES[code] for code in ("LBD102", "LBD103", "LBD202")}


@pytest.mark.parametrize("code", MADE)
def test_lost_and_then_nothing_can_be_read(code: str) -> None:
    cluster = MADE[code]()
    down = False

    def gone() -> None:
        nonlocal down
        down = True
        lost()

    def before_call(call: Call) -> None:
        if down and call.verb in ("get", "list"):
            unread()

    report, item = cluster.item(code)
    cluster.api.before = before_call
    cluster.api.after = at(1, gone, "patch", POOL)
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    cluster.api.before = lambda _call: None
    sent = str(cluster.journal.intents[-1].id)
    assert (outcome.result, sent in map(str, outcome.writes)) == (Result.FAILED, True)


def test_lost_drop_and_stopped_behind_a_fence() -> None:
    cluster = foreign()
    cluster.api.after = at(1, lost, "patch", POOL)
    cluster.pace.stops_at = 1
    outcome = do(cluster, "LBD103")
    assert "run1.2" in map(str, outcome.writes)


def test_lost_eight_times_names_the_write() -> None:
    cluster = world()
    cluster.api.before = always(lost, "patch", POOL)
    (outcome,) = cluster.repair("LBD101")
    assert outcome.writes


def test_lost_eight_times_behind_a_fence_names_the_write() -> None:
    cluster = foreign()
    cluster.api.before = always(lost, "patch", POOL)
    outcome = do(cluster, "LBD103")
    assert outcome.text.startswith(f"no answer to write {cluster.journal.intents[-1].id}")


@pytest.mark.parametrize("code", ["LBD101", "LBD102"])
def test_stopped_after_an_answer_was_lost_it_is_looked_once_more(code: str) -> None:
    cluster = MADE[code]()
    cluster.api.after = at(1, lost, "patch")
    cluster.pace.stops_at = 1
    assert do(cluster, code).result is Result.DONE
