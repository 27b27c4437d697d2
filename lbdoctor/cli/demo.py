"""``lbdoctor demo``."""

from __future__ import annotations

import sys
from textwrap import fill
from typing import TYPE_CHECKING

from lbdoctor.cli import options

if TYPE_CHECKING:
    from lbdoctor.cluster.memory.demo import Act

STORY = """\
A Harvester cluster, made up and kept in memory. Its load balancer controller is
led into the race of harvester/harvester#7449, one write after the other:

"""

EPILOG = """\b
Examples:
  lbdoctor demo
"""


def demo(*, debug: options.Debug = False) -> None:
    """Show on a made-up cluster what lbdoctor is for.

    It needs no cluster and no network, and writes nothing.
    """
    from lbdoctor.cluster import open_demo
    from lbdoctor.cluster.reader import Reader
    from lbdoctor.diagnosis.look import look
    from lbdoctor.output.catalogue import render_brief
    from lbdoctor.output.table import render
    from lbdoctor.rules import CATALOGUE, find

    played = open_demo()
    sys.stdout.write(STORY)
    for number, act in enumerate(played.acts, 1):
        sys.stdout.write(_line(number, act))
    sys.stdout.write("\n$ lbdoctor scan\n")
    sys.stdout.flush()
    report = look(Reader(played.cluster), scope=None, rules=CATALOGUE)
    render(report, sys.stdout)
    sys.stdout.write("\nWhat each finding means:\n\n")
    for code in dict.fromkeys(finding.code for finding in report.findings):
        render_brief(find(code), sys.stdout)
    sys.stdout.write("Nothing was written anywhere. On a cluster of yours: lbdoctor scan\n")


def _line(number: int, act: Act) -> str:
    prefix = f"{number:2}  {act.who:<16}"
    text = fill(act.what, 80, initial_indent=prefix, subsequent_indent=" " * len(prefix))
    return f"{text}\n"
