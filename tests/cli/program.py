"""Runs lbdoctor: in this process, or in one of its own where a process matters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lbdoctor.cli.main import main

ROOT = Path(__file__).parents[2]
STUCK = ROOT / "tests" / "data" / "stuck-v0.4.0"
COMMAND = (sys.executable, "-m", "lbdoctor")


@dataclass(frozen=True, slots=True)
class Run:
    """What a run left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.stdout)
        return found

    @property
    def codes(self) -> list[str]:
        """The code of each finding of a run with ``-o json``."""
        return [item["code"] for item in self.document["findings"]]

    @property
    def gaps(self) -> list[tuple[str, str | None, str | None]]:
        return [(gap["kind"], gap["namespace"], gap["name"]) for gap in self.document["gaps"]]


class Program:
    """Calls ``main`` and captures what it prints."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def run(self, *arguments: object) -> Run:
        self._capsys.readouterr()
        code = main([str(item) for item in arguments])
        printed = self._capsys.readouterr()
        return Run(code, printed.out, printed.err)

    def scan(self, source: object, *arguments: object) -> Run:
        return self.run("scan", "--from", source, *arguments)

    def report(self, source: object, *arguments: object) -> Run:
        return self.scan(source, "-o", "json", *arguments)


def environment(**more: str) -> dict[str, str]:
    """Return what a process gets: as little as it needs to start."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        **more,
    }


def spawn(
    *arguments: object, stdin: str = "", stdout: int = subprocess.PIPE, **variables: str
) -> Run:
    """Run the program in a process of its own, to its end."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=stdin.encode(),
        stdout=stdout,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=environment(**variables),
        timeout=30,
        check=False,
    )
    return Run(done.returncode, (done.stdout or b"").decode(), done.stderr.decode())


def assert_one_line_of_help(run: Run) -> None:
    """An error is one line on stderr that ends with what to type; stdout is for data."""
    assert run.stdout == ""
    assert run.stderr.count("\n") == 1, run.stderr
    assert run.stderr.startswith("error: ")
    assert "Traceback" not in run.stderr
    assert "; try: " in run.stderr
