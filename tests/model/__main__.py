"""``python -m tests.model [DEVIATIONS]``: the searches with their numbers, as far as you like."""

from __future__ import annotations

import sys
import time

from tests.model.invariants import check
from tests.model.scenarios import SCENARIOS, scenario
from tests.model.search import Search
from tests.model.test_model import DEVIATIONS, SHORT_WAITS, VERSIONS


def main(deviations: int) -> None:
    for module, name, value in SHORT_WAITS:
        setattr(module, name, value)
    sys.stdout.write("| scenario | version | deviations | runs | states | seconds | found |\n")
    sys.stdout.write("|---|---|---|---|---|---|---|\n")
    for name in SCENARIOS:
        for version in VERSIONS:
            began = time.monotonic()
            found = Search(scenario(name, version), check, deviations).run()
            took = time.monotonic() - began
            sys.stdout.write(
                f"| {name} | {version} | {deviations} | {found.runs} | {found.states} "
                f"| {took:.0f} | {found.violation or 'nothing'} |\n"
            )
            sys.stdout.flush()


main(int(sys.argv[1]) if len(sys.argv) > 1 else DEVIATIONS)
