"""Durations as kubectl takes them: ``30s``, ``2m``, ``1h30m``, or bare seconds."""

from __future__ import annotations

import re

from lbdoctor.domain.errors import UsageError

_PART = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h)")
YEAR = 365 * 24 * 3600.0
"""Seconds. The system's clocks take no time-out of some thousand years."""

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def parse_duration(text: str, flag: str) -> float:
    """Return a duration in seconds, more than zero and no more than a year.

    Raises:
        UsageError: It is no such duration.
    """
    if re.fullmatch(r"\d{1,9}", text):
        seconds = float(text)
    elif text and _PART.sub("", text) == "":
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
    else:
        seconds = 0.0
    if seconds <= 0:
        raise UsageError(f"{flag} {text!r} is not a duration above zero", hint=f"{flag} 30s")
    if seconds > YEAR:
        raise UsageError(f"{flag} {text!r} is longer than a year", hint=f"{flag} 30s")
    return seconds
