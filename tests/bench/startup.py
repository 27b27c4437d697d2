"""How long it takes before anything is read: help, version, completion, a wrong option."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tests.bench.live import LBDOCTOR
from tests.bench.measuring import PYTHON, Contestant

BASE: Final = "import typer"
LIGHT: Final = 1.5
"""Budget of what needs no command, as a multiple of the import of typer."""

HEAVY: Final = 3.5
"""Budget of what enters a command."""

COMPLETION: Final[Mapping[str, str]] = {
    "_LBDOCTOR_COMPLETE": "complete_zsh",
    "_TYPER_COMPLETE_ARGS": "lbdoctor scan --o",
}


@dataclass(frozen=True, slots=True)
class Start:
    """A way to start the program, and its budget."""

    contestant: Contestant
    budget: float


def base() -> Contestant:
    return Contestant(BASE, [PYTHON, "-c", "import typer"])


def starts() -> list[Start]:
    wrong = frozenset({2})
    assigned = [f"{name}={value}" for name, value in COMPLETION.items()]
    return [
        Start(_lbdoctor("--help"), LIGHT),
        Start(_lbdoctor("--version"), LIGHT),
        Start(_lbdoctor("scan", "--help"), HEAVY),
        Start(_lbdoctor("scan", "--nonsense", codes=wrong), HEAVY),
        Start(_lbdoctor("scan", "--output", "nonsense", codes=wrong), HEAVY),
        Start(Contestant("completion of --o", ["env", *assigned, LBDOCTOR]), HEAVY),
    ]


def _lbdoctor(*arguments: str, codes: frozenset[int] = frozenset({0})) -> Contestant:
    return Contestant(" ".join(("lbdoctor", *arguments)), [LBDOCTOR, *arguments], codes)
