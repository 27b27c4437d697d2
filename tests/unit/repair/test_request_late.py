"""A request that is carried out at the last moment."""

from __future__ import annotations

from lbdoctor.cluster.api import ReadError, Unread
from tests.unit.repair.interposed import Call, at
from tests.unit.repair.steps import LB, POOL, both
from tests.unit.repair.test_comeback import booked_again
from tests.unit.repair.test_request_door import ask
from tests.unit.repair.test_request_door import world as asking
from tests.unit.repair.test_stale_records import STALE


def unread() -> None:
    raise ReadError(Unread.FAILED, "connection refused")


def test_released_at_the_last_moment_and_owner_unreadable() -> None:
    cluster = asking()
    free = {
        "status": {"allocated": {"10.0.0.5": None}, "allocatedHistory": STALE, "available": 253}
    }
    cluster.api.before = both(
        at(2, lambda: cluster.patch_pool(free), "patch", POOL),
    )
    base = cluster.api.before

    def before(call: Call) -> None:
        base(call)
        if not cluster.records() and call.verb == "get" and call.kind is LB:
            unread()

    cluster.api.before = before
    outcome = ask(cluster, 1.0)
    assert cluster.records() == {}
    assert "no answer" not in outcome.text


def test_put_back_through_controllers_door_is_at_once() -> None:
    cluster = asking()
    free = {"status": {"allocated": {"10.0.0.5": None}, "available": 253}}

    def others() -> None:
        cluster.patch_pool(free)
        booked_again(cluster)

    waited: list[float] = []
    cluster.api.after = at(1, others, "patch", POOL)
    cluster.pace.meanwhile = waited.append
    ask(cluster)
    assert sum(waited) < 1
