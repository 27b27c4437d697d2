"""``lbdoctor schema``."""

from __future__ import annotations

import sys

from lbdoctor.cli import options

EPILOG = """\b
Examples:
  lbdoctor schema > lbdoctor.schema.json
"""


def schema(*, debug: options.Debug = False) -> None:
    """Print the JSON Schema of what -o json prints."""
    from lbdoctor.output.schema import schema_text

    sys.stdout.write(schema_text())
