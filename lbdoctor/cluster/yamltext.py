"""Reads YAML and JSON text as Kubernetes means it.

YAML 1.1 would read a time, ``no``, or an address of digits and colons as something else
than text; here only null, true, false and plain decimal numbers are not text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import ClassVar, TextIO

import yaml

_SCALARS = (
    ("null", r"(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"[-+]?(?:0|[1-9][0-9]{0,40})$", list("-+0123456789")),
    ("float", r"[-+]?[0-9]{1,40}(?:\.[0-9]{0,40})?(?:[eE][-+]?[0-9]{1,3})?$", list("-+0123456789")),
)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The safe loader, with the scalars of JSON only."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Refuse merge keys: kubectl writes none, and they multiply what they name."""
        if any(key.tag == "tag:yaml.org,2002:merge" for key, _ in node.value):
            raise yaml.constructor.ConstructorError(problem="it uses merge keys (!!merge)")


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """The safe dumper; it quotes what either reader would take for no text."""


for _tag, _pattern, _first in _SCALARS:
    for _class in (_Loader, _Dumper):
        _class.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


class TextError(ValueError):
    """The text is neither YAML nor JSON; the message says where."""


def documents(text: str) -> Iterator[object]:
    """Yield every document of a text: JSON values one after the other, or YAML.

    Raises:
        TextError: It is neither.
    """
    if text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        yield from _json(text.lstrip("\ufeff"))
        return
    try:
        for document in yaml.load_all(text, Loader=_Loader):
            _refuse_aliases(document)
            yield document
    except TextError:
        raise
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise TextError(f"{where}{problem}") from error
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError) as error:
        # What the constructors of PyYAML raise at a scalar that its tag does not fit.
        raise TextError(f"it cannot be read: {type(error).__name__}") from error


def _refuse_aliases(document: object) -> None:
    """Refuse what stands in two places: a few lines of it unfold to billions.

    Raises:
        TextError: A part of the document is used twice, or contains itself.
    """
    seen: set[int] = set()
    left = [document]
    while left:
        value = left.pop()
        if not isinstance(value, dict | list):
            continue
        if id(value) in seen:
            raise TextError("it uses aliases (&x, *x), which kubectl never writes")
        seen.add(id(value))
        left.extend(value.values() if isinstance(value, dict) else value)


def dump(value: object, stream: TextIO) -> None:
    """Write a value of plain mappings, lists and scalars as YAML, in the given order."""
    yaml.dump(value, stream, Dumper=_Dumper, sort_keys=False, allow_unicode=False, width=1000)


def _json(text: str) -> Iterator[object]:
    """Yield JSON values that stand one after the other."""
    decoder, position = json.JSONDecoder(), 0
    try:
        while position < len(text):
            if text[position] in " \t\r\n":
                position += 1
                continue
            value, position = decoder.raw_decode(text, position)
            yield value
    except json.JSONDecodeError as error:
        raise TextError(f"line {error.lineno}: {error.msg}") from error
    except (RecursionError, ValueError) as error:
        raise TextError(f"it cannot be read: {type(error).__name__}") from error
