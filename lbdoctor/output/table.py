"""The table for people: one line a finding, many of one kind in one pool on one line."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TextIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from lbdoctor.diagnosis.report import Report
from lbdoctor.domain.findings import Finding, Severity
from lbdoctor.output.summary import next_command, notes, settling, totals, unread, what_was_read
from lbdoctor.output.text import first_addresses, plural, visible
from lbdoctor.rules import find

MOST_LINES = 10
"""More findings of one code in one pool than this become one line."""

WIDEST_POOL = 24
STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def render(report: Report, stream: TextIO) -> None:
    """Write the table."""
    _Table(report, stream, wide=False).write()


def render_wide(report: Report, stream: TextIO) -> None:
    """Write the table with every finding, its evidence, its remedy and its fix."""
    _Table(report, stream, wide=True).write()


class _Table:
    def __init__(self, report: Report, stream: TextIO, *, wide: bool) -> None:
        self._report = report
        self._wide = wide
        self._console = Console(file=stream, highlight=False, emoji=False, markup=False)
        shown = [cell_len(visible(finding.pool)) for finding in report.findings]
        self._pool_width = min(WIDEST_POOL, max(shown, default=0))

    def write(self) -> None:
        self._line(Text("   ".join(what_was_read(self._report))))
        for (severity, code, pool), group in groupby(self._report.counted, key=_group):
            findings = list(group)
            prefix = self._prefix(severity, code, pool)
            if len(findings) > MOST_LINES and not self._wide:
                self._line(prefix, Text(_many(code, findings)))
                continue
            for finding in findings:
                self._finding(prefix, finding)
        for note in notes(self._report):
            self._line(Text(note))
        self._unconfirmed()
        if young := settling(self._report):
            self._line(Text(young))
        self._line(Text(totals(self._report)))
        for line in unread(self._report):
            self._line(Text("  "), Text(line))
        self._line(Text("next: "), Text(next_command(self._report)))

    def _finding(self, prefix: Text, finding: Finding) -> None:
        self._line(prefix, Text(_one(finding, full=self._wide)))
        if self._wide:
            for line in _details(finding):
                self._line(Text("    "), Text(line))

    def _unconfirmed(self) -> None:
        found = self._report.unconfirmed
        if not found:
            return
        if not self._wide:
            line = f"{plural(len(found), 'finding')} not confirmed (-o wide lists them)"
            self._line(Text(line))
        else:
            self._line(Text("not confirmed, for it stood in only one of two readings:"))
            for finding in found:
                self._finding(self._prefix(finding.severity, finding.code, finding.pool), finding)

    def _prefix(self, severity: Severity, code: str, pool: str) -> Text:
        name = visible(pool)
        if cell_len(name) > WIDEST_POOL:
            name = set_cell_size(name, WIDEST_POOL - 1) + "…"
        gap = "  " if self._pool_width else ""
        column = set_cell_size(name, self._pool_width)
        return Text.assemble((f"{severity!s:<9}", STYLES[severity]), f"{code}  {column}{gap}")

    def _line(self, prefix: Text, message: Text | None = None) -> None:
        """Write one line, wrapped below its prefix on a terminal and never in a pipe."""
        if message is None:
            prefix, message = Text(), prefix
        room = self._console.width - prefix.cell_len
        if not self._console.is_terminal or room < 20:
            lines = [message]
        else:
            lines = list(message.wrap(self._console, room))
        for index, part in enumerate(lines):
            indent = prefix if index == 0 else Text(" " * prefix.cell_len)
            line = indent + part
            line.rstrip()
            self._console.print(line, soft_wrap=True)


def _group(finding: Finding) -> tuple[Severity, str, str]:
    return (finding.severity, finding.code, finding.pool)


def _many(code: str, findings: list[Finding]) -> str:
    addresses = [finding.address for finding in findings if finding.address]
    names = [finding.subject.spelling for finding in findings]
    which = first_addresses(addresses or names)
    return f"{len(findings)} {find(code).noun}: {which}"


def _one(finding: Finding, *, full: bool) -> str:
    if finding.short and finding.address and not full:
        text = f"{finding.address}  {finding.short}"
    else:
        text = finding.message
    causes = f" (because of {', '.join(finding.causes)})" if finding.causes else ""
    ignored = f" (ignored: {finding.ignored})" if finding.ignored is not None else ""
    return visible(f"{text}{causes}{ignored}")


def _details(finding: Finding) -> Iterator[str]:
    for item in finding.evidence:
        yield visible(f"{item.ref}  {item.field} = {item.value or '<empty>'}")
    yield f"remedy: {visible(finding.remedy or find(finding.code).remedy)}"
    if finding.fix:
        yield f"fix ({finding.fix.disposition}): {visible(finding.fix.title)}"
