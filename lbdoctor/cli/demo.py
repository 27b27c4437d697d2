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
END = """
On a cluster of yours: lbdoctor scan. It writes nothing; repair shows its plan
and asks, and what it wrote it can undo.
"""

EPILOG = """\b
Examples:
  lbdoctor demo
"""


def demo(*, debug: options.Debug = False) -> None:
    """Show on a made-up cluster what lbdoctor is for.

    It needs no cluster and no network, and writes to none.
    """
    from lbdoctor.cli.demoing import Show
    from lbdoctor.cluster import open_demo

    played = open_demo()
    sys.stdout.write(STORY)
    for number, act in enumerate(played.play(), 1):
        sys.stdout.write(_line(number, act))
    show = Show(played)
    show.scan()
    show.repair()
    show.scan()
    show.undo()
    sys.stdout.write(END)


def _line(number: int, act: Act) -> str:
    prefix = f"{number:2}  {act.who:<16}"
    text = fill(act.what, 80, initial_indent=prefix, subsequent_indent=" " * len(prefix))
    return f"{text}\n"
