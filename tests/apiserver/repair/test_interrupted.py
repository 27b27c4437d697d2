"""Ctrl-C and SIGTERM: at the question, in the countdown, between two items; on a terminal."""

from __future__ import annotations

import re
import signal
import threading
import time
from typing import Final

import pexpect
import pytest

from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.gateway import Call, Gateway
from tests.apiserver.harvester import GROUP, pool_path
from tests.apiserver.repair.child import Child
from tests.apiserver.repair.conftest import Doctor
from tests.apiserver.repair.scene import (
    assert_whole,
    booking,
    deploy,
    load_balancer,
    pool,
    records,
)
from tests.cli.program import COMMAND, ROOT

CODES: Final = {signal.SIGINT: 130, signal.SIGTERM: 143}
POOLS: Final = {"edge": 9, "calm": 8, "west": 7}
FINISH_WITHIN: Final = 5.0
ROOM: Final = 10.0
"""What a busy machine may add."""


@pytest.fixture
def scene(cluster: ControlPlane) -> ControlPlane:
    """Three pools, each with a stale record and one that is not."""
    deploy(cluster, "v0.4.0")
    for name, second in POOLS.items():
        held = {f"10.{second}.0.10": "default/gone", f"10.{second}.0.20": f"default/{name}"}
        cluster.api.create(pool(name, held, subnet=f"10.{second}.0.0/24"))
        cluster.api.create(load_balancer(name, name, f"10.{second}.0.20"))
    return cluster


def left(plane: ControlPlane) -> int:
    """Return how many stale records are left."""
    return sum(len(records(plane, name)) for name in POOLS) - len(POOLS)


def on_a_terminal(doctor: Doctor, *arguments: str) -> pexpect.spawn[str]:
    return pexpect.spawn(
        COMMAND[0],
        [*COMMAND[1:], "repair", *arguments, "--kubeconfig", str(doctor.kubeconfig)],
        cwd=str(ROOT),
        env=doctor.environment() | {"TERM": "xterm"},
        dimensions=(24, 120),
        encoding="utf-8",
        timeout=60,
    )


def ended(child: pexpect.spawn[str]) -> tuple[int | None, str]:
    child.expect(pexpect.EOF)
    child.close()
    assert isinstance(child.before, str)
    assert "Traceback" not in child.before
    return child.exitstatus, child.before


def test_it_asks_and_does_as_it_is_told(scene: ControlPlane, doctor: Doctor) -> None:
    for answer in ("n", ""):
        child = on_a_terminal(doctor, "--grace", "1s")
        child.expect_exact("Repair 3 items on admin? [y/N]: ")
        child.sendline(answer)
        code, said = ended(child)
        assert (code, left(scene)) == (1, 3)
        assert "nothing was written" in said
    child = on_a_terminal(doctor, "--grace", "1s")
    child.expect_exact("Repair 3 items on admin? [y/N]: ")
    child.sendline("y")
    code, said = ended(child)
    assert (code, left(scene)) == (0, 0), said
    assert said.count("done     LBD101") == 3


def test_a_bar_shows_how_far_it_is_and_leaves_the_lines_alone(
    cluster: ControlPlane, doctor: Doctor
) -> None:
    """So many at once are looked up by a LIST, which counts nothing on the screen by then."""
    deploy(cluster, "v1.9.0")
    gone = {f"10.9.0.{10 + n}": f"default/gone-{n}" for n in range(30)}
    cluster.api.create(pool("edge", gone | {"10.9.0.5": "default/lives"}))
    cluster.api.create(load_balancer("lives", "edge", "10.9.0.5"))
    child = on_a_terminal(doctor, "pool/edge", "--grace", "1s", "--yes")
    code, said = ended(child)
    assert code == 0, said
    done = said[said.index("repairing ") :]
    assert "30/30" in done
    assert "reading" not in done
    assert len(re.findall(r"\x1b\[2Kdone     LBD101", done)) == 30
    assert re.search(r"\x1b\[2K30 done; to take it back: lbdoctor undo \S+\r\n$", done)


def test_ctrl_c_at_the_question_leaves_at_once(scene: ControlPlane, doctor: Doctor) -> None:
    child = on_a_terminal(doctor)
    child.expect_exact("[y/N]: ")
    child.sendintr()
    assert ended(child)[0] == 130
    assert left(scene) == 3


def test_an_end_of_file_at_the_question_is_a_no(scene: ControlPlane, doctor: Doctor) -> None:
    child = on_a_terminal(doctor)
    child.expect_exact("[y/N]: ")
    child.sendeof()
    code, said = ended(child)
    assert (code, left(scene)) == (1, 3)
    assert "nothing was written" in said


@pytest.mark.parametrize("sent", CODES)
def test_a_signal_in_the_countdown_ends_the_run_with_nothing_done(
    scene: ControlPlane, doctor: Doctor, sent: signal.Signals
) -> None:
    child = on_a_terminal(doctor, "--grace", "10m", "--yes")
    child.expect("looking again in [0-9]{3} s")
    before = time.monotonic()
    child.kill(sent)
    code, said = ended(child)
    assert time.monotonic() - before < FINISH_WITHIN + ROOM
    assert (code, left(scene)) == (CODES[sent], 3)
    assert "nothing was written" in said


