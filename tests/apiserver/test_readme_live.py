"""The commands of the README that need a cluster, on a cluster."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.harvester import load_stuck
from tests.apiserver.program import Program
from tests.readme import table_commands

OTHER_CODES = {
    "lbdoctor scan": 1,
    "lbdoctor repair --dry-run=client": 1,
    "lbdoctor undo last": 3,  # nothing has been written yet
}


@pytest.mark.parametrize("command", table_commands())
def test_every_command_of_the_table_runs(
    command: str,
    cluster: ControlPlane,
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    load_stuck(cluster)
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig()))
    monkeypatch.chdir(tmp_path)
    run = program.run(*shlex.split(command)[1:])
    assert run.code == OTHER_CODES.get(command, 0)
    assert run.stdout or run.code == 3
    if command == "lbdoctor collect ./snapshot":
        assert program.run("scan", "--from", "./snapshot").code == 1
