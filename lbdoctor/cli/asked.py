"""What the command line of a repair asks for."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from lbdoctor.cli.durations import parse_duration
from lbdoctor.cli.wiring import LiveOptions
from lbdoctor.domain.addresses import canonical, parse_address
from lbdoctor.domain.errors import UsageError
from lbdoctor.domain.refs import parse_owner
from lbdoctor.repair.plan import Item, Wishes
from lbdoctor.repair.stamps import STALE, Stamp

GRACE: Final = 30.0
UNATTENDED_GRACE: Final = 600.0
"""For stale records where nobody watches: they hurt nobody for ten minutes more."""

_PREFIX: Final = re.compile(r"(pool|service|lb)/")


@dataclass(frozen=True, slots=True)
class Graces:
    """Least seconds between two looks."""

    stale: float
    others: float

    def of(self, item: Item) -> timedelta:
        seconds = self.stale if item.finding.code == STALE else self.others
        return timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What the command line asks for."""

    live: LiveOptions
    only: tuple[str, ...]
    ignored: tuple[str, ...]
    scope: frozenset[str] | None
    wishes: Wishes
    graces: Graces
    state: str | None
    journal: str | None
    as_json: bool
    planned: Mapping[Stamp, datetime] | None = None
    """What a plan file names, and when it was seen; None: there is none."""


def check_terminal(*, asks: bool) -> None:
    """Refuse to ask where nobody can answer.

    Raises:
        UsageError: There is neither a terminal nor ``--yes``.
    """
    if asks and not (sys.stdin is not None and sys.stdin.isatty()):
        raise UsageError(
            "there is no terminal to ask on", hint="lbdoctor repair --yes, or --dry-run=client"
        )


def graces(text: str | None) -> Graces:
    """Return the graces: what was asked for, or longer for stale records if nobody watches.

    Raises:
        UsageError: It is no duration.
    """
    if text is not None:
        seconds = parse_duration(text, "--grace")
        return Graces(seconds, seconds)
    watched = sys.stdin is not None and sys.stdin.isatty()
    return Graces(GRACE if watched else UNATTENDED_GRACE, GRACE)


def subjects(texts: list[str] | None) -> frozenset[str]:
    """Return subjects as findings spell them.

    Raises:
        UsageError: One is neither an address nor a name.
    """
    return frozenset(_subject(text) for text in texts or ())


def _subject(text: str) -> str:
    address = parse_address(text)
    if address is not None:
        return canonical(address)
    if _PREFIX.match(text) or parse_owner(text) is not None:
        return text
    raise UsageError(
        f"{text!r} is no subject: an IP, NS/NAME or pool/NAME", hint="lbdoctor scan -o name"
    )