@pytest.mark.parametrize("sent", CODES)
def test_a_signal_between_two_items_lets_the_one_in_hand_finish(
    scene: ControlPlane, doctor: Doctor, sent: signal.Signals
) -> None:
    children: list[Child] = []

    def stop(call: Call) -> None:
        if call.number == 2:
            children[0].send(sent)

    with Gateway(scene, before=stop) as gateway:
        arguments = ("--yes", "--grace", "1s")
        children.append(Child(doctor, gateway.kubeconfig(), "repair", *arguments))
        code, out, error = children[0].end()
        assert gateway.writes == 2
    assert (code, left(scene)) == (CODES[sent], 1), (out, error)
    assert out.count("done     LBD101") == 2
    assert out.count("stopped  LBD101") == 1
    assert "2 done, 1 stopped; to take it back: lbdoctor undo" in out
    assert "Traceback" not in error
    assert doctor.run("repair", "--yes", "--grace", "1s").code == 0
    assert left(scene) == 0


@pytest.mark.parametrize("sent", CODES)
def test_a_signal_while_a_release_is_waited_for_takes_the_request_back(
    cluster: ControlPlane, doctor: Doctor, sent: signal.Signals
) -> None:
    deploy(cluster, "v1.9.0")
    cluster.api.create(pool("edge", {"10.9.0.10": "default/gone", "10.9.0.20": "default/edge"}))
    cluster.api.create(load_balancer("edge", "edge", "10.9.0.20"))
    children: list[Child] = []

    def stop(call: Call) -> None:
        if call.number == 1:
            children[0].send(sent)

    with Gateway(cluster, after=stop) as gateway:
        release = ("10.9.0.10", "default/gone", "--via", "controller", "--timeout", "10m")
        children.append(Child(doctor, gateway.kubeconfig(), "release", *release))
        code, out, error = children[0].end()
    assert code == CODES[sent], (out, error)
    assert "stopped; the request was taken back" in out
    annotations = cluster.api.get(pool_path("edge"))["metadata"].get("annotations") or {}
    assert f"{GROUP}/manuallyReleaseIP" not in annotations
    assert len(records(cluster, "edge")) == 2


@pytest.mark.parametrize("sent", CODES)
@pytest.mark.parametrize("number", [1, 2])
def test_a_signal_while_a_stuck_one_is_healed_leaves_it_whole(
    cluster: ControlPlane, doctor: Doctor, sent: signal.Signals, number: int
) -> None:
    """There is no controller: after the release it waits for an address."""
    deploy(cluster, "v0.4.0")
    cluster.api.create(pool("edge", {"10.9.0.10": "default/stuck"}))
    cluster.api.create(load_balancer("stuck", "edge", stuck_on="10.9.0.10"))
    children: list[Child] = []

    def stop(call: Call) -> None:
        if call.number == number:
            children[0].send(sent)

    with Gateway(cluster, after=stop) as gateway:
        children.append(Child(doctor, gateway.kubeconfig(), "repair", "--yes", "--grace", "1s"))
        before = time.monotonic()
        code, out, error = children[0].end()
    assert time.monotonic() - before < FINISH_WITHIN + ROOM
    assert code == CODES[sent], (out, error)
    assert "LBD201  default/stuck: released, and not waited for" in out
    assert "Traceback" not in error
    assert_whole(cluster)
    assert booking(cluster, "stuck") == ""


def test_a_signal_before_a_request_is_written_leaves_none(
    cluster: ControlPlane, doctor: Doctor
) -> None:
    deploy(cluster, "v1.9.0")
    cluster.api.create(pool("edge", {"10.9.0.10": "default/gone", "10.9.0.20": "default/edge"}))
    cluster.api.create(load_balancer("edge", "edge", "10.9.0.20"))
    children: list[Child] = []

    def stop(call: Call) -> None:
        if call.number == 1:
            cluster.api.patch(pool_path("edge"), {"metadata": {"annotations": {"a": "conflict"}}})
            children[0].send(signal.SIGTERM)

    with Gateway(cluster, before=stop) as gateway:
        release = ("10.9.0.10", "default/gone", "--via", "controller")
        children.append(Child(doctor, gateway.kubeconfig(), "release", *release))
        code, out, error = children[0].end()
    assert code == 143, (out, error)
    assert "stopped  LBD101  10.9.0.10: not begun" in out
    assert cluster.api.get(pool_path("edge"))["metadata"]["annotations"] == {"a": "conflict"}


def test_a_write_that_hangs_is_waited_for_five_seconds(scene: ControlPlane, doctor: Doctor) -> None:
    children: list[Child] = []
    over = threading.Event()

    def stop(call: Call) -> None:
        if call.number == 2:
            children[0].send(signal.SIGINT)
            over.wait(60.0)
            raise ConnectionAbortedError

    with Gateway(scene, before=stop) as gateway:
        children.append(Child(doctor, gateway.kubeconfig(), "repair", "--yes", "--grace", "1s"))
        code, out, error = children[0].end()
        over.set()
    assert code == 130, (out, error)
    assert out.count("done     LBD101") == 1
    assert "Traceback" not in error
    assert left(scene) == 2
