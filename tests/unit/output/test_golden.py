"""What a report looks like, whole; UPDATE_GOLDEN=1 writes the files anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lbdoctor.output import Format
from tests.unit.output.reports import rendered, small_report

GOLDEN = Path(__file__).parent / "golden"
TEXTS = [Format.TABLE, Format.WIDE, Format.MARKDOWN, Format.NAME]


@pytest.mark.parametrize("output", TEXTS)
def test_a_small_report_looks_as_it_did(output: Format) -> None:
    path = GOLDEN / f"small.{output}.txt"
    found = rendered(small_report(), output)
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")


def test_every_golden_file_is_compared() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {f"small.{item}.txt" for item in TEXTS}
