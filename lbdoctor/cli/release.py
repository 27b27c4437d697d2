"""``lbdoctor release``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from lbdoctor.cli import options
from lbdoctor.cli.repair import DryRun, RunFormat

EPILOG = """\b
Examples:
  lbdoctor release 192.168.5.12 default/cluster1-lb-3
  lbdoctor release 192.168.5.12 default/cluster1-lb-3 --dry-run=server
  lbdoctor release 192.168.5.12 default/cluster1-lb-3 --via controller
"""


class Via(StrEnum):
    """Through which door a record is released."""

    AUTO = "auto"
    CONTROLLER = "controller"
    DIRECT = "direct"


def release(
    *,
    address: Annotated[str, typer.Argument(metavar="IP", help="The address, in any spelling.")],
    owner: Annotated[
        str, typer.Argument(metavar="NS/NAME", help="The LoadBalancer that it is held for.")
    ],
    pool: Annotated[
        str,
        typer.Option(
            "--pool", metavar="POOL", help="The pool, where several hold it.", show_default=False
        ),
    ] = "",
    via: Annotated[
        Via,
        typer.Option(
            "--via", help="direct: a guarded write; controller: ask Harvester; auto: as it may."
        ),
    ] = Via.AUTO,
    dry_run: Annotated[
        DryRun, typer.Option("--dry-run", help="Check only, or let the API server check it.")
    ] = DryRun.NONE,
    timeout: Annotated[
        str,
        typer.Option("--timeout", metavar="DURATION", help="Longest wait for the controller."),
    ] = "30s",
    output: Annotated[
        RunFormat, typer.Option("--output", "-o", help="How to tell it.")
    ] = RunFormat.TEXT,
    journal: options.JournalFile = None,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    request_timeout: options.RequestTimeout = "30s",
    verbose: options.Verbose = False,
    debug: options.Debug = False,
) -> None:
    """Release one address of a pool whose LoadBalancer no longer exists.

    It asks nothing. Exits with 0 (released, or already gone), 1 (refused, and
    why), 3 (owner or pool cannot be read) or 5 (tried, and failed).
    """
    from lbdoctor.cli import releasing, wiring

    raise typer.Exit(
        releasing.release(
            releasing.Named(address, owner, pool),
            wiring.LiveOptions(kubeconfig, context, request_timeout, verbose),
            via=via,
            dry_run=dry_run,
            timeout=timeout,
            as_json=output is RunFormat.JSON,
            journal=journal,
        )
    )
