"""``lbdoctor collect``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from lbdoctor.cli import exit_codes, options

EPILOG = """\b
Examples:
  lbdoctor collect ./snapshot
  lbdoctor scan --from ./snapshot
"""


def collect(
    *,
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="New or empty directory to write to.")
    ],
    namespace: options.Namespaces = None,
    all_namespaces: options.AllNamespaces = False,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    request_timeout: options.RequestTimeout = "30s",
    verbose: options.Verbose = False,
    debug: options.Debug = False,
) -> None:
    """Write what a scan reads into a directory, for later.

    Managed fields and what lbdoctor does not need are left out. Exits with 0, 3
    (nothing could be read or written) or 4 (not everything could be read).
    """
    from lbdoctor.cli import wiring
    from lbdoctor.cluster.reader import Reader
    from lbdoctor.cluster.recorder import Recorder
    from lbdoctor.cluster.snapshots import write_snapshot
    from lbdoctor.diagnosis.look import look
    from lbdoctor.output.summary import unread
    from lbdoctor.output.text import visible
    from lbdoctor.rules import CATALOGUE

    scope = wiring.parse_scope(namespace, everything=all_namespaces)
    live = wiring.LiveOptions(kubeconfig, context, request_timeout, verbose)
    recorder = Recorder(wiring.open_live(live))
    progress = wiring.Progress()
    try:
        report = look(
            Reader(recorder, progress), scope=scope, rules=CATALOGUE, pause=progress.pause
        )
    finally:
        progress.clear()
    for path in write_snapshot(recorder, directory, report.snapshot):
        sys.stdout.write(f"{visible(str(path))}\n")
    for line in unread(report):
        typer.echo(f"not read: {line}", err=True)
    typer.echo(f"next: lbdoctor scan --from {visible(shlex.quote(str(directory)))}", err=True)
    raise typer.Exit(exit_codes.for_report(report, None))
