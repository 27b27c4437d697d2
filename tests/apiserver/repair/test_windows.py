"""A booking that is under way while lbdoctor writes: no LoadBalancer ends without its record.

The webhook holds back the controller's booking write. What it holds is let go right before or
right after each of lbdoctor's writes in turn, and lbdoctor goes on when it has been answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from lbdoctor.cluster.live.writes import LiveCluster
from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.gateway import Call, Gateway
from tests.apiserver.harvester import lb_path, patch_pool, pool_path
from tests.apiserver.repair.conftest import Doctor
from tests.apiserver.repair.scene import (
    assert_all_booked,
    assert_whole,
    booking,
    deploy,
    load_balancer,
    pool,
    records,
)
from tests.apiserver.standin import FreeRunning
from tests.apiserver.waiting import wait_until
from tests.apiserver.webhook import Held, Review, Webhook

IP = "10.9.0.10"
REPAIR = ("repair", "--yes", "--grace", "1s")
MOMENTS = [
    *(("v0.4.0", moment) for moment in ("before 1", "after 1", "before 2", "after 2", "after 3")),
    *(("v1.9.0", moment) for moment in ("before 1", "after 1", "before 2", "after 2", "the end")),
]
"""Around the fence, the release and the waking; v1.9.0 is given ten seconds after the fence."""


@dataclass(slots=True)
class Window:
    """A write of the controller that is held, and how lbdoctor reaches the cluster."""

    held: Held
    controller: FreeRunning
    gateway: Gateway
    plane: ControlPlane

    def let_go(self) -> None:
        """Let the write go and wait until it has been answered."""
        refused = len(self.controller.refused)
        self.held.let_go.set()
        self.controller_answers(refused)

    def controller_answers(self, refused: int) -> None:
        def is_answered() -> bool:
            return len(self.controller.refused) > refused or bool(booking(self.plane, "web"))

        wait_until(is_answered, "an answer to the booking write", seconds=20.0)

    def let_go_at(self, moment: str) -> None:
        """Let the write go around the n-th write of lbdoctor."""
        when, _, number = moment.partition(" ")

        def hook(call: Call) -> None:
            if call.is_write and str(call.number) == number and not self.held.let_go.is_set():
                self.let_go()

        if when in ("before", "after"):
            setattr(self.gateway, when, hook)


@contextmanager
def window(
    plane: ControlPlane,
    api: LiveCluster,
    directory: Path,
    tag: str,
    holding: Callable[[Review], bool],
) -> Iterator[Window]:
    deploy(plane, tag)
    with (
        Webhook(plane, directory) as webhook,
        FreeRunning(api, tag) as controller,
        Gateway(plane) as gateway,
    ):
        webhook.enforce(api)
        held = webhook.hold(holding)
        try:
            yield Window(held, controller, gateway, plane)
        finally:
            held.let_go.set()


def is_known(plane: ControlPlane, name: str) -> bool:
    return bool(plane.api.get(pool_path(name))["metadata"].get("finalizers"))


def books(review: Review) -> bool:
    return review.books


def heal_until_the_booking(found: Window, tag: str) -> None:
    """Let the controller heal a stuck LoadBalancer, up to the write that would book it."""
    plane = found.plane
    plane.api.create(pool("edge", {IP: "default/web"}))
    found.controller.settle()
    plane.api.create(load_balancer("web", "edge", stuck_on=IP))
    if tag == "v0.4.0":  # somebody releases it by hand
        found.controller.settle()
        patch_pool(
            plane.api,
            "edge",
            {"allocated": {IP: None}, "allocatedHistory": {IP: "default/web"}},
        )
    found.held.wait()
    assert records(plane, "edge") == {IP: "default/web"}
    assert booking(plane, "web") == ""


@pytest.mark.parametrize("tag, moment", MOMENTS)
def test_repair_while_a_booking_is_held_back(
    cluster: ControlPlane, doctor: Doctor, api: LiveCluster, tmp_path: Path, tag: str, moment: str
) -> None:
    with window(cluster, api, tmp_path, tag, books) as found:
        heal_until_the_booking(found, tag)
        found.let_go_at(moment)
        operator = doctor.acting_with(found.gateway.kubeconfig())
        operator.run(*REPAIR)
        found.held.let_go.set()
        found.controller.settle()
        assert_whole(cluster)
        last = doctor.run(*REPAIR)
        assert last.code == 0, last
        wait_until(lambda: bool(booking(cluster, "web")), "a booking", seconds=30.0)
        found.controller.settle()
        assert_all_booked(cluster)


def test_release_while_a_booking_is_held_back_is_refused(
    cluster: ControlPlane, doctor: Doctor, api: LiveCluster, tmp_path: Path
) -> None:
    with window(cluster, api, tmp_path, "v1.9.0", books) as found:
        heal_until_the_booking(found, "v1.9.0")
        run = doctor.run("release", IP, "default/web")
        assert run.code == 1, run
        assert "LoadBalancer default/web exists" in run.stderr
        found.held.let_go.set()
        wait_until(lambda: booking(cluster, "web") == IP, "the booking", seconds=20.0)
        found.controller.settle()
        assert_all_booked(cluster)


@pytest.mark.parametrize(
    "tag, moment", [("v0.4.0", "before 1"), ("v0.4.0", "after 1"), ("v1.9.0", "after 1")]
)
def test_repair_of_one_that_has_just_been_given_an_address(
    cluster: ControlPlane, doctor: Doctor, api: LiveCluster, tmp_path: Path, tag: str, moment: str
) -> None:
    """It looks stuck by its old message, and has a record of a second ago."""
    with window(cluster, api, tmp_path, tag, books) as found:
        cluster.api.create(pool("edge"))
        waiting = load_balancer("web", "edge", stuck_on=IP)
        cluster.api.create(waiting)
        found.held.wait()
        assert list(records(cluster, "edge").values()) == ["default/web"]
        found.let_go_at(moment)
        doctor.acting_with(found.gateway.kubeconfig()).run(*REPAIR)
        found.held.let_go.set()
        found.controller.settle()
        assert_whole(cluster)
        assert doctor.run(*REPAIR).code == 0
        wait_until(lambda: bool(booking(cluster, "web")), "a booking", seconds=30.0)
        assert_all_booked(cluster)


@pytest.mark.parametrize("tag", ["v0.4.0", "v1.9.0"])
def test_waking_in_the_middle_of_an_allocation_is_healed_in_the_same_run(
    cluster: ControlPlane, doctor: Doctor, api: LiveCluster, tmp_path: Path, tag: str
) -> None:
    """The touch comes between the controller's two writes, and makes a stuck one of it."""
    deploy(cluster, tag)
    cluster.api.create(pool("edge"))
    cluster.api.create(load_balancer("web", "edge", stuck_on=IP))

    def is_found() -> bool:
        return doctor.run("scan", "--only", "LBD207").code == 1

    wait_until(is_found, "a LoadBalancer that is no longer young", seconds=30.0)
    with ExitStack() as undo:
        webhook = undo.enter_context(Webhook(cluster, tmp_path))
        gateway = undo.enter_context(Gateway(cluster))
        held = webhook.hold(books)

        def begin(call: Call) -> None:
            if call.number == 1:
                undo.enter_context(FreeRunning(api, tag))
                held.wait()

        def end(call: Call) -> None:
            if call.number == 1:
                held.let_go.set()

        gateway.before, gateway.after = begin, end
        run = doctor.acting_with(gateway.kubeconfig()).run(*REPAIR)
        assert run.code == 0, run
        assert "done     LBD207  default/web has 10.9.0.2 of edge" in run.stdout
        assert_whole(cluster)
        assert_all_booked(cluster)


