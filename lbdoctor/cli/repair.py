"""``lbdoctor repair``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from lbdoctor.cli import options

EPILOG = """\b
Examples:
  lbdoctor repair --dry-run=client
  lbdoctor repair
  lbdoctor repair default/web pool/edge
  lbdoctor repair --only LBD101 --yes --grace 10m
  lbdoctor scan --only LBD201 -o name | xargs lbdoctor repair --yes
"""


class DryRun(StrEnum):
    """What ``--dry-run`` takes, as with kubectl."""

    NONE = "none"
    CLIENT = "client"
    SERVER = "server"


class RunFormat(StrEnum):
    """How a run is told."""

    TEXT = "text"
    JSON = "json"


def repair(
    *,
    subjects: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SUBJECT]...",
            help="IP, NS/NAME or pool/NAME, as scan -o name prints them; none means all.",
            show_default=False,
        ),
    ] = None,
    namespace: options.Namespaces = None,
    all_namespaces: options.AllNamespaces = False,
    only: options.Only = None,
    ignore: options.Ignore = None,
    plan: Annotated[
        str | None,
        typer.Option(
            "--plan",
            metavar="FILE",
            help="Repair only what this JSON of scan or repair names.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        DryRun, typer.Option("--dry-run", help="Show the plan, or let the API server check it.")
    ] = DryRun.NONE,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    grace: Annotated[
        str | None,
        typer.Option(
            "--grace",
            metavar="DURATION",
            help="Least time between two looks (30s; LBD101 without a terminal 10m).",
            show_default=False,
        ),
    ] = None,
    max_releases: Annotated[
        int, typer.Option("--max-releases", metavar="N", min=0, help="Most LBD101 of a run.")
    ] = 50,
    allow_disruptive: Annotated[
        bool, typer.Option("--allow-disruptive", help="Repair what changes addresses, too.")
    ] = False,
    output: Annotated[
        RunFormat, typer.Option("--output", "-o", help="How to tell the run.")
    ] = RunFormat.TEXT,
    state: options.State = None,
    journal: options.JournalFile = None,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    request_timeout: options.RequestTimeout = "30s",
    verbose: options.Verbose = False,
    debug: options.Debug = False,
) -> None:
    """Repair what scan finds, as far as that is safe.

    Looks, shows the plan, asks, looks again after the grace, repairs, verifies.
    Exits with 0 (nothing left that it may do), 1 (something left), 3 (nothing
    could be read), 4 (nothing to do, but incomplete) or 5 (tried, and failed).
    """
    from lbdoctor.cli import asked, repairing, wiring
    from lbdoctor.cli.plans import read_plan
    from lbdoctor.repair.plan import Wishes

    ask = not yes and dry_run is DryRun.NONE
    asked.check_terminal(asks=ask)
    run = repairing.Run(
        asked.Repair(
            live=wiring.LiveOptions(kubeconfig, context, request_timeout, verbose),
            only=options.codes(only),
            ignored=options.codes(ignore),
            scope=wiring.parse_scope(namespace, everything=all_namespaces),
            wishes=Wishes(
                subjects=asked.subjects(subjects),
                most_releases=max_releases,
                disruptive=allow_disruptive,
            ),
            graces=asked.graces(grace),
            state=state,
            journal=journal,
            as_json=output is RunFormat.JSON,
            planned=read_plan(plan) if plan is not None else None,
        )
    )
    if dry_run is DryRun.NONE:
        raise typer.Exit(run.carry_out(ask=ask))
    raise typer.Exit(run.show(on_server=dry_run is DryRun.SERVER))
