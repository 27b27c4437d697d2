"""Lines for people: wrapped on a terminal, and never in a pipe."""

from __future__ import annotations

import shutil
import sys
from textwrap import wrap
from typing import Final

INDENT: Final = "    "


def say(line: str, *, err: bool = False) -> None:
    """Write one line to stdout or stderr; what does not fit goes on below it, indented."""
    stream = sys.stderr if err else sys.stdout
    lines = [line]
    if stream.isatty():
        width = max(20, shutil.get_terminal_size().columns)
        lines = wrap(line, width, subsequent_indent=INDENT, drop_whitespace=True) or [""]
    for part in lines:
        stream.write(f"{part}\n")
    stream.flush()
