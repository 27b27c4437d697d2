"""Others act before any request of a repair: nobody is ever left booked without a record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from lbdoctor.cluster.memory.controller.run import Task
from lbdoctor.cluster.memory.provider import provide
from lbdoctor.domain.refs import Kind, Owner
from lbdoctor.repair.outcomes import Outcome, Result
from tests.cli.manifests import lb, pool
from tests.unit.repair.interposed import Call
from tests.unit.repair.test_stuck import HELD, stuck
from tests.unit.repair.world import World

VERSIONS = ("v0.4.0", "v0.4.4", "v1.5.1", "v1.9.0")
MOST_CALLS = 60


class Others:
    """The controller, write by write, and the cloud provider, from the n-th request on."""

    def __init__(self, cluster: World, begin: int, steps: int, others: Callable[[], None]) -> None:
        self._cluster = cluster
        self._number, self._begin, self._steps = 0, begin, steps
        self._others = others
        self._task: Task | None = None
        cluster.api.before = self.act
        cluster.pace.meanwhile = self.wait

    @property
    def came_to_their_turn(self) -> bool:
        return self._number >= self._begin

    def act(self, _call: Call) -> None:
        self._number += 1
        if self._number == self._begin:
            self._others()
        if self._number >= self._begin:
            for _ in range(self._steps):
                self.step()

    def step(self) -> None:
        """Let the controller send one write, or begin to handle something."""
        controller = self._cluster.running
        controller.listen()
        if controller.tasks:
            controller.advance(controller.tasks[0])
        elif ready := controller.ready():
            controller.begin(ready[0])

    def wait(self, seconds: float) -> None:
        """Pass the time: the controller ends what it is at, and goes on with the rest."""
        while self._cluster.running.tasks:
            self.step()
        self._cluster.running.run_for(seconds, self._cluster.clock.advance)

    def finish(self) -> None:
        self.wait(300)


def nobody() -> None:
    """Leave it to the controller."""


def harm(cluster: World) -> Iterator[str]:
    """Yield each LoadBalancer that is booked on an address which is not recorded as its."""
    for manifest in cluster.server.every(Kind.LOAD_BALANCER):
        meta = manifest["metadata"]
        owner = Owner(meta["namespace"], meta["name"])
        booking = (manifest.get("status") or {}).get("allocatedAddress") or {}
        if booking.get("ip") and cluster.records().get(booking["ip"]) != str(owner):
            yield f"{owner} is booked on {booking['ip']}, records are {cluster.records()}"


def recreated(cluster: World, name: str = "web") -> Callable[[], None]:
    """Return what a cloud provider does that lost its patience."""
    uids = count(1)

    def act() -> None:
        if cluster.lb(name):
            cluster.server.delete(Kind.LOAD_BALANCER, name, "a")
        if cluster.lb(name) is None:
            new = lb(name)
            del new["status"], new["metadata"]["finalizers"]
            new["metadata"]["uid"] = f"again-{next(uids)}"
            cluster.server.create(Kind.LOAD_BALANCER, new)

    return act


def deleted(cluster: World, name: str = "web") -> Callable[[], None]:
    def act() -> None:
        if cluster.lb(name):
            cluster.server.delete(Kind.LOAD_BALANCER, name, "a")

    return act


ACTS = {"controller": lambda _cluster: nobody, "recreated": recreated, "deleted": deleted}


@pytest.mark.parametrize("others", ACTS)
@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_stuck_one_is_healed_or_reported_and_nobody_harmed(
    version: str, steps: int, others: str
) -> None:
    for begin in range(1, MOST_CALLS):
        cluster = stuck(version)
        first = [item.stamp for item in cluster.plan().items]
        cluster.with_controller()
        acting: Others | None = None

        def started(cluster: World = cluster, begin: int = begin) -> Others:
            return Others(cluster, begin, steps, ACTS[others](cluster))

        acting = started()
        outcomes = cluster.carry_out(first)
        acting.finish()
        assert list(harm(cluster)) == [], begin
        check_told(cluster, outcomes, begin)
        if not acting.came_to_their_turn:
            return
    pytest.fail("it makes more requests than were tried")


@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_stale_one_is_released_or_reported_and_nobody_harmed(version: str, steps: int) -> None:
    for begin in range(1, MOST_CALLS):
        cluster = World(pool(allocated=HELD), lb("other"), version=version)
        first = [item.stamp for item in cluster.plan().items]
        cluster.with_controller()
        acting = Others(cluster, begin, steps, recreated(cluster))
        outcomes = cluster.carry_out(first, "LBD101")
        acting.finish()
        assert list(harm(cluster)) == [], begin
        if not acting.came_to_their_turn:
            return
        check_told(cluster, outcomes, begin)
    pytest.fail("it makes more requests than were tried")


def check_told(cluster: World, outcomes: list[Outcome], begin: int) -> None:
    """See that what is called done is so, and that what is not done was said."""
    is_booked, held = bool(cluster.booking()), "a/web" in cluster.records().values()
    for outcome in outcomes:
        if outcome.result is Result.DONE:
            assert is_booked == held or outcome.finding.code == "LBD101", (begin, outcome)
        else:
            assert outcome.text, begin


@pytest.mark.parametrize("version", VERSIONS)
def test_one_in_the_loop_of_a_cloud_provider_is_healed(version: str) -> None:
    cluster = stuck(version)
    cluster.delete()
    cluster.with_controller()
    wanted = lb("web")
    del wanted["status"], wanted["metadata"]["finalizers"], wanted["metadata"]["uid"]
    waiting = provide(cluster.server, wanted)
    due = cluster.clock.now().timestamp()

    def both(seconds: float) -> None:
        nonlocal due
        ends = cluster.clock.now().timestamp() + seconds
        while (now := cluster.clock.now().timestamp()) < ends:
            if now >= due:
                due = now + next(waiting, 10**6)
            cluster.running.run_for(min(ends, due) - now, cluster.clock.advance)

    both(8)
    cluster.pace.meanwhile = both
    for _ in range(20):
        cluster.repair()
        both(8)
        if cluster.booking():
            break
    assert (cluster.booking(), cluster.records()) == ("10.0.0.5", HELD)
    assert list(harm(cluster)) == []
