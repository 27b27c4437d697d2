"""Reads JSON values that stand one after the other, a List item by item."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final, Never

from lbdoctor.cluster.parts import Item, Part, Rest, Whole
from lbdoctor.cluster.text import Text, TextError

LONGEST_NUMBER: Final = 41
"""Digits and sign. A longer one stays text: Python takes seconds to make it a number."""

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_CLOSING: Final = '}]"'
"""What ends a value. A number or a word at the end of a piece may go on in the next."""

_AT_ONCE: Final = 1 << 20


def parts(text: Text) -> Iterator[Part]:
    """Yield the parts of every value of a text.

    Raises:
        TextError: It is not JSON, names a key twice, or is nested too deeply.
    """
    values = _Values(text)
    while char := values.peek():
        if char == "{":
            yield from _mapping(values)
        elif char == "[":
            for item in _elements(values):
                yield Whole(item)
        else:
            yield Whole(values.next())
        text.mark()


def _mapping(values: _Values) -> Iterator[Part]:
    """Yield the items of a mapping one by one, then the rest of it."""
    values.take("{")
    found: dict[str, Any] = {}
    count = None
    if values.peek() == "}":
        values.take("}")
        yield Whole(found)
        return
    while True:
        key = values.key()
        if key in found or (key == "items" and count is not None):
            values.refuse(f"the key {key!r} is there twice")
        if key == "items" and values.peek() == "[":
            count = 0
            for item in _elements(values):
                count += 1
                yield Item(item, found)
        else:
            found[key] = values.next()
        if not values.goes_on("}"):
            break
    yield Whole(found) if count is None else Rest(found, count)


def _elements(values: _Values) -> Iterator[object]:
    values.take("[")
    if values.peek() == "]":
        values.take("]")
        return
    while True:
        yield values.next()
        values.mark()
        if not values.goes_on("]"):
            return


class _Values:
    """The values of a text, of which only the part around the next one is in memory."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._buffer = ""
        self._at = 0
        self._lines = 0
        self._decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_whole)

    def mark(self) -> None:
        self._text.mark()

    def peek(self) -> str:
        """Return the next character that is no space; empty at the end."""
        while True:
            self._at = _SPACE.match(self._buffer, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more():
                return ""

    def take(self, char: str) -> None:
        if self.peek() != char:
            self.refuse(f"{char!r} is missing" if self._at < len(self._buffer) else "it is cut off")
        self._at += 1

    def goes_on(self, end: str) -> bool:
        """Take a comma or the end, and tell whether it was a comma."""
        if self.peek() == ",":
            self._at += 1
            return True
        self.take(end)
        return False

    def key(self) -> str:
        if self.peek() != '"':
            self.refuse("a key is missing" if self._at < len(self._buffer) else "it is cut off")
        found = self.next()
        self.take(":")
        return str(found)

    def next(self) -> object:
        """Return the next value, whole."""
        self.peek()
        while True:
            start = self._at
            try:
                value, end = self._decoder.raw_decode(self._buffer, start)
            except json.JSONDecodeError as error:
                if self._more():
                    continue
                self._at = error.pos - start
                is_cut = not self._buffer[self._at :].strip() or "Unterminated" in error.msg
                self.refuse("it is cut off" if is_cut else error.msg)
            except TextError as error:
                self.refuse(str(error))
            except RecursionError:
                self.refuse("it is nested too deeply")
            if end == len(self._buffer) and self._buffer[end - 1] not in _CLOSING:
                if self._more():
                    continue
                end -= start
            self._at = end
            return value

    def refuse(self, why: str) -> Never:
        line = self._lines + self._buffer.count("\n", 0, self._at) + 1
        raise TextError(f"line {line}: {why}") from None

    def _more(self) -> bool:
        """Read on, and drop what was taken; False at the end."""
        self._lines += self._buffer.count("\n", 0, self._at)
        left = self._buffer[self._at :]
        pieces, wanted = [left], min(len(left) + 1, _AT_ONCE)
        while wanted > 0 and (piece := self._text.read()):
            pieces.append(piece)
            wanted -= len(piece)
        self._buffer, self._at = "".join(pieces), 0
        return len(pieces) > 1


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for index, key in enumerate(keys) if key in keys[:index])
        raise TextError(f"the key {twice!r} is there twice")
    return found


def _whole(text: str) -> int | str:
    return int(text) if len(text) <= LONGEST_NUMBER else text
