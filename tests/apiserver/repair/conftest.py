"""The program with a state directory of its own, on the API server of the tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lbdoctor.cluster import open_writable
from lbdoctor.cluster.live.writes import LiveCluster
from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.program import Program, Run


class Doctor:
    """lbdoctor as one user of a cluster, in this process."""

    def __init__(self, program: Program, kubeconfig: Path, state: Path) -> None:
        self._program = program
        self.kubeconfig = kubeconfig
        self.state = state

    @property
    def journal(self) -> Path:
        return self.state / "lbdoctor" / "journal.jsonl"

    def run(self, command: str, *arguments: str) -> Run:
        return self._program.run(command, *arguments, "--kubeconfig", str(self.kubeconfig))

    def run_offline(self, command: str, *arguments: str) -> Run:
        return self._program.run(command, *arguments)

    def acting_with(self, kubeconfig: Path) -> Doctor:
        return Doctor(self._program, kubeconfig, self.state)

    def environment(self) -> dict[str, str]:
        """What a process of its own gets."""
        return {"PATH": os.environ["PATH"], "HOME": "/nonexistent"} | {
            "XDG_STATE_HOME": str(self.state)
        }


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(directory))
    return directory


@pytest.fixture
def doctor(program: Program, cluster: ControlPlane, state: Path) -> Doctor:
    return Doctor(program, cluster.kubeconfig(), state)


@pytest.fixture
def api(cluster: ControlPlane) -> LiveCluster:
    """The cluster as the stand-in for Harvester's controller writes to it."""
    found = open_writable(kubeconfig=str(cluster.kubeconfig()), context=None, timeout=30.0)
    assert isinstance(found, LiveCluster)
    return found
