"""``lbdoctor undo``."""

from __future__ import annotations

from typing import Annotated

import typer

from lbdoctor.cli import options

EPILOG = """\b
Examples:
  lbdoctor undo last
  lbdoctor undo 20261124T101500-3f9c
  lbdoctor undo 20261124T101500-3f9c.2
"""


def undo(
    *,
    id_: Annotated[
        str,
        typer.Argument(metavar="ID", help="A run, one write of it (ID.N), or last."),
    ],
    journal: options.JournalFile = None,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    request_timeout: options.RequestTimeout = "30s",
    verbose: options.Verbose = False,
    debug: options.Debug = False,
) -> None:
    """Put back what a run changed, where nobody else has changed it since.

    Exits with 0 (put back, or as before already), 1 (refused, nothing done),
    3 (cluster or journal cannot be read) or 5 (half done: it says which).
    """
    from lbdoctor.cli import undoing, wiring

    live = wiring.LiveOptions(kubeconfig, context, request_timeout, verbose)
    raise typer.Exit(undoing.undo(id_, live, journal))
