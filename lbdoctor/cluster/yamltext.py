"""Reads YAML as Kubernetes means it, a List item by item, and writes it.

YAML 1.1 would read a time, ``no``, or an address of digits and colons as something else
than text; here only null, true, false and plain decimal numbers are not text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, Never, TextIO

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from lbdoctor.cluster.parts import Item, Part, Rest, Whole
from lbdoctor.cluster.text import Text, TextError

MOST_DEPTH: Final = 200
"""Levels. The fields of Kubernetes go some twenty deep."""

_NULL: Final = re.compile(r"(?:~|null|Null|NULL|)$")
_BOOL: Final = re.compile(r"(?:true|True|TRUE|false|False|FALSE)$")
_INT: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,40})$")
_FLOAT: Final = re.compile(r"[-+]?[0-9]{1,40}(?:\.[0-9]{0,40})?(?:[eE][-+]?[0-9]{1,3})?$")
_NUMBERS: Final = "-+0123456789"
_NOT_SURELY_TEXT: Final = frozenset(["", *"~nNtTfF", *_NUMBERS])

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """The safe dumper; it quotes what either reader would take for no text."""


for _tag, _pattern, _first in (
    ("null", _NULL, ["~", "n", "N", ""]),
    ("bool", _BOOL, list("tTfF")),
    ("int", _INT, list(_NUMBERS)),
    ("float", _FLOAT, list(_NUMBERS)),
):
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _pattern, _first)


def dump(value: object, stream: TextIO) -> None:
    """Write a value of plain mappings, lists and scalars as YAML, in the given order."""
    yaml.dump(value, stream, Dumper=_Dumper, sort_keys=False, allow_unicode=False, width=1000)


def parts(text: Text) -> Iterator[Part]:
    """Yield the parts of every document of a text.

    Raises:
        TextError: It is not YAML, or uses what kubectl never writes and nobody needs:
            aliases, tags, keys that are no text, a key twice.
    """
    try:
        yield from _Documents(text).parts()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise TextError(f"{where}{problem}") from error


class _Documents:
    """Builds values out of the events of a parser."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._next = _Loader(text).get_event

    def parts(self) -> Iterator[Part]:
        while (event := self._next()).__class__ is not StreamEndEvent:
            if event.__class__ is not DocumentStartEvent:
                continue
            first = self._next()
            if first.__class__ is MappingStartEvent and first.tag is None:
                yield from self._mapping_in_parts()
            else:
                yield Whole(self._value(first, 0))
            self._text.mark()

    def _mapping_in_parts(self) -> Iterator[Part]:
        """Yield the items of the outermost mapping one by one, then the rest of it."""
        found: dict[str, Any] = {}
        count = None
        while (event := self._next()).__class__ is not MappingEndEvent:
            if event.__class__ is not ScalarEvent or event.tag is not None:
                _refuse_key(event)
            key: str = event.value
            if key in found or (key == "items" and count is not None):
                _refuse(event, f"the key {key!r} is there twice")
            first = self._next()
            if key != "items" or first.__class__ is not SequenceStartEvent:
                found[key] = self._value(first, 1)
                continue
            count = 0
            while (event := self._next()).__class__ is not SequenceEndEvent:
                count += 1
                yield Item(self._value(event, 2), found)
                self._text.mark()
        yield Whole(found) if count is None else Rest(found, count)

    def _value(self, event: Any, depth: int) -> object:
        kind = event.__class__
        if kind is AliasEvent:
            _refuse(event, "it uses aliases (&x, *x), which kubectl never writes")
        if event.tag is not None:
            _refuse(event, f"it uses tags ({event.tag}), which kubectl never writes")
        if kind is ScalarEvent:
            return event.value if event.style else _plain(event.value)
        if depth > MOST_DEPTH:
            _refuse(event, f"it is nested more than {MOST_DEPTH} deep")
        if kind is MappingStartEvent:
            return self._mapping(depth)
        found = []
        while (event := self._next()).__class__ is not SequenceEndEvent:
            found.append(self._value(event, depth + 1))
        return found

    def _mapping(self, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        following = self._next
        while (event := following()).__class__ is not MappingEndEvent:
            if event.__class__ is not ScalarEvent or event.tag is not None:
                _refuse_key(event)
            key = event.value
            if key in found:
                _refuse(event, f"the key {key!r} is there twice")
            event = following()
            # Most of the time goes by here, so that scalars do without another call.
            if event.__class__ is not ScalarEvent or event.tag is not None:
                found[key] = self._value(event, depth + 1)
                continue
            value = event.value
            is_text = event.style or value[:1] not in _NOT_SURELY_TEXT
            found[key] = value if is_text else _plain(value)
        return found


def _plain(text: str) -> object:
    """Return what a scalar without quotes means."""
    if text and text[0] not in _NOT_SURELY_TEXT:
        return text
    if _NULL.match(text):
        return None
    if _BOOL.match(text):
        return text[0] in "tT"
    if _INT.match(text):
        return int(text)
    return float(text) if _FLOAT.match(text) else text


def _refuse_key(event: Any) -> Never:
    """Refuse a key: it is text in Kubernetes, even where it looks like a number."""
    if getattr(event, "tag", None) == "tag:yaml.org,2002:merge":
        _refuse(event, "it uses merge keys (!!merge), which kubectl never writes")
    _refuse(event, "it uses a key that is no plain text")


def _refuse(event: Any, why: str) -> Never:
    raise TextError(f"line {event.start_mark.line + 1}: {why}")
