"""``-o name``: the subjects as the command line takes them, one a line."""

from __future__ import annotations

from typing import TextIO

from lbdoctor.diagnosis.report import Report
from lbdoctor.output.text import visible


def render(report: Report, stream: TextIO) -> None:
    """Write each subject once. What no command takes, as the controller, is left out."""
    names = dict.fromkeys(finding.subject.spelling for finding in report.counted)
    for name in names:
        if name:
            stream.write(visible(name) + "\n")
