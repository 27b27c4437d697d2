"""``lbdoctor scan``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from lbdoctor.cli import collector, exit_codes, options
from lbdoctor.output import Format, renderer

EPILOG = """\b
Examples:
  lbdoctor scan
  lbdoctor scan -n team-a -o wide
  lbdoctor scan --only LBD101,LBD201 -o json
  kubectl get ippools.loadbalancer.harvesterhci.io,lb,svc -A -o yaml | \\
    lbdoctor scan --from -
"""


@collector.paused()
def scan(
    *,
    namespace: options.Namespaces = None,
    all_namespaces: options.AllNamespaces = False,
    source: options.From = None,
    only: options.Only = None,
    ignore: options.Ignore = None,
    output: Annotated[
        Format, typer.Option("--output", "-o", help="How to print the report.")
    ] = Format.TABLE,
    fail_on: Annotated[
        options.FailOn, typer.Option("--fail-on", help="Exit with 1 from this severity on.")
    ] = options.FailOn.WARNING,
    state: options.State = None,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    request_timeout: options.RequestTimeout = "30s",
    verbose: options.Verbose = False,
    debug: options.Debug = False,
) -> None:
    """Say what is wrong with pools and load balancers, and why.

    Exits with 0 (nothing found), 1 (findings), 3 (nothing could be read) or
    4 (nothing found, but not everything could be read).
    """
    from lbdoctor.cli import states, wiring
    from lbdoctor.cluster.reader import Reader
    from lbdoctor.diagnosis.look import look
    from lbdoctor.rules import select

    rules = select(options.codes(only), options.codes(ignore))
    scope = wiring.parse_scope(namespace, everything=all_namespaces)
    live = wiring.LiveOptions(kubeconfig, context, request_timeout, verbose)
    api = wiring.open_from(source, live) if source is not None else wiring.open_live(live)
    earlier = wiring.earlier(source)
    progress = wiring.Progress()
    reader = Reader(api, progress)
    try:
        report = look(reader, scope=scope, rules=rules, pause=progress.pause, earlier=earlier)
    finally:
        progress.clear()
    if source is None:
        whole = scope is None and report.left_out == 0
        report, _ = states.remember(state, report, everything=whole)
    renderer(output)(report, sys.stdout)
    raise typer.Exit(exit_codes.for_report(report, fail_on.severity))
