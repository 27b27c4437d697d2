"""``lbdoctor explain``."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from lbdoctor.cli import options


class ExplainFormat(StrEnum):
    """What ``explain -o`` takes."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


EPILOG = """\b
Examples:
  lbdoctor explain
  lbdoctor explain LBD201
"""


def explain(
    *,
    code: Annotated[
        str | None,
        typer.Argument(
            metavar="[CODE]",
            help="The code to explain; without it, the whole catalogue is listed.",
            autocompletion=options.complete_code,
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        ExplainFormat, typer.Option("--output", "-o", help="How to print it.")
    ] = ExplainFormat.TEXT,
    debug: options.Debug = False,
) -> None:
    """Say what a code means, how it comes about, and what to do."""
    from lbdoctor.output import catalogue
    from lbdoctor.rules import CATALOGUE, find

    chosen = CATALOGUE if code is None else (find(code),)
    match output:
        case ExplainFormat.JSON:
            catalogue.render_json(chosen, sys.stdout)
        case ExplainFormat.MARKDOWN:
            catalogue.render_markdown(chosen, sys.stdout)
        case ExplainFormat.TEXT if code is None:
            catalogue.render_list(chosen, sys.stdout)
        case ExplainFormat.TEXT:
            catalogue.render_text(chosen[0], sys.stdout)
