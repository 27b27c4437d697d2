"""Texts are read piece by piece: where a piece ends must not matter."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import IO

import pytest

from lbdoctor.cluster import lists, text
from lbdoctor.cluster.lists import EmptyList, documents, objects
from lbdoctor.cluster.text import Text, TextError
from lbdoctor.cluster.yamltext import dump

VALUE = {"a": [1, -2.5, True, None, "ü\n\"'\\"], "b": {"": {}, "c": []}, "d": 12345, "e": "äöü" * 9}


def dripping(data: bytes, size: int) -> IO[bytes]:
    """Return a stream that gives so many bytes at a time."""

    class Dripping(io.BytesIO):
        def read1(self, _size: int | None = -1, /) -> bytes:
            return super().read(size)

    return Dripping(data)


def texts() -> Iterator[bytes]:
    yield json.dumps(VALUE).encode()
    yield json.dumps(VALUE, indent=4, ensure_ascii=False).encode()
    written = io.StringIO()
    dump(VALUE, written)
    yield written.getvalue().encode()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("data", list(texts()), ids=["compact", "indented", "yaml"])
def test_a_document_is_the_same_in_any_pieces(data: bytes, size: int) -> None:
    assert list(documents(dripping(data, size))) == [VALUE]


@pytest.mark.parametrize("size", [1, 2, 5])
def test_values_follow_each_other_in_any_pieces(size: int) -> None:
    found = documents(dripping(b'{"a": 1} {"b": 23}\n[45, {"c": 6}]{}', size))
    assert list(found) == [{"a": 1}, {"b": 23}, 45, {"c": 6}, {}]


@pytest.mark.parametrize(
    "data",
    [
        b'{"kind": "List", "items": [{"kind": "A"}, {"kind": "B"}], "metadata": {}}',
        b'{"items": [{"kind": "A"}, {"kind": "B"}], "kind": "List"}',
        b"kind: List\nitems:\n- kind: A\n- kind: B\n",
        b"items:\n- kind: A\n- kind: B\nkind: List\n",
    ],
)
def test_the_kind_may_come_before_or_behind_the_items(data: bytes) -> None:
    assert list(objects(io.BytesIO(data))) == [{"kind": "A"}, {"kind": "B"}]


@pytest.mark.parametrize(
    "data",
    [
        b'{"items": [{"x": 1}], "kind": "AList", "apiVersion": "v9"}',
        b'{"apiVersion": "v9", "kind": "AList", "items": [{"x": 1}]}',
        b"items:\n- x: 1\nkind: AList\napiVersion: v9\n",
    ],
)
def test_an_item_gets_the_kind_of_its_list(data: bytes) -> None:
    assert list(objects(io.BytesIO(data))) == [{"apiVersion": "v9", "kind": "A", "x": 1}]


def test_an_empty_list_is_told_by_its_kind() -> None:
    assert list(objects(io.BytesIO(b"items: []\nkind: AList\n"))) == [EmptyList("AList")]


def test_an_item_comes_before_the_next_is_read() -> None:
    """A List of any length is never in memory as a whole."""
    stream = io.BytesIO(b'{"items": [' + b'{"kind": "A"},' * 100_000 + b'0], "kind": "List"}')
    assert next(objects(stream)) == {"kind": "A"}
    assert stream.tell() < 3 * text.PIECE


REFUSED = {
    "no end": ('{"a": 1', "cut off"),
    "no end of a text": ('{"a": "b', "cut off"),
    "no colon": ('{"a" 1}', "':' is missing"),
    "no comma": ('{"a": 1 "b": 2}', "'}' is missing"),
    "comma at the end": ('{"a": 1,}', "a key is missing"),
    "no key": ("{1: 2}", "a key is missing"),
    "third line": ('{"a":\n1,\n"b": x}', "line 3: Expecting value"),
    "twice inside": ('{"a": {"b": 1, "b": 2}}', "line 1: the key 'b' is there twice"),
    "items twice": ('{"items": [], "items": []}', "the key 'items' is there twice"),
    "items twice in YAML": ("items: []\nitems: []", "line 2: the key 'items' is there twice"),
    "twice in YAML": ("a:\n  b: 1\n  b: 2", "line 3: the key 'b' is there twice"),
    "an alias": ("a: &x {b: 1}\nc: *x", "line 2: it uses aliases"),
    "a tag": ("a: !!binary eA==", "line 1: it uses tags"),
    "a tag on a mapping": ("--- !!map {a: b}", "it uses tags"),
    "a merge key": ("a:\n  !!merge <<: {d: 1}", "line 2: it uses merge keys"),
    "a mapping as a key": ("a:\n  ? {b: c}\n  : d", "a key that is no plain text"),
    "depth": ("a: " + "[" * 300, "nested more than 200 deep"),
    "items of no List": ("items: [{kind: A}]\nkind: Pod", "its kind is 'Pod' and no List"),
}


@pytest.mark.parametrize("content,says", REFUSED.values(), ids=REFUSED)
def test_it_is_refused_with_the_place(content: str, says: str) -> None:
    with pytest.raises(TextError) as caught:
        list(objects(io.BytesIO(content.encode())))
    assert says in str(caught.value)


def test_a_number_of_many_digits_stays_text() -> None:
    number = "1" * 5000
    for content in (f'{{"a": {number}}}', f"a: {number}"):
        assert list(documents(io.BytesIO(content.encode()))) == [{"a": number}]


def test_too_much_in_one_object_is_refused_and_in_two_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(text, "MOST_OF_AN_OBJECT", 3 * text.PIECE)
    one = f'{{"a": "{"x" * text.PIECE}"}}'.encode()
    assert len(list(objects(io.BytesIO(one * 9)))) == 9
    assert len(list(objects(io.BytesIO(b"a: " + b"x" * text.PIECE)))) == 1
    for content in (b'{"a": "' + b"x" * 4 * text.PIECE, b"a: " + b"x" * 4 * text.PIECE):
        with pytest.raises(TextError, match="in one object"):
            list(objects(io.BytesIO(content)))


def test_too_many_objects_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MOST_OBJECTS", 10)
    assert len(list(objects(io.BytesIO(b"{}" * 11)))) == 11
    with pytest.raises(TextError, match="more than 10 objects"):
        list(objects(io.BytesIO(b"{}" * 12)))


def test_the_first_character_is_looked_at_and_not_taken() -> None:
    found = Text(dripping(b"\xef\xbb\xbf \n\t{", 2))
    assert found.first_character() == "{"
    assert found.read() == " \n\t{"
