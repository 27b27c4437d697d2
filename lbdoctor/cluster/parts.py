"""The parts in which a document is read, so that a List is never in memory as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Item:
    """One of the ``items`` of a mapping; ``around`` is what of it was read so far."""

    value: object
    around: dict[Any, Any]


@dataclass(frozen=True, slots=True)
class Rest:
    """What a mapping holds beside its items, once they were all read."""

    value: dict[Any, Any]
    count: int
    """How many items there were."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A document without items."""

    value: object


Part = Item | Rest | Whole
