"""A record that was restored or put back: what can still happen to it, and how that is told."""

from __future__ import annotations

from lbdoctor.cluster.api import Manifest, ReadError, Unread
from lbdoctor.cluster.memory.controller.run import Task
from lbdoctor.repair.outcomes import Result
from lbdoctor.repair.port import Unwritten, WriteError
from lbdoctor.repair.run import carry_out
from tests.cli.manifests import lb, pool
from tests.unit.repair.interposed import Call, at, lost
from tests.unit.repair.steps import LB, POOL, advance, both, later, ready, up_to_w3
from tests.unit.repair.test_comeback import booked_again
from tests.unit.repair.test_single_fixes import do, unrecorded
from tests.unit.repair.test_stale_records import STALE, world
from tests.unit.repair.world import World

DENIED = 'admission webhook "v" denied the request: frozen'


def refuse() -> None:
    raise WriteError(Unwritten.DENIED, DENIED)


def unread() -> None:
    raise ReadError(Unread.FAILED, "connection refused")


def fresh(name: str = "web") -> Manifest:
    made = lb(name)
    made["status"] = {}
    return made


def test_look_after_fence_hits_another_allocation() -> None:
    """LBD202, v0.4.4; history names .7 for the same owner (so its W1 skips the duplicate check)."""
    cluster = World(pool(allocatedHistory={"10.0.0.7": "a/web"}), lb("web", ip="10.0.0.5"))
    ready(cluster)
    report, item = cluster.item("LBD202")
    tasks: list[Task] = []

    def recreate() -> None:
        cluster.delete()
        cluster.put(fresh())

    cluster.api.before = both(
        at(1, recreate, "patch", POOL),  # OnRemove of a booked one without a record: no pool write
        at(1, lambda: tasks.append(up_to_w3(cluster)), "patch", LB),  # W1 of .7
    )
    cluster.api.after = at(1, lambda: advance(cluster, tasks), "patch", LB)  # W3, refused
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert later(cluster) or outcome.result is Result.FAILED


def test_look_after_fence_hits_an_allocation_operator_dropped() -> None:
    cluster = ready(unrecorded())
    report, item = cluster.item("LBD202")
    tasks: list[Task] = []

    def recreate() -> None:
        cluster.delete()
        cluster.put(fresh())

    def others() -> None:
        cluster.patch_pool({"status": {"allocated": {"10.0.0.5": None}, "available": 253}})
        tasks.append(up_to_w3(cluster))

    cluster.api.after = both(
        at(1, recreate, "patch", POOL),
        at(1, lambda: advance(cluster, tasks), "patch", LB),
    )
    cluster.api.before = at(1, others, "patch", LB)
    (outcome,) = carry_out(cluster.pen(), report.snapshot, [item])
    assert later(cluster) or outcome.result is Result.FAILED


def test_put_back_and_then_the_owner_cannot_be_read_is_not_could_not_be_put_back() -> None:
    cluster = world()
    cluster.api.after = at(1, lambda: booked_again(cluster), "patch", POOL)

    def refuse_(call: Call) -> None:
        if len(cluster.api.writes(POOL)) == 2 and call.verb == "get" and call.kind is LB:
            unread()

    cluster.api.before = refuse_
    (outcome,) = cluster.repair("LBD101")
    assert cluster.records() == STALE
    assert "could not be put back" not in outcome.text


def test_restored_for_one_that_is_gone_and_not_taken_out_is_failed() -> None:
    cluster = unrecorded()
    cluster.api.after = at(1, cluster.delete, "patch", POOL)
    cluster.api.before = at(2, refuse, "patch", POOL)
    outcome = do(cluster, "LBD202")
    assert cluster.records() == {} or outcome.result is Result.FAILED


def test_a_lost_restore_taken_out_again_gives_back_its_history() -> None:
    cluster = World(pool(allocatedHistory={"10.0.0.5": "a/web"}), lb("web", ip="10.0.0.5"))

    def act() -> None:
        cluster.delete()
        lost()

    cluster.api.after = at(1, act, "patch", POOL)
    do(cluster, "LBD202")
    assert (cluster.records(), cluster.history()) == ({}, {"10.0.0.5": "a/web"})


def test_journal_full_when_the_put_back_is_to_be_taken_out() -> None:
    cluster = world()
    cluster.journal.before_fails_at = 3
    cluster.api.after = both(
        at(1, lambda: booked_again(cluster), "patch", POOL),
        at(2, lambda: cluster.delete("gone"), "patch", POOL),
    )
    (outcome,) = cluster.repair("LBD101")
    assert "could not be put back" not in outcome.text


def test_a_restored_record_that_is_gone_while_its_owner_is_booked_is_not_unused() -> None:
    cluster = unrecorded()
    gone = {"status": {"allocated": {"10.0.0.5": None}, "available": 253}}
    cluster.api.after = at(1, lambda: cluster.patch_pool(gone), "patch", POOL)
    outcome = do(cluster, "LBD202")
    assert cluster.booking() == "10.0.0.5"  # it uses it
    assert "does not use it any more" not in outcome.text
