"""``lbdoctor history``."""

from __future__ import annotations

from typing import Annotated

import typer

from lbdoctor.cli import options

EPILOG = """\b
Examples:
  lbdoctor history
  lbdoctor history 192.168.5.12
  lbdoctor history default/cluster1-lb-3
"""


def history(
    *,
    subject: Annotated[
        str | None,
        typer.Argument(
            metavar="[SUBJECT]",
            help="IP, NS/NAME or pool/NAME; without it, everything.",
            show_default=False,
        ),
    ] = None,
    journal: options.JournalFile = None,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    request_timeout: options.RequestTimeout = "30s",
    verbose: options.Verbose = False,
    debug: options.Debug = False,
) -> None:
    """Say who has an address, who had it, and what lbdoctor did.

    It joins the records and the history of the pools with the journal and the Events.
    """
    from lbdoctor.cli import telling, wiring

    live = wiring.LiveOptions(kubeconfig, context, request_timeout, verbose)
    telling.history(subject, live, journal)
