"""Ctrl-C and SIGTERM while the program waits for a network, or for a plugin."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest

from lbdoctor.cli.exit_codes import ExitCode
from tests.cli.program import COMMAND, ROOT, environment
from tests.cluster.faults import Arrange, Way
from tests.cluster.faulty_answers import always
from tests.cluster.faulty_networks import at, through
from tests.cluster.faulty_plugins import plugin
from tests.cluster.healthy import answer
from tests.cluster.proxy import Rules, deaf_port, silent_port
from tests.cluster.server import FaultyServer, reply
from tests.cluster.waiting import until

SIGNALS = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}
WAITS: dict[str, Arrange] = {
    "connection": at(deaf_port),
    "TLS": at(silent_port, "https"),
    "header": at(silent_port),
    "body": through(Rules(hold_after=5000)),
    "Retry-After": always(reply({}, 429, Retry_After="300")),
}
"""What a scan with a time-out of ten minutes waits in."""


def scanning(way: Way) -> list[str]:
    return [*COMMAND, "scan", "--request-timeout", "10m", "-v", *map(str, way.arguments)]


@contextmanager
def started(way: Way) -> Iterator[subprocess.Popen[str]]:
    """Start a scan; end it in any case."""
    process = subprocess.Popen(
        scanning(way),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(),
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def is_asking(process: subprocess.Popen[str]) -> bool:
    """Whether a request is on its way: it has a thread of its own."""
    return len(list(Path(f"/proc/{process.pid}/task").iterdir())) > 1


def is_running(pid: int) -> bool:
    """Whether a process does anything still; one that waits to be reaped does not."""
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False


def assert_left_quietly(process: subprocess.Popen[str], sent: signal.Signals) -> None:
    out, said = process.communicate(timeout=30)
    assert (process.returncode, out) == (SIGNALS[sent], "")
    assert not [line for line in said.splitlines() if not line.startswith("GET ")]


@pytest.mark.parametrize("sent", SIGNALS)
@pytest.mark.parametrize("wait", WAITS)
def test_a_signal_ends_the_wait_for_a_network(
    wait: str, sent: signal.Signals, tmp_path: Path
) -> None:
    with WAITS[wait](tmp_path) as way, started(way) as process:
        if wait == "Retry-After":
            assert process.stderr is not None
            assert process.stderr.readline().startswith("GET ")
        else:
            until(lambda: is_asking(process))
        process.send_signal(sent)
        assert_left_quietly(process, sent)


def hanging_plugin(pids: Path, more: str = "interactiveMode: Never") -> Arrange:
    """A plugin that has started another process, tells of both, and then hangs."""
    return plugin(f"sleep 600 & echo $$ $! > {pids}; wait", more)


@pytest.mark.parametrize("sent", SIGNALS)
def test_a_signal_ends_an_exec_plugin_and_its_children(
    sent: signal.Signals, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    os.mkfifo(pids)
    with hanging_plugin(pids)(tmp_path) as way, started(way) as process:
        running = [int(pid) for pid in pids.read_text(encoding="utf-8").split()]
        assert all(is_running(pid) for pid in running)
        process.send_signal(sent)
        assert_left_quietly(process, sent)
        until(lambda: not any(is_running(pid) for pid in running))


def test_a_plugin_that_hangs_is_gone_with_its_children_at_the_time_out(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    with hanging_plugin(pids)(tmp_path) as way:
        arguments = [*COMMAND, "scan", "--request-timeout", "1s", *map(str, way.arguments)]
        done = subprocess.run(
            arguments, cwd=ROOT, env=environment(), capture_output=True, timeout=60, check=False
        )
    assert done.returncode == 3
    running = [int(pid) for pid in pids.read_text(encoding="utf-8").split()]
    until(lambda: not any(is_running(pid) for pid in running))


@contextmanager
def on_a_terminal(way: Way) -> Iterator[pexpect.spawn[str]]:
    command, *arguments = scanning(way)
    child = pexpect.spawn(
        command, arguments, cwd=str(ROOT), env=environment(), encoding="utf-8", timeout=30
    )
    try:
        yield child
    finally:
        child.close(force=True)


def test_a_plugin_may_ask_on_the_terminal(tmp_path: Path) -> None:
    answered = (
        'stty -echo; printf "Password: " >&2; read word; stty echo; printf \'{"apiVersion": '
        '"client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": '
        '"%s"}}\' "$word"'
    )
    with FaultyServer(answer) as server:
        script = file_for(tmp_path, answered)
        user = (
            "{exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, "
            f"args: ['{script}'], interactiveMode: Always}}}}"
        )
        way = Way.by(server.kubeconfig(tmp_path, user))
        with on_a_terminal(way) as child:
            child.expect("Password: ")
            child.sendline("ticket")
            child.expect("no problems found")
            child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 0
        assert {item.headers["Authorization"] for item in server.asked} == {"Bearer ticket"}


def file_for(directory: Path, script: str) -> Path:
    path = directory / "login.sh"
    path.write_text(script, encoding="utf-8")
    return path


def test_ctrl_c_on_the_terminal_ends_a_plugin_that_has_it(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    os.mkfifo(pids)
    with hanging_plugin(pids, "interactiveMode: IfAvailable")(tmp_path) as way:
        with on_a_terminal(way) as child:
            running = [int(pid) for pid in pids.read_text(encoding="utf-8").split()]
            child.sendintr()
            child.expect(pexpect.EOF)
            assert not re.search("error|Traceback", child.before or "")
        child.close()
        assert child.exitstatus == ExitCode.INTERRUPTED
        until(lambda: not any(is_running(pid) for pid in running))


def test_the_terminal_is_given_back_after_a_plugin_was_killed(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"stty -echo; echo $$ > {pids}; sleep 600"
    with plugin(script, "interactiveMode: IfAvailable")(tmp_path) as way:
        command = " ".join(map(repr, scanning(way))).replace("10m", "1s")
        shell = pexpect.spawn(
            "sh",
            ["-c", f"{command}; stty -a; read answer; echo got $answer"],
            cwd=str(ROOT),
            env=environment(),
            encoding="utf-8",
            timeout=30,
        )
        shell.expect("did not end within 1 s")
        shell.expect(r"[^-]echo ")
        shell.sendline("through")
        shell.expect("got through")
        shell.close(force=True)
