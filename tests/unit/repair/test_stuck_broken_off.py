"""LBD201: answers that get lost, a journal that is full, runs that end, and waking."""

from __future__ import annotations

import pytest

from lbdoctor.domain.refs import Kind
from lbdoctor.repair.outcomes import Result
from tests.unit.repair.interposed import at, lost
from tests.unit.repair.test_stuck import HELD, heal, stuck


@pytest.mark.parametrize("number", [1, 2])
def test_a_lost_answer_is_no_second_release(number: int) -> None:
    cluster = stuck().with_controller()
    cluster.api.after = at(number, lost, "patch")
    outcome = heal(cluster)
    assert (outcome.result, len(cluster.api.writes(Kind.IP_POOL))) == (Result.DONE, 1)
    assert (cluster.records(), cluster.booking()) == (HELD, "10.0.0.5")
    released = next(one for one in cluster.journal.intents if hasattr(one.change, "pool"))
    assert cluster.journal.outcomes[str(released.id)] == "done"
    assert released.id in outcome.writes


def test_a_journal_that_is_full_before_the_fence_lets_nothing_be_written() -> None:
    cluster = stuck()
    cluster.journal.before_fails_at = 1
    assert (heal(cluster).result, cluster.api.writes()) == (Result.FAILED, [])


def test_a_journal_that_is_full_after_the_fence_lets_nothing_be_released() -> None:
    cluster = stuck()
    cluster.journal.before_fails_at = 2
    outcome = heal(cluster)
    assert (outcome.result, len(outcome.writes)) == (Result.FAILED, 1)
    assert cluster.records() == HELD


def test_a_journal_that_is_full_after_a_write_does_not_hide_the_write() -> None:
    cluster = stuck().with_controller()
    cluster.journal.after_fails = True
    assert heal(cluster).result is Result.DONE


@pytest.mark.parametrize("version", ["v0.4.4", "v1.9.0"])
@pytest.mark.parametrize("number", range(1, 6))
def test_stopped_at_any_wait_nothing_is_half_done(version: str, number: int) -> None:
    cluster = stuck(version)
    cluster.pace.stops_at = number
    first = [item.stamp for item in cluster.plan().items]
    (outcome,) = cluster.carry_out(first, "LBD201")
    assert outcome.result in (Result.STOPPED, Result.WAITING)
    released = cluster.records() == {}
    assert released == (outcome.result is Result.WAITING)
    assert (cluster.history() == HELD) == released
    cluster.pace.stopped, cluster.pace.stops_at = False, 0
    cluster.with_controller().running.run_for(60, cluster.clock.advance)
    cluster.repair("LBD201")
    assert cluster.booking() == "10.0.0.5"


def test_one_that_is_far_in_its_back_off_is_woken() -> None:
    cluster = stuck().with_controller()
    cluster.running.run_for(300, cluster.clock.advance)

    def fails_again() -> None:
        """Hear of the fence before the record is released."""
        cluster.running.work()

    cluster.api.after = at(1, fails_again, "patch")
    outcome = heal(cluster)
    assert outcome.seconds is not None
    assert outcome.seconds < 5
    kinds = [call.kind for call in cluster.api.writes()]
    assert kinds == [Kind.LOAD_BALANCER, Kind.IP_POOL, Kind.LOAD_BALANCER]


def test_one_that_the_controller_has_not_handled_yet_is_not_woken() -> None:
    cluster = stuck()
    cluster.patch_lb({"metadata": {"finalizers": None}})
    assert heal(cluster).result is Result.WAITING
    assert [call.kind for call in cluster.api.writes()] == [Kind.LOAD_BALANCER, Kind.IP_POOL]
