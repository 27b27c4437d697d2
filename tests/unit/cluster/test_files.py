"""Dumps that are not whole must not make anything absent."""

from __future__ import annotations

import io

import pytest

from lbdoctor.cluster import open_stream
from lbdoctor.domain.errors import UnreadableError

WHOLE = """\
apiVersion: v1
items:
- apiVersion: loadbalancer.harvesterhci.io/v1beta1
  kind: LoadBalancer
  metadata: {name: web, namespace: a}
- apiVersion: loadbalancer.harvesterhci.io/v1beta1
  kind: LoadBalancer
  metadata: {name: api, namespace: a}
kind: List
metadata: {resourceVersion: ''}
"""


def test_a_whole_list_is_read() -> None:
    assert open_stream(io.StringIO(WHOLE)).origin.name == "standard input"


@pytest.mark.parametrize("lines", [5, 8])
def test_a_list_that_was_cut_off_between_two_items_is_refused(lines: int) -> None:
    cut = "".join(WHOLE.splitlines(keepends=True)[:lines])
    with pytest.raises(UnreadableError, match="cut off"):
        open_stream(io.StringIO(cut))


@pytest.mark.parametrize("text", ["a: &x {b: 1}\nc: *x\n", "&x [*x]"], ids=["shared", "itself"])
def test_aliases_are_refused(text: str) -> None:
    with pytest.raises(UnreadableError, match="aliases"):
        open_stream(io.StringIO(text))


@pytest.mark.parametrize("tag", ["!!int ''", "!!bool x", "!!timestamp x", "!!float ''"])
def test_a_tag_that_does_not_fit_is_refused(tag: str) -> None:
    with pytest.raises(UnreadableError, match="standard input"):
        open_stream(io.StringIO(f"a: {tag}\n"))


def test_merge_keys_are_refused() -> None:
    text = "a: {b: 1}\nc:\n  !!merge <<: {d: 1}\n"
    with pytest.raises(UnreadableError, match="merge"):
        open_stream(io.StringIO(text))
