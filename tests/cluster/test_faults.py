"""Each fault on the way to a cluster is one line, and the right exit code, in time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.cli.program import Program, Run
from tests.cluster.faults import SCAN, Fault, alone, faults

LONGEST = 20.0
"""Seconds. The time-out is one; the rest is for a machine that has much to do."""


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(capsys)


def assert_told(fault: Fault, run: Run) -> None:
    assert run.code == fault.code, run
    assert fault.line(run), f"{fault.says} is not in {run}"
    assert "Traceback" not in run.stderr
    assert "secret" not in run.stderr + run.stdout
    if fault.code == 3:
        assert run.stdout == ""
        assert run.stderr.count("\n") == 1
        assert not any(
            odd in run.stderr for odd in ("Error(", "HTTPConnection", "<html", "object at")
        )


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.name)
def test_a_fault_is_told_in_one_line(
    fault: Fault, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")
    with fault.arrange(tmp_path) as way:
        for name, value in way.environment.items():
            monkeypatch.setenv(name, value)
        started = time.monotonic()
        run = program.run(*SCAN, *way.arguments)
        took = time.monotonic() - started
    assert_told(fault, run)
    assert took < LONGEST


@pytest.mark.parametrize(
    "name",
    ["an exec plugin that hangs", "a byte each half second", "401", "500 for LoadBalancers alone"],
)
def test_a_process_of_its_own_tells_the_same(name: str, tmp_path: Path) -> None:
    (fault,) = (item for item in faults() if item.name == name)
    with fault.arrange(tmp_path) as way:
        assert_told(fault, alone(way))
