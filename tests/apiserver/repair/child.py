"""lbdoctor as a process of its own, in a group of its own."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from tests.apiserver.repair.conftest import Doctor
from tests.cli.program import COMMAND, ROOT

SECONDS = 120.0


class Child:
    """A run that can be killed with all that belongs to it."""

    def __init__(self, doctor: Doctor, kubeconfig: Path, command: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [*COMMAND, command, *arguments, "--kubeconfig", str(kubeconfig)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env=doctor.environment(),
            start_new_session=True,
            text=True,
        )

    def kill(self) -> None:
        """End it as nothing can prevent, and wait until it is gone."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(SECONDS)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def end(self) -> tuple[int, str, str]:
        """Wait for its end; return exit code, stdout and stderr."""
        try:
            out, error = self._process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        return self._process.returncode, out, error
