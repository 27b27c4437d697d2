"""Whatever is handed to ``--from``: one clear line, little memory, and nothing called stale."""

from __future__ import annotations

from pathlib import Path

import pytest

from lbdoctor.cli.exit_codes import ExitCode
from tests.cli.hostile_table import INPUTS, Hostile, measure
from tests.cli.program import assert_one_line_of_help

MOST_MEGABYTES = 300


@pytest.mark.parametrize("hostile", INPUTS, ids=lambda item: item.what)
def test_it_is_told_in_one_line_and_little_memory(hostile: Hostile, tmp_path: Path) -> None:
    found = measure(hostile, tmp_path)
    assert found.run.code == hostile.code
    assert hostile.says in found.run.stderr + found.run.stdout
    assert "LBD101" not in found.run.stdout.partition("not checked")[0]
    assert found.megabytes < MOST_MEGABYTES
    if hostile.code == ExitCode.UNREADABLE:
        assert_one_line_of_help(found.run)
    else:
        assert found.run.stderr == ""
        assert "not everything could be read" in found.run.stdout
