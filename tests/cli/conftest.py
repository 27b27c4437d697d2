"""Fixtures for tests of the whole program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.program import Program


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(capsys)


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], Path]:
    """Write a text into a file to scan."""

    def write(text: str) -> Path:
        path = tmp_path / "input.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write
