"""Every case file, through the real decoders, the look and all rules."""

from __future__ import annotations

import pytest

from lbdoctor.domain.findings import Finding
from tests.unit.rules.cases import ROOT, Case, all_cases, described

CASES = all_cases()


def _aligned(found: list[Finding], case: Case) -> list[Finding]:
    """Return the findings in the order in which the case names their subjects."""
    order = {item["subject"]: index for index, item in reversed(list(enumerate(case.expect)))}
    return sorted(found, key=lambda item: order.get(item.subject.spelling, len(order)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_finds_what_the_case_expects(case: Case) -> None:
    found = _aligned(case.found(), case)

    subjects = [item.subject.spelling for item in found]
    assert subjects == [item["subject"] for item in case.expect], [item.message for item in found]
    pairs = zip(found, case.expect, strict=True)
    assert [described(item, wanted) for item, wanted in pairs] == case.expect


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_object_of_a_case_can_be_read(case: Case) -> None:
    gaps = case.look().snapshot.gaps
    if case.confirmable:
        assert [gap for gap in gaps if "malformed" in gap.reason] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_says_in_one_line_what_it_shows(case: Case) -> None:
    first = case.path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ")
    assert case.unknown == frozenset(), "a key that no case file knows"


def test_there_are_no_files_that_are_no_cases() -> None:
    stray = [path for path in ROOT.rglob("*") if path.is_file() and path.suffix != ".yaml"]
    assert [path.name for path in stray] == ["README.md"]
