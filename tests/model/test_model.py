"""No interleaving harms the living, and each guard is there for a reason.

The searches end after two deviations from the plain course. ``python -m tests.model`` prints
how many runs and states that are, ``python -m tests.model 3`` goes one further.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from lbdoctor.domain.controller import Version
from lbdoctor.repair import stuck as healing
from tests.model.doctor import Guards
from tests.model.invariants import check
from tests.model.scenarios import SCENARIOS, TEETH, Tooth, scenario
from tests.model.search import Result, Search

DEVIATIONS = 2
VERSIONS = [Version(0, 4, 0), Version(0, 4, 4), Version(1, 9, 0)]


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look a few times and no more where it waits: time stands still in a search."""
    monkeypatch.setattr(healing, "HEALS_WITHIN", 0.2)
    monkeypatch.setattr(healing, "BOOKS_WITHIN", 0.1)
    monkeypatch.setattr(healing, "GIVEN_UP_AFTER", 0.3)


@pytest.mark.parametrize("version", VERSIONS, ids=str)
@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_alive_is_harmed(name: str, version: Version) -> None:
    assert _told(Search(scenario(name, version), check, DEVIATIONS).run()) == ""


@pytest.mark.parametrize("tooth", TEETH, ids=lambda tooth: tooth.guard)
def test_without_a_guard_there_is_a_way_to_harm(tooth: Tooth) -> None:
    given = scenario(tooth.scenario, tooth.version)
    with_it = replace(given, guards=Guards(**dict.fromkeys(tooth.hidden_by, False)))
    off = dict.fromkeys((tooth.guard, *tooth.hidden_by), False)
    without = replace(given, guards=Guards(**off))
    assert _told(Search(with_it, check, tooth.deviations).run()) == ""
    assert Search(without, check, tooth.deviations).run().violation


def _told(result: Result) -> str:
    course = " > ".join("/".join(move) for move in result.course)
    return f"{result.violation}: {course}" if result.violation else ""