@pytest.mark.parametrize("moment", ["before 1", "after 1", "the end"])
@pytest.mark.parametrize("recreated", [False, True])
def test_a_stale_record_is_released_while_the_finalizer_write_is_held_back(
    cluster: ControlPlane,
    doctor: Doctor,
    api: LiveCluster,
    tmp_path: Path,
    moment: str,
    recreated: bool,
) -> None:
    with window(cluster, api, tmp_path, "v1.9.0", lambda review: review.adds_finalizer) as found:
        cluster.api.create(pool("edge"))
        # Before the controller has an allocator, a LoadBalancer gets its finalizer and no address.
        wait_until(lambda: is_known(cluster, "edge"), "a pool that the controller knows")
        found.controller.settle()
        new = load_balancer("web", "edge")
        del new["metadata"]["finalizers"]
        cluster.api.create(new)
        found.held.wait()
        (held_ip,) = records(cluster, "edge")
        cluster.api.delete(lb_path("default", "web"))
        when, _, _ = moment.partition(" ")

        def let_go(call: Call) -> None:
            if call.is_write and not found.held.let_go.is_set():
                if recreated:
                    cluster.api.create(new)
                found.held.let_go.set()
                found.controller.settle()

        if when in ("before", "after"):
            setattr(found.gateway, when, let_go)
        operator = doctor.acting_with(found.gateway.kubeconfig())
        run = operator.run("release", held_ip, "default/web")
        assert run.code in (0, 1, 5), run
        found.held.let_go.set()
        found.controller.settle()
        assert_whole(cluster)
