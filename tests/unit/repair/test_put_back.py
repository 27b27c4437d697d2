"""A put-back that meets trouble of its own (the safety contract, 8)."""

from __future__ import annotations

from lbdoctor.repair.outcomes import Result
from lbdoctor.repair.plan import Wishes, plan
from lbdoctor.repair.run import carry_out
from tests.cli.manifests import lb, pool
from tests.unit.repair.interposed import at, lost
from tests.unit.repair.steps import POOL, both
from tests.unit.repair.test_comeback import booked_again
from tests.unit.repair.test_interleavings import harm
from tests.unit.repair.test_stale_records import world
from tests.unit.repair.world import World


def test_a_put_back_whose_answer_was_lost() -> None:
    cluster = world()
    back = at(1, lambda: booked_again(cluster), "patch", POOL)
    cluster.api.after = both(back, at(2, lost, "patch", POOL))
    (outcome,) = cluster.repair()
    assert (outcome.result, len(outcome.writes)) == (Result.REFUSED, 2)


def test_a_journal_that_is_full_at_the_put_back() -> None:
    cluster = world({"10.0.0.5": "a/gone", "10.0.0.6": "a/gone6"})
    cluster.journal.before_fails_at = 2
    cluster.api.after = at(1, lambda: booked_again(cluster), "patch", POOL)
    outcomes = cluster.repair()
    assert [one.text for one in outcomes if one.text.startswith("not begun")] == []


def test_one_recreated_while_its_record_is_put_back() -> None:
    cluster = world().with_controller()
    cluster.running.run_for(1, cluster.clock.advance)

    def recreate() -> None:
        cluster.delete("gone")  # its OnRemove finds no record
        cluster.put({**lb("gone"), "status": {}})

    cluster.api.after = at(1, lambda: booked_again(cluster), "patch", POOL)
    cluster.api.before = at(2, recreate, "patch", POOL)
    (outcome,) = cluster.repair("LBD101")
    cluster.running.run_for(300, cluster.clock.advance)
    assert cluster.booking("gone"), outcome.text


def test_whoever_reads_the_output_goes_away_in_the_middle_of_a_batch() -> None:
    held = {"10.0.0.5": "a/one", "10.0.0.6": "a/two"}
    cluster = World(pool(allocated=held), lb("other", pool_name="p2"))
    report = cluster.look()

    def back() -> None:
        for name, ip in (("one", "10.0.0.5"), ("two", "10.0.0.6")):
            cluster.put(lb(name, ip=ip))

    cluster.api.after = at(1, back, "patch", POOL)
    next(carry_out(cluster.pen(), report.snapshot, plan(report, Wishes()).items))
    assert list(harm(cluster)) == []
