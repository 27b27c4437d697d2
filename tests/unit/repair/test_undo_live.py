"""Undo looks at the owners as they are now."""

from __future__ import annotations

from lbdoctor.repair.outcomes import Result
from tests.cli.manifests import lb, pool
from tests.unit.repair.interposed import at, lost
from tests.unit.repair.steps import FIRST_OF_P1, LB, later, up_to_w3
from tests.unit.repair.test_interleavings import harm
from tests.unit.repair.test_single_fixes import (
    done,
    unrecorded,
)
from tests.unit.repair.test_stale_records import world
from tests.unit.repair.world import World


def test_undo_does_not_make_a_young_one_hang() -> None:
    cluster = world()
    cluster.repair()
    young = lb("gone")
    del young["status"]
    young["metadata"]["creationTimestamp"] = f"{cluster.clock.now():%FT%TZ}"
    cluster.put(young)
    cluster.undo(cluster.journal.intents[-1])
    cluster.with_controller().running.run_for(300, cluster.clock.advance)
    assert cluster.booking("gone")


def test_undo_does_not_take_a_record_that_is_being_booked() -> None:
    cluster = unrecorded()
    done(cluster, "LBD202")
    intent = cluster.journal.intents[-1]
    cluster.with_controller()
    cluster.server.delete(LB, "web", "a")
    cluster.running.run_for(1, cluster.clock.advance)  # R1, R2
    again = lb("web")
    again["status"] = {}
    again["metadata"]["creationTimestamp"] = f"{cluster.clock.now():%FT%TZ}"
    cluster.put(again)
    task = up_to_w3(cluster)
    cluster.undo(intent)
    cluster.running.advance(task)
    assert list(harm(cluster)) == []


def test_undo_of_ipam_in_the_middle_of_an_allocation() -> None:
    made = lb("web")
    del made["spec"]["ipam"]
    cluster = World(pool(), made)
    cluster.repair("LBD208")
    cluster.patch_pool(FIRST_OF_P1)  # W1
    undone = cluster.undo(cluster.journal.intents[-1])
    cluster.with_controller()
    assert later(cluster) or undone.result is not Result.DONE


def test_an_undo_whose_answer_was_lost_is_not_refused() -> None:
    cluster = world()
    cluster.repair()
    intent = cluster.journal.intents[-1]
    cluster.api.after = at(1, lost, "patch")
    assert cluster.undo(intent).result is Result.DONE
