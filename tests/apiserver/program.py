"""Runs lbdoctor against the API server of the tests, in this process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from lbdoctor.cli.main import main
from lbdoctor.output.schema import schema_text


@dataclass(frozen=True, slots=True)
class Run:
    """What a run left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.stdout)
        _validator().validate(found)
        return found

    @property
    def codes(self) -> list[str]:
        """The codes of the confirmed findings."""
        return [item["code"] for item in self.report["findings"] if item["confirmed"]]

    @property
    def gaps(self) -> list[tuple[str, str | None, str | None]]:
        return [(gap["kind"], gap["namespace"], gap["name"]) for gap in self.report["gaps"]]

    @property
    def requests(self) -> list[str]:
        """The lines of ``-v``: verb, path, status."""
        lines = (line.split() for line in self.stderr.splitlines())
        return [" ".join(line[:3]) for line in lines if line and line[0] == "GET"]


class Program:
    """Calls ``main`` and captures what it prints."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def run(self, *arguments: str) -> Run:
        self._capsys.readouterr()
        code = main(list(arguments))
        printed = self._capsys.readouterr()
        return Run(code, printed.out, printed.err)

    def scan(self, kubeconfig: Path, *arguments: str) -> Run:
        return self.run("scan", "--kubeconfig", str(kubeconfig), "-o", "json", *arguments)


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(schema_text()))
