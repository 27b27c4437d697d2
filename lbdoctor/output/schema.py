"""The JSON Schema of the report and of the catalogue."""

from __future__ import annotations

from importlib.resources import files


def schema_text() -> str:
    """Return the schema, as it is kept in the package."""
    return files("lbdoctor.output").joinpath("report.schema.json").read_text(encoding="utf-8")
