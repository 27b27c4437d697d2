"""Takes values out of a manifest, and says precisely what is wrong with one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

_SHORTEST_TIME = len("2026-01-01T00:00:00Z")


class MalformedError(Exception):
    """A field is not of the type that the API prescribes; the text names it."""


class Fields:
    """A mapping in a manifest. null is the same as left out.

    ``place`` is its path, or where in another mapping it stands: most paths are never told,
    so they are put together when something is wrong and not before.
    """

    __slots__ = ("_data", "_place")

    def __init__(self, data: object, place: str | tuple[Fields, str, int | None] = "") -> None:
        self._place = place
        if data is not None and not isinstance(data, dict):
            raise MalformedError(f"{self._path or 'it'} is {_type(data)}, not a mapping")
        self._data: dict[Any, Any] = data or {}

    def __contains__(self, key: str) -> bool:
        return self._data.get(key) is not None

    def map(self, key: str) -> Fields:
        return Fields(self._data.get(key), (self, key, None))

    def maps(self, key: str) -> Iterator[Fields]:
        for index, item in enumerate(self._list(key)):
            yield Fields(item, (self, key, index))

    def items(self, key: str) -> Iterator[dict[str, Any]]:
        """Yield the mappings of a list as they are."""
        for item in self.maps(key):
            yield item._data

    def text(self, key: str) -> str:
        value = self._data.get(key, "")
        if isinstance(value, str):
            return value
        if value is None:
            return ""
        raise MalformedError(f"{self._at(key)} is {_type(value)}, not text")

    def optional_text(self, key: str) -> str | None:
        return self.text(key) if key in self else None

    def texts(self, key: str) -> tuple[str, ...]:
        found = self._list(key)
        for item in found:
            if not isinstance(item, str):
                raise MalformedError(f"{self._at(key)} holds {_type(item)}, not text")
        return tuple(found)

    def text_map(self, key: str) -> Iterator[tuple[str, str]]:
        inner = self.map(key)
        for name in inner._data:
            if not isinstance(name, str):
                raise MalformedError(f"{self._at(key)} has a key that is {_type(name)}, not text")
            yield name, inner.text(name)

    def integer(self, key: str) -> int:
        value = self._data.get(key)
        if value is None:
            return 0
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise MalformedError(f"{self._at(key)} is {_type(value)}, not a whole number")
        return value

    def flag(self, key: str) -> bool | None:
        value = self._data.get(key)
        if value is not None and not isinstance(value, bool):
            raise MalformedError(f"{self._at(key)} is {_type(value)}, not true or false")
        return value

    def time(self, key: str) -> datetime | None:
        text = self.text(key)
        if not text:
            return None
        found = parse_time(text)
        if found is None:
            raise MalformedError(f"{self._at(key)} is {text[:40]!r}, not a time")
        return found

    def _list(self, key: str) -> list[Any]:
        value = self._data.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise MalformedError(f"{self._at(key)} is {_type(value)}, not a list")
        return value

    @property
    def _path(self) -> str:
        if isinstance(self._place, str):
            return self._place
        parent, key, index = self._place
        return parent._at(key) + ("" if index is None else f"[{index}]")

    def _at(self, key: str) -> str:
        path = self._path
        if any(mark in key for mark in "./[] "):
            return f"{path}[{key}]"
        return f"{path}.{key}" if path else key


def parse_time(text: str) -> datetime | None:
    """Return an RFC 3339 time with its zone, or None."""
    if len(text) < _SHORTEST_TIME:
        return None
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is UTC:
            return found
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _type(value: object) -> str:
    names = {dict: "a mapping", list: "a list", str: "text", bool: "true or false"}
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "a number"
    return names.get(type(value), "something else")
