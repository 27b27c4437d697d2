"""The objects in a text of YAML or JSON: documents, and what stands in a List."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from lbdoctor.cluster import jsontext, yamltext
from lbdoctor.cluster.api import Manifest
from lbdoctor.cluster.parts import Item, Part, Rest, Whole
from lbdoctor.cluster.text import Text, TextError

MOST_OBJECTS: Final = 250_000
"""Of all kinds. More would be no cluster but an attack on the memory, or on the patience."""


@dataclass(frozen=True, slots=True)
class EmptyList:
    """A List without items: it tells that there are no objects of a kind."""

    kind: str


def objects(stream: IO[bytes]) -> Iterator[Manifest | EmptyList]:
    """Yield the objects of a text one by one, those in a List too.

    Only at the end is it known that the text is whole: until then nothing may be concluded.

    Raises:
        TextError: It is neither YAML nor JSON, a List in it is not whole, or it is not to
            be read safely.
    """
    untyped: list[Manifest] = []
    try:
        for number, part in enumerate(parts(Text(stream))):
            if number > MOST_OBJECTS:
                raise TextError(f"more than {MOST_OBJECTS} objects")
            match part:
                case Item(value, around):
                    item = _item(value)
                    kind = around.get("kind")
                    if "kind" not in item and not isinstance(kind, str):
                        untyped.append(item)  # until the kind of the List comes
                    else:
                        yield from objects_of(_typed(item, around))
                case Rest(value, count):
                    _check(value)
                    if not count:
                        yield EmptyList(value["kind"])
                    for item in untyped:
                        yield from objects_of(_typed(item, value))
                    untyped = []
                case Whole(value):
                    yield from objects_of(value)
    except RecursionError as error:
        raise TextError("it is nested too deeply") from error


def parts(text: Text) -> Iterator[Part]:
    """Yield the parts of every document of a text: JSON values, or YAML.

    Raises:
        TextError: It is neither.
    """
    is_json = text.first_character() in ("{", "[")
    return jsontext.parts(text) if is_json else yamltext.parts(text)


def documents(stream: IO[bytes]) -> Iterator[object]:
    """Yield every document of a text as a whole; an outermost JSON array element by element.

    Raises:
        TextError: It is neither YAML nor JSON.
    """
    items: list[object] = []
    for part in parts(Text(stream)):
        match part:
            case Item(value):
                items.append(value)
            case Rest(value):
                yield {**value, "items": items}
                items = []
            case Whole(value):
                yield value


def objects_of(document: object) -> Iterator[Manifest]:
    """Yield the objects of a document, those in a List one by one."""
    if isinstance(document, list):
        for item in document:
            yield from objects_of(item)
    elif isinstance(document, dict):
        items = document.get("items")
        if not isinstance(items, list):
            yield document
            return
        _check(document)
        for item in items:
            yield from objects_of(_typed(_item(item), document))


def _check(document: Manifest) -> None:
    """Refuse a List that is not whole."""
    kind, meta = document.get("kind"), document.get("metadata")
    if not isinstance(kind, str):
        # kubectl writes the kind behind the items: without it the end is missing.
        raise TextError("a List without a kind; it looks cut off")
    if not kind.endswith("List"):
        raise TextError(f"it holds items, but its kind is {kind[:40]!r} and no List")
    # In a support bundle the empty token is the text null, which no token is.
    token = meta.get("continue") if isinstance(meta, dict) else None
    if token not in (None, "", "null") or (
        isinstance(meta, dict) and meta.get("remainingItemCount")
    ):
        raise TextError("a List that says it is only a part (metadata.continue)")


def _item(value: object) -> Manifest:
    if not isinstance(value, dict):
        raise TextError("a List with an item that is no object")
    return value


def _typed(item: Manifest, around: Manifest) -> Manifest:
    """Return an item of a typed list with the kind that the list gives it."""
    kind = str(around.get("kind"))
    if "kind" in item or kind in ("", "List"):
        return item
    return {"apiVersion": around.get("apiVersion"), "kind": kind.removesuffix("List"), **item}
