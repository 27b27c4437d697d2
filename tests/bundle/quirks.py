"""What support-bundle-kit does to the objects: told from its source, written anew.

pkg/manager/collectors/common.go: the text of a list is changed before it is parsed, and its
numbers become floats, which yaml.v2 prints with ``strconv.FormatFloat(_, 'g', -1, 64)``.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import yaml

_NULLS = re.compile(r'("[a-zA-Z]+":)(null,)')
_ESCAPED_NULLS = re.compile(r'(\\"[a-zA-Z]+\\":)(null,)')


def parsed(text: str, api_version: str, kind: str) -> dict[str, Any]:
    """Return a list of the API server as the collector sees it.

    Raises:
        ValueError: What it made of the text is no JSON any more.
    """
    text = _NULLS.sub(r'\1"null",', text)
    text = _ESCAPED_NULLS.sub(r'\1\\"null\\",', text)
    text = text.replace('""', '"null"')
    found: dict[str, Any] = json.loads(text, parse_int=float)
    found.update(kind="List", apiVersion="v1")
    for item in found.get("items") or ():
        item.update(apiVersion=api_version, kind=kind)
    return found


def go_float(value: float) -> str:
    """Print a number as Go's ``FormatFloat(value, 'g', -1, 64)`` does."""
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    power = len(digits) + exponent - 1
    text = "".join(map(str, digits))
    minus = "-" if sign else ""
    if power < -4 or power >= 6:
        fraction = f".{text[1:]}" if len(text) > 1 else ""
        return f"{minus}{text[0]}{fraction}e{power:+03d}"
    return f"{minus}{Decimal((0, digits, exponent)):f}"


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, _data: object) -> bool:
        return True


def _float(dumper: _Dumper, value: float) -> yaml.ScalarNode:
    text = go_float(value)
    # PyYAML writes a tag out where the text reads as another type; Go does not look.
    return dumper.represent_scalar(
        f"tag:yaml.org,2002:{'float' if 'e' in text or '.' in text else 'int'}", text
    )


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style)


_Dumper.add_representer(float, _float)
_Dumper.add_representer(str, _text)
_EXPONENT = re.compile(r"-?[0-9](\.[0-9]+)?e[-+][0-9]+$")
_Dumper.add_implicit_resolver("tag:yaml.org,2002:float", _EXPONENT, list("-0123456789"))


def as_yaml(value: object) -> str:
    """Print a value as yaml.v2 does: keys sorted, numbers as above."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=True, width=1 << 20, allow_unicode=True)
    return text
