"""Markdown for a ticket."""

from __future__ import annotations

import re
from typing import TextIO

from lbdoctor.diagnosis.report import Report
from lbdoctor.domain.findings import Finding
from lbdoctor.output.summary import settling, totals, unread, what_was_read
from lbdoctor.output.text import moment, visible
from lbdoctor.rules import find

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|<>~&@])")


def render(report: Report, stream: TextIO) -> None:
    """Write a heading, what was read, a table of the findings and what is missing."""
    taken = moment(report.snapshot.taken_at)
    stream.write("## lbdoctor scan\n\n")
    stream.write(f"- {escape(', '.join(what_was_read(report)))}\n")
    stream.write(f"- looked at: {taken or 'unknown'}\n")
    stream.write(f"- {escape(totals(report).rstrip(':'))}\n")
    if young := settling(report):
        stream.write(f"- {escape(young)}\n")
    for line in unread(report):
        stream.write(f"  - {escape(line)}\n")
    if report.findings:
        stream.write("\n| severity | code | pool | finding | remedy |\n|---|---|---|---|---|\n")
    needs_confirmation = report.snapshot.origin.can_be_confirmed
    for finding in report.findings:
        stream.write(_row(finding, confirmed=finding.confirmed or not needs_confirmation))


def _row(finding: Finding, *, confirmed: bool) -> str:
    rule = find(finding.code)
    notes = [] if confirmed else ["not confirmed"]
    notes += [f"because of {', '.join(finding.causes)}"] if finding.causes else []
    notes += [f"ignored: {finding.ignored}"] if finding.ignored is not None else []
    message = finding.message + (f" ({'; '.join(notes)})" if notes else "")
    cells = (
        str(finding.severity),
        f"{finding.code} {rule.name}",
        finding.pool,
        message,
        finding.remedy or rule.remedy,
    )
    return "| " + " | ".join(escape(cell) for cell in cells) + " |\n"


def escape(text: str) -> str:
    """Return text that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", visible(text))
