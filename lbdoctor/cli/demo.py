"""``lbdoctor demo``."""

from __future__ import annotations

import sys

from lbdoctor.cli import options

STORY = """\
A Harvester cluster, made up and kept in memory. A guest cluster was deleted
while its load balancers were being created, and three services of another one
wait for an address ever since. kubectl only shows that nothing is Ready.

$ lbdoctor scan
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

    report = look(Reader(open_demo()), scope=None, rules=CATALOGUE)
    sys.stdout.write(STORY)
    sys.stdout.flush()
    render(report, sys.stdout)
    sys.stdout.write("\nWhat each finding means:\n\n")
    for code in dict.fromkeys(finding.code for finding in report.findings):
        render_brief(find(code), sys.stdout)
    sys.stdout.write("Nothing was written anywhere. On a cluster of yours: lbdoctor scan\n")
