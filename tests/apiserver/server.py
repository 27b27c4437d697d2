"""One child process with a log file."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from tests.apiserver import tether
from tests.apiserver.waiting import wait_until

PORT_TAKEN = "address already in use"
ATTEMPTS = 5
START_SECONDS = 60.0
PROBE_SECONDS = 2.0
"""A stranger on the port may accept a connection and never say a word."""

T = TypeVar("T")


class StartError(Exception):
    """A server did not come up; the text ends with the tail of its log."""


class PortTakenError(StartError):
    """Somebody took the port between its choice and its use."""


class Server:
    def __init__(self, command: Sequence[str | Path], log: Path) -> None:
        self._log = log
        words = [str(word) for word in command]
        tethered = [sys.executable, "-I", "-S", str(Path(tether.__file__)), str(os.getpid())]
        with log.open("wb") as stream:
            self._process = subprocess.Popen(
                [*tethered, *words],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                cwd=log.parent,
            )

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def tail(self, lines: int = 20) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])

    def check(self) -> None:
        """Raise if the process is gone.

        Raises:
            PortTakenError: because its port was taken; others may be free.
            StartError: for another reason.
        """
        if self.is_alive:
            return
        kind = PortTakenError if PORT_TAKEN in self._log.read_text(errors="replace") else StartError
        raise kind(f"{self._log.stem} exited {self._process.returncode}\n{self.tail()}")

    def wait_until_ready(self, is_ready: Callable[[], bool]) -> None:
        """Wait for the server to serve.

        Raises:
            PortTakenError: see ``check``.
            StartError: it ended, or did not become ready in time.
        """

        def look() -> bool:
            self.check()
            return is_ready()

        try:
            wait_until(look, f"{self._log.stem} ready", seconds=START_SECONDS)
        except TimeoutError as error:
            raise StartError(f"{error}\n{self.tail()}") from error

    def stop(self, *, seconds: float = 10.0) -> None:
        self._process.terminate()
        try:
            wait_until(lambda: not self.is_alive, f"end of {self._log.stem}", seconds=seconds)
        except TimeoutError:
            self._process.kill()
            self._process.wait()


def on_a_free_port(start: Callable[[int], T]) -> T:
    """Start something on a port that is free, on another one if it is taken meanwhile."""
    for _ in range(ATTEMPTS - 1):
        try:
            return start(_free_port())
        except PortTakenError:
            continue
    return start(_free_port())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
