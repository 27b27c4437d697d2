"""Text from a cluster, made harmless: it is data, whatever it contains."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime

from lbdoctor.domain.addresses import parse_address

_HARMLESS_ALWAYS = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Nl", "No"})


def visible(text: str) -> str:
    r"""Return the text with everything that acts, or hides, shown as an escape.

    Control characters, line ends, ANSI and OSC escapes, bidirectional marks, zero-width
    characters and surrogates become ``\xNN`` or ``\uNNNN``.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if _is_harmless(char) else _escape(char) for char in text)


def plural(count: int, word: str) -> str:
    """Return ``1 pool`` or ``2 pools``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def moment(when: datetime | None) -> str:
    """Return a time in RFC 3339, UTC, to the second."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ") if when else ""


def first_addresses(addresses: Sequence[str], most: int = 3) -> str:
    """Return the first addresses, those of the same /24 shortened: ``10.0.0.2 .3 .4``.

    What is no address is left as it is.
    """
    shown: list[str] = []
    for index, address in enumerate(addresses[:most]):
        prefix, dot, last = address.rpartition(".")
        before = addresses[index - 1].rpartition(".")[0] if index else ""
        is_near = dot and prefix == before and parse_address(address) is not None
        shown.append(f".{last}" if is_near else address)
    more = len(addresses) - most
    return visible(" ".join(shown)) + (f" and {more} more" if more > 0 else "")


def _is_harmless(char: str) -> bool:
    category = unicodedata.category(char)
    return category in _HARMLESS_ALWAYS or category[0] in "PS" or char == " "


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
