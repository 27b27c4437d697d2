"""Opens what a command reads from."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import typer

from lbdoctor import cluster
from lbdoctor.cli.durations import parse_duration
from lbdoctor.cluster.api import Api
from lbdoctor.diagnosis.port import Earlier
from lbdoctor.domain.errors import UnreadableError, UsageError
from lbdoctor.domain.refs import Kind, parse_owner
from lbdoctor.output.text import visible


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """How to reach a live cluster."""

    kubeconfig: str | None
    context: str | None
    request_timeout: str
    verbose: bool


def open_live(options: LiveOptions) -> Api:
    """Return the live cluster.

    Raises:
        UsageError: The time-out is no duration.
        UnreadableError: There is no usable configuration.
    """
    return cluster.open_live(
        kubeconfig=options.kubeconfig,
        context=options.context,
        timeout=parse_duration(options.request_timeout, "--request-timeout"),
        trace=trace if options.verbose else None,
    )


def open_from(path: str, options: LiveOptions) -> Api:
    """Return the objects of a path, or of standard input for ``-``.

    Raises:
        UsageError: A cluster was named as well.
        UnreadableError: It cannot be read.
    """
    if options.kubeconfig or options.context:
        raise UsageError(
            "--from reads no cluster, so --context and --kubeconfig say nothing",
            hint=f"lbdoctor scan --from {path}",
        )
    if not path:
        raise UsageError("--from is empty", hint="lbdoctor scan --from FILE")
    if path == "-":
        if sys.stdin is None:
            raise UnreadableError("standard input is closed", hint="lbdoctor scan --from FILE")
        return cluster.open_stream(sys.stdin)
    return cluster.open_path(Path(path))


def earlier(path: str | None) -> Earlier:
    """Return what is known from before; only a snapshot directory holds such a thing.

    Raises:
        UnreadableError: The snapshot is damaged.
    """
    return cluster.earlier(Path(path)) if path and path != "-" else Earlier()


def parse_scope(namespaces: list[str] | None, *, everything: bool) -> frozenset[str] | None:
    """Return the namespaces asked for; None for all.

    Raises:
        UsageError: A name can be no namespace, or all were asked for as well.
    """
    if not namespaces:
        return None
    if everything:
        raise UsageError("-A and -n contradict each other", hint="lbdoctor scan")
    for name in namespaces:
        if parse_owner(f"{name}/x") is None:
            raise UsageError(f"{name!r} can be no namespace", hint="kubectl get namespaces")
    return frozenset(namespaces)


class Progress:
    """Counts what comes in, on one line of stderr, and only on a terminal."""

    def __init__(self) -> None:
        self._shown = False
        self._on = sys.stderr.isatty()

    def __call__(self, kind: Kind, count: int) -> None:
        if self._on and count:
            self._shown = True
            sys.stderr.write(f"\r\033[Kreading {kind}s: {count}")
            sys.stderr.flush()

    def pause(self, seconds: float) -> None:
        """Wait before looking again, and say so."""
        if self._on:
            self._shown = True
            sys.stderr.write(f"\r\033[Klooking again in {seconds:g} s")
            sys.stderr.flush()
        time.sleep(seconds)

    def clear(self) -> None:
        """Take the line away again."""
        if self._shown:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()

    def stop(self) -> None:
        """Take the line away for good: what is read from here on belongs to a repair."""
        self.clear()
        self._on = False


def trace(line: str) -> None:
    typer.echo(visible(line), err=True)
