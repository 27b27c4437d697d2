"""Whatever stands in a manifest, it is read or told: nothing but the declared errors."""

from __future__ import annotations

import copy
import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lbdoctor.cli.main import main
from lbdoctor.cluster import manifest as decode
from lbdoctor.cluster.fields import MalformedError
from lbdoctor.cluster.lists import documents
from lbdoctor.cluster.yamltext import dump
from lbdoctor.output import Format
from tests.cli.manifests import deployment, endpoint_slice, lb, lease, listed, pool, service

Json = Any
PathTo = tuple[str | int, ...]

ODD_TEXTS = st.sampled_from(
    [
        "",
        "no",
        "a/b/c",
        "::ffff:10.0.0.1",
        "10.0.0.0/33",
        "2026-13-01T00:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
        "\x1b[31m",
        "\ud800",
        "99999999999999999999",
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=8)
    | ODD_TEXTS
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5) | ODD_TEXTS, inner, max_size=3)
    ),
    max_leaves=6,
)


def objects() -> list[Json]:
    """Return one of everything, with as many fields as are read."""
    held = pool(allocated={"10.0.0.5": "a/web", "10.0.0.6": "a/gone", "10.0.0.7": "a/stuck"})
    held["metadata"]["labels"] = {"loadbalancer.harvesterhci.io/global-ip-pool": "false"}
    held["metadata"]["annotations"] = {
        "loadbalancer.harvesterhci.io/manuallyReleaseIP": "10.0.0.6: a/gone",
        "lbdoctor.io/ignore": "a test",
    }
    held["spec"]["selector"].update(network="nets/vlan1", priority=3)
    held["status"]["allocatedHistory"] = {"10.0.0.9": "a/stuck"}
    controller = [deployment(), lease(), endpoint_slice()]
    return [held, lb(ip="10.0.0.5"), lb("stuck"), service(), *controller]


def paths(value: Json, path: PathTo = ()) -> Iterator[PathTo]:
    """Yield the way to every value within a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from paths(inner, (*path, key))


PATHS = list(paths(objects()))


def put(value: Json, path: PathTo, new: Json) -> None:
    """Put a value somewhere; nowhere if an earlier one took the way away."""
    *way, last = path
    with suppress(LookupError, TypeError):
        for key in way:
            value = value[key]
        value[last] = new


@st.composite
def mutated(draw: st.DrawFn) -> list[Json]:
    found = copy.deepcopy(objects())
    for path in draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=3)):
        put(found, path, draw(VALUES))
    return found


def scan(text: str, output: Format) -> tuple[int, str]:
    """Scan a text from standard input, without a word on the real streams."""
    printed = io.StringIO()
    stdin, sys.stdin = sys.stdin, io.StringIO(text)
    try:
        with redirect_stdout(printed), redirect_stderr(printed):
            code = main(["scan", "--from", "-", "-o", output])
    finally:
        sys.stdin = stdin
    return code, printed.getvalue()


@settings(max_examples=200)
@given(mutated(), st.sampled_from(Format))
def test_any_value_anywhere_is_read_or_told(found: list[Json], output: Format) -> None:
    code, printed = scan(listed(found), output)
    assert code in (0, 1, 3, 4), printed
    assert all(char == "\n" or char.isprintable() for char in printed)


@settings(max_examples=50)
@given(st.sampled_from(PATHS), VALUES)
def test_a_scan_is_the_same_for_json_and_for_yaml_of_it(path: PathTo, value: Json) -> None:
    found = copy.deepcopy(objects())
    put(found, path, value)
    as_json = listed(found)
    if "\\ud8" in as_json:
        return  # half a character, which YAML cannot hold
    as_yaml = io.StringIO()
    dump(json.loads(as_json), as_yaml)
    assert scan(as_yaml.getvalue(), Format.JSON) == scan(as_json, Format.JSON)


DECODERS: list[tuple[Callable[[Json], object], Callable[[], Json]]] = [
    (decode.ip_pool, lambda: objects()[0]),
    (decode.load_balancer, lambda: objects()[1]),
    (decode.service, service),
    (lambda item: decode.controller(item, None, []), deployment),
    (lambda item: decode.controller(None, item, []), lease),
    (lambda item: decode.controller(None, None, [item]), endpoint_slice),
    (lambda item: list(decode.times(item)), lambda: objects()[0]),
    (decode.namespaced_name, lambda: objects()[1]),
]


@settings(max_examples=300)
@given(st.sampled_from(DECODERS), VALUES, st.data())
def test_a_decoder_raises_nothing_but_malformed(
    pair: tuple[Callable[[Json], object], Callable[[], Json]], value: Json, data: st.DataObject
) -> None:
    decoder, make = pair
    item = make()
    put(item, data.draw(st.sampled_from(list(paths(item)))), value)
    with suppress(MalformedError):
        decoder(item)


@settings(max_examples=300)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_what_is_dumped_reads_back_the_same(value: Json) -> None:
    text = io.StringIO()
    dump({"a": value}, text)
    assert list(documents(io.BytesIO(text.getvalue().encode()))) == [{"a": value}]
    assert all(char == "\n" or " " <= char <= "~" for char in text.getvalue())


@settings(max_examples=200)
@given(VALUES)
def test_what_is_json_reads_as_json(value: Json) -> None:
    text = json.dumps(value)
    read = next(documents(io.BytesIO(f'{{"a": {text}}}'.encode())))
    assert json.dumps(read) == f'{{"a": {text}}}'
