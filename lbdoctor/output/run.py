"""A plan and its outcomes, for people and as plain data."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from lbdoctor import __version__
from lbdoctor.domain.findings import Finding
from lbdoctor.output.document import SCHEMA_VERSION
from lbdoctor.output.text import first_addresses, plural, visible
from lbdoctor.repair.outcomes import Outcome, Result
from lbdoctor.repair.plan import Held, Item, Plan

Document = dict[str, Any]

MOST_LINES = 5
"""More items of one code in one pool than this become one line."""


def plan_lines(plan: Plan) -> Iterable[str]:
    """Yield what is going to be done, and what is held back and why."""
    for code, pool, items in _grouped(plan.items):
        if len(items) > MOST_LINES:
            which = first_addresses([item.finding.address for item in items])
            yield f"{code}  {visible(pool)}  {len(items)} times: {which}"
            continue
        yield from (f"{code}  {visible(item.title)}" for item in items)
    for code, note in dict.fromkeys((i.finding.code, i.finding.note) for i in plan.items):
        if note:
            yield f"{code}: {visible(note)}"
    for reason, hint, held in _held(plan.held):
        codes = ", ".join(sorted({item.finding.code for item in held}))
        more = f"; {visible(hint)}" if hint else ""
        yield f"held back: {plural(len(held), 'item')} ({codes}): {visible(reason)}{more}"


def _grouped(items: Sequence[Item]) -> Iterable[tuple[str, str, list[Item]]]:
    groups: dict[tuple[str, str], list[Item]] = {}
    for item in items:
        groups.setdefault((item.finding.code, item.finding.pool), []).append(item)
    return [(code, pool, found) for (code, pool), found in groups.items()]


def _held(held: Sequence[Held]) -> Iterable[tuple[str, str, list[Held]]]:
    groups: dict[tuple[str, str], list[Held]] = {}
    for item in held:
        groups.setdefault((item.reason, item.hint), []).append(item)
    return [(reason, hint, found) for (reason, hint), found in groups.items()]


def outcome_line(outcome: Outcome) -> str:
    """Return one line of what was done."""
    seconds = "" if outcome.seconds is None else f" after {outcome.seconds:.1f} s"
    door = f" ({outcome.door} door)" if outcome.door else ""
    about = "" if outcome.result is Result.DONE else f"{_about(outcome.finding)}: "
    return visible(
        f"{outcome.result!s:<8} {outcome.finding.code}  {about}{outcome.text}{seconds}{door}"
    )


def _about(finding: Finding) -> str:
    return finding.subject.spelling or finding.pool


def summary_line(run: str, outcomes: Sequence[Outcome]) -> str:
    """Return how many items ended how, and how to take it back."""
    counts = Counter(outcome.result for outcome in outcomes)
    parts = ", ".join(f"{counts[result]} {result}" for result in Result if counts[result])
    lasting = {Result.DONE, Result.WAITING, Result.FAILED}
    wrote = any(outcome.writes and outcome.result in lasting for outcome in outcomes)
    undo = f"; to take it back: lbdoctor undo {run}" if wrote else ""
    return f"{parts or 'nothing done'}{undo}"


def render_run(run: str, plan: Plan, outcomes: Sequence[Outcome], stream: TextIO) -> None:
    """Write the run as one JSON document, in ASCII."""
    document = {
        "schemaVersion": SCHEMA_VERSION,
        "kind": "Run",
        "lbdoctor": __version__,
        "run": run,
        "outcomes": [_outcome(outcome) for outcome in outcomes],
        "held": [
            {**_finding(item.finding), "reason": item.reason, "hint": item.hint or None}
            for item in plan.held
        ],
    }
    json.dump(document, stream, indent=2)
    stream.write("\n")


def _outcome(outcome: Outcome) -> Document:
    return {
        **_finding(outcome.finding),
        "result": str(outcome.result),
        "text": outcome.text,
        "door": outcome.door or None,
        "writes": [str(item) for item in outcome.writes],
        "seconds": outcome.seconds,
    }


def _finding(finding: Finding) -> Document:
    return {
        "code": finding.code,
        "subject": finding.subject.spelling or None,
        "pool": finding.pool or None,
        "address": finding.address or None,
    }
