"""Renderers: a report and a stream in, text out."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from lbdoctor.diagnosis.report import Report


class Format(StrEnum):
    """What ``-o`` takes. The exit code does not depend on it."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"
    MARKDOWN = "markdown"
    NAME = "name"


def renderer(chosen: Format) -> Callable[[Report, TextIO], None]:
    """Import and return the renderer of a format."""
    match chosen:
        case Format.TABLE:
            from lbdoctor.output.table import render
        case Format.WIDE:
            from lbdoctor.output.table import render_wide as render
        case Format.JSON:
            from lbdoctor.output.document import render_json as render
        case Format.YAML:
            from lbdoctor.output.document import render_yaml as render
        case Format.MARKDOWN:
            from lbdoctor.output.markdown import render
        case Format.NAME:
            from lbdoctor.output.names import render
    return render
