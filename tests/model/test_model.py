"""No interleaving harms the living, and each guard is there for a reason.

The searches end after two deviations from the plain course. ``python -m tests.model`` prints
how many runs and states that are, ``python -m tests.model 3`` goes one further.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from lbdoctor.domain.controller import Version
from lbdoctor.repair import stuck, waking
from tests.model.invariants import check
from tests.model.port import Guards
from tests.model.scenarios import SCENARIOS, TEETH, Tooth, scenario
from tests.model.search import Result, Search

DEVIATIONS = 2
VERSIONS = [Version(0, 4, 0), Version(0, 4, 4), Version(1, 9, 0)]

SHORT_WAITS: tuple[tuple[ModuleType, str, float], ...] = (
    (stuck, "HEALS_WITHIN", 0.2),
    (stuck, "BOOKS_WITHIN", 0.1),
    (stuck, "GIVEN_UP_AFTER", 0.3),
    (waking, "WATCHED", 2),
)
"""Where lbdoctor waits it looks a few times and no more: time stands still in a search."""


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, value in SHORT_WAITS:
        monkeypatch.setattr(module, name, value)


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


def test_contributing_tells_of_every_guard() -> None:
    text = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    told = {(row[0].partition(":")[0], *row[1:]) for row in rows if len(row) == 4}
    for tooth in TEETH:
        hidden = ", ".join(guard.replace("_", " ") for guard in tooth.hidden_by)
        name = tooth.guard.replace("_", " ")
        assert (name, tooth.scenario, str(tooth.version), hidden) in told
    assert {tooth.guard for tooth in TEETH} == set(Guards.__dataclass_fields__)


def _told(result: Result) -> str:
    course = " > ".join("/".join(move) for move in result.course)
    return f"{result.violation}: {course}" if result.violation else ""
