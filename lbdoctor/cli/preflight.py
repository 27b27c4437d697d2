"""``lbdoctor preflight``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from lbdoctor.cli import options
from lbdoctor.cli.exit_codes import ExitCode

EPILOG = """\b
Examples:
  lbdoctor preflight
  lbdoctor preflight --mode repair
"""


class For(StrEnum):
    """What ``--mode`` takes."""

    SCAN = "scan"
    REPAIR = "repair"
    WATCH = "watch"


def preflight(
    *,
    mode: Annotated[For, typer.Option("--mode", help="What it is to be used for.")] = For.SCAN,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    request_timeout: options.RequestTimeout = "30s",
    verbose: options.Verbose = False,
    debug: options.Debug = False,
) -> None:
    """Ask the API server what you may do, and what the rest would cost.

    Exits with 0 (all granted), 1 (something missing) or 3 (not reachable).
    """
    from lbdoctor.cli import runs, wiring
    from lbdoctor.cluster.api import RESOURCES
    from lbdoctor.output.lines import say
    from lbdoctor.repair.rights import NEEDED, Mode, missing

    live = wiring.LiveOptions(kubeconfig, context, request_timeout, verbose)
    writer = runs.open_writer(live, wiring.Progress())
    needed = NEEDED[Mode(mode)]
    lacking = list(missing(writer, needed))
    for right in needed:
        resource = RESOURCES[right.kind]
        name = f"{resource.plural}.{resource.group}".rstrip(".")
        where = f" in {right.namespace}" if right.namespace else ""
        cost = f": without it {right.cost}" if right in lacking else ""
        say(f"{'no ' if right in lacking else 'yes'}  {right.verb} {name}{where}{cost}")
    if lacking:
        typer.echo(f"{len(lacking)} of {len(needed)} rights are missing for {mode}")
    else:
        typer.echo(f"everything is granted for {mode}")
    raise typer.Exit(ExitCode.FINDINGS if lacking else ExitCode.OK)
