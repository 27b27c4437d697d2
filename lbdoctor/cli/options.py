"""Options that several commands share, declared once."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lbdoctor.domain.findings import Severity


class FailOn(StrEnum):
    """From which severity on findings make a scan exit with 1."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    NEVER = "never"

    @property
    def severity(self) -> Severity | None:
        from lbdoctor.domain.findings import Severity

        return None if self is FailOn.NEVER else Severity[self.name]


def complete_code(incomplete: str) -> list[tuple[str, str]]:
    """Return the codes that begin so, each with its name."""
    from lbdoctor.rules import CATALOGUE

    wanted = incomplete.upper()
    found = [(rule.code, rule.name) for rule in CATALOGUE if rule.code.startswith(wanted)]
    # Typer compares again, with the letters as they were typed.
    return [(code.lower(), name) for code, name in found] if incomplete.islower() else found


Kubeconfig = Annotated[
    str | None,
    typer.Option("--kubeconfig", metavar="FILE", help="Kubeconfig to use.", show_default=False),
]
Context = Annotated[
    str | None,
    typer.Option("--context", metavar="NAME", help="Context of it to use.", show_default=False),
]
RequestTimeout = Annotated[
    str,
    typer.Option(
        "--request-timeout", metavar="DURATION", help="Longest wait for one request, retries too."
    ),
]
Namespaces = Annotated[
    list[str] | None,
    typer.Option(
        "--namespace",
        "-n",
        metavar="NS",
        help="Only this namespace; repeat for more.",
        show_default=False,
    ),
]
AllNamespaces = Annotated[
    bool,
    typer.Option("--all-namespaces", "-A", help="All namespaces: what happens anyway."),
]
From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="PATH",
        help="Read a file, directory, support bundle or - instead.",
        show_default=False,
    ),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="CODE",
        help="Tell only findings of this code; repeat for more.",
        autocompletion=complete_code,
        show_default=False,
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore",
        metavar="CODE",
        help="Leave findings of this code out; repeat for more.",
        autocompletion=complete_code,
        show_default=False,
    ),
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Print one line a request to stderr.")
]
State = Annotated[
    str | None,
    typer.Option(
        "--state",
        metavar="FILE",
        help="Memory of earlier looks ($XDG_STATE_HOME/lbdoctor/seen.json).",
        show_default=False,
    ),
]
JournalFile = Annotated[
    str | None,
    typer.Option(
        "--journal",
        metavar="FILE",
        help="Journal of writes ($XDG_STATE_HOME/lbdoctor/journal.jsonl); - is stderr.",
        show_default=False,
    ),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of a failure.")]


def codes(values: list[str] | None) -> tuple[str, ...]:
    """Return the codes of a repeatable option; commas separate too.

    Raises:
        UsageError: The option is there, and names none.
    """
    from lbdoctor.domain.errors import UsageError

    found = tuple(part for value in values or () for part in value.split(",") if part)
    if values and not found:
        raise UsageError("a code is missing", hint="lbdoctor explain")
    return found
