"""``-o name``: the subjects as the command line takes them, one a line."""

from __future__ import annotations

import re
from typing import TextIO

from lbdoctor.diagnosis.report import Report

_NAME = re.compile(r"[a-z0-9][a-z0-9./:-]*")


def render(report: Report, stream: TextIO) -> None:
    """Write each subject once.

    What no command takes is left out: the controller, and in a file what no object of a
    cluster can be called, which xargs would take for two names or for a flag.
    """
    names = dict.fromkeys(finding.subject.spelling for finding in report.counted)
    for name in names:
        if _NAME.fullmatch(name):
            stream.write(name + "\n")
