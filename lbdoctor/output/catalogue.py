"""The catalogue: a list, one rule explained, JSON, and the page CODES.md."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable
from typing import Any, TextIO

from lbdoctor.rules.rule import Rule

WIDTH = 78

_HEAD = """# What lbdoctor finds

Written by `lbdoctor explain -o markdown`. A code is never reused or renamed; the address
of its section here does not change. Sources are files of harvester/load-balancer-harvester
and its neighbours; where no version stands beside one, it is master of August 2026.
"""


def render_list(rules: Iterable[Rule], stream: TextIO) -> None:
    """Write one line a rule, no longer than a terminal is wide."""
    for rule in rules:
        lead = f"{rule.code}  {_severity(rule):<8}{rule.name}"
        stream.write(f"{lead}\n")
        for line in textwrap.wrap(rule.summary, WIDTH - 16):
            stream.write(f"{'':16}{line}\n")
    stream.write("next: lbdoctor explain CODE\n")


def render_text(rule: Rule, stream: TextIO) -> None:
    """Write everything about one rule."""
    stream.write(f"{rule.code}  {rule.name}  ({_severity(rule)})\n\n")
    stream.write(_wrapped(_sentence(rule.summary)) + "\n\n")
    for paragraph in rule.explanation.split("\n\n"):
        stream.write(_wrapped(paragraph) + "\n\n")
    stream.write(_wrapped(f"Remedy: {rule.remedy}") + "\n\n")
    stream.write(_wrapped(f"Looks at: {_looks_at(rule)}") + "\n")
    stream.write(f"next: lbdoctor scan --only {rule.code} -o wide\n")


def render_json(rules: Iterable[Rule], stream: TextIO) -> None:
    """Write the rules as one JSON document."""
    json.dump(
        {"schemaVersion": 1, "kind": "Catalogue", "rules": [_document(rule) for rule in rules]},
        stream,
        indent=2,
    )
    stream.write("\n")


def render_markdown(rules: Iterable[Rule], stream: TextIO) -> None:
    """Write CODES.md, or a section of it."""
    stream.write(_HEAD)
    for rule in rules:
        stream.write(
            f"\n## {rule.code}\n\n**{rule.name}** ({_severity(rule)}): {rule.summary}.\n\n"
        )
        stream.write(f"{rule.explanation}\n\n")
        stream.write(f"*Remedy*: {rule.remedy}.\n\n*Looks at*: {_looks_at(rule)}.\n")


def _document(rule: Rule) -> dict[str, Any]:
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": str(rule.severity),
        "severityVaries": rule.varies,
        "summary": rule.summary,
        "explanation": rule.explanation,
        "remedy": rule.remedy,
        "subject": str(rule.subject),
        "needs": sorted(rule.needs),
        "uses": sorted(rule.uses),
        "docs": rule.docs,
    }


def _severity(rule: Rule) -> str:
    return "varies" if rule.varies else str(rule.severity)


def _looks_at(rule: Rule) -> str:
    needs, uses = ", ".join(sorted(rule.needs)), ", ".join(sorted(rule.uses))
    return f"{needs}; where it can be read also {uses}" if uses else needs


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def _wrapped(text: str) -> str:
    return textwrap.fill(
        " ".join(text.split()), WIDTH, break_long_words=False, break_on_hyphens=False
    )
