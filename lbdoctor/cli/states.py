"""Where our own files are, and the memory of what earlier looks saw."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import typer

from lbdoctor.diagnosis.report import Report
from lbdoctor.domain.snapshot import Origin
from lbdoctor.output.text import visible
from lbdoctor.repair.stamps import Stamp, stamp
from lbdoctor.state.seen import Seen

STATE: Final = "lbdoctor"


def state_directory() -> Path:
    """Return where our own files are (XDG base directories)."""
    named = os.environ.get("XDG_STATE_HOME")
    home = Path(named) if named else Path("~/.local/state").expanduser()
    return home / STATE


def cluster_name(origin: Origin) -> str:
    """Return what tells one cluster from another in our own files."""
    return origin.server or origin.name


def now() -> datetime:
    return datetime.now(UTC)


def remember(
    named: str | None, report: Report, *, everything: bool
) -> tuple[Report, Mapping[Stamp, datetime]]:
    """Note what a look saw; return the report with first sightings, and since when.

    The memory saves a wait and no more: where it cannot be kept, that is said and all.
    """
    origin, taken_at = report.snapshot.origin, report.snapshot.taken_at or now()
    found = {item: stamp(item, report.snapshot) for item in report.counted}
    stamps = [item for item in found.values() if item is not None]
    path = Path(named) if named else state_directory() / "seen.json"
    seen = Seen(path, cluster_name(origin))
    try:
        first: Mapping[Stamp, datetime] = seen.note(stamps, taken_at, everything=everything)
    except OSError as error:
        if named:
            text = f"the memory {path} cannot be written: {error.strerror}"
            typer.echo(f"warning: {visible(text)}", err=True)
        first = dict.fromkeys(stamps, taken_at)
    findings = tuple(
        replace(item, first_seen=first[mark]) if (mark := found.get(item)) else item
        for item in report.findings
    )
    return replace(report, findings=findings), first
