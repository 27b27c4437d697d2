"""Ctrl-C and SIGTERM while the program waits for input that never ends."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from lbdoctor.cli.exit_codes import ExitCode
from tests.cli.program import COMMAND, ROOT, environment

MORE_THAN_A_PIPE_HOLDS = b"# waiting\n" * 200_000
SIGNALS = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}


@contextmanager
def scanning(source: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a scan; end it in any case."""
    process = subprocess.Popen(
        [*COMMAND, "scan", "--from", source, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=environment(),
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def assert_leaves_quietly(process: subprocess.Popen[bytes], sent: signal.Signals) -> None:
    """The code tells; there is no report, no traceback, no rest of one."""
    assert _sent_until_gone(process, sent) == SIGNALS[sent]
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.read() == b""
    said = process.stderr.read()
    assert b"Traceback" not in said
    assert said.count(b"\n") <= 1


def _sent_until_gone(process: subprocess.Popen[bytes], sent: signal.Signals) -> int:
    """Send the signal, and again where it came just before the read that waits."""
    for _ in range(6):
        process.send_signal(sent)
        with suppress(subprocess.TimeoutExpired):
            return process.wait(timeout=5)
    pytest.fail("it does not listen")


@pytest.mark.parametrize("sent", SIGNALS)
def test_a_signal_ends_the_wait_for_standard_input(sent: signal.Signals) -> None:
    with scanning("-") as process:
        assert process.stdin is not None
        # More than fits into the pipe: written means that the program reads.
        process.stdin.write(MORE_THAN_A_PIPE_HOLDS)
        process.stdin.flush()
        assert_leaves_quietly(process, sent)


@pytest.mark.parametrize("sent", SIGNALS)
def test_a_signal_ends_the_wait_for_a_named_pipe(sent: signal.Signals, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with scanning(str(fifo), "-o", "json") as process:
        writer = os.open(fifo, os.O_WRONLY)  # returns when the program opens it
        try:
            assert_leaves_quietly(process, sent)
        finally:
            os.close(writer)
