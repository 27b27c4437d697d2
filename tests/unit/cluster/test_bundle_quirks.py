"""What the collector of support bundles makes of an object, and what is made of that."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from lbdoctor.cluster.bundle_text import restored
from lbdoctor.cluster.lists import documents
from lbdoctor.cluster.manifest import ip_pool, load_balancer
from lbdoctor.domain.refs import Kind
from tests.bundle.quirks import as_yaml, go_float, parsed
from tests.cli.manifests import lb, pool

Manifest = dict[str, Any]
V1 = "loadbalancer.harvesterhci.io/v1beta1"


def bundled(kind: Kind, manifest: Manifest) -> Manifest:
    """Return an object as it comes out of a bundle."""
    text = json.dumps({"items": [manifest]}, separators=(",", ":"))
    written = as_yaml(parsed(text, V1, str(kind)))
    (read,) = documents(io.BytesIO(written.encode()))
    assert isinstance(read, dict)
    return restored(kind, read["items"][0])


@pytest.mark.parametrize(
    "value,printed",
    [
        (0.0, "0"),
        (2.0, "2"),
        (-2.0, "-2"),
        (2.5, "2.5"),
        (100000.0, "100000"),
        (123456.0, "123456"),
        (1000000.0, "1e+06"),
        (16777214.0, "1.6777214e+07"),
        (4.611686018427388e18, "4.611686018427388e+18"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
    ],
)
def test_numbers_are_printed_as_go_does(value: float, printed: str) -> None:
    assert go_float(value) == printed


def test_a_pool_with_nothing_in_it_comes_back() -> None:
    empty = pool()
    empty["spec"]["selector"] = {"network": "", "priority": 0, "scope": None}
    empty["status"].update(allocated=None, allocatedHistory=None)
    empty["metadata"].update(labels=None, annotations={"lbdoctor.io/ignore": ""})
    assert ip_pool(bundled(Kind.IP_POOL, empty)) == ip_pool(empty)


@pytest.mark.parametrize("total", [253, 10**6, 2**24 - 2, 2**53 + 1, -2])
def test_the_counters_come_back(total: int) -> None:
    found = ip_pool(bundled(Kind.IP_POOL, pool(total=total, available=total)))
    assert found.total == float(total)


@pytest.mark.parametrize("off,is_exact", [(0, True), (-1, True), (-5000, False)])
def test_a_rounded_counter_is_taken_for_right_where_it_may_be(*, off: int, is_exact: bool) -> None:
    huge = pool(total=2**62 - 2 + off, available=2**62 - 2 + off)
    huge["spec"]["ranges"] = [{"subnet": "fd00::/66"}]
    found = ip_pool(bundled(Kind.IP_POOL, huge))
    assert (found.total == found.available == 2**62 - 2) is is_exact


@pytest.mark.parametrize(
    "message", ["", "null and void", 'it says "x"', 'a "quoted" word', '"', "two\nlines", "1e+06"]
)
def test_a_message_comes_back(message: str) -> None:
    waiting = lb()
    waiting["status"]["conditions"][0]["message"] = message
    found = load_balancer(bundled(Kind.LOAD_BALANCER, waiting))
    assert found == load_balancer(waiting)


def test_an_owner_and_a_key_that_are_empty_come_back() -> None:
    odd = pool(allocated={"10.0.0.5": "", "": "a/web", "10.0.0.6": "a/null"})
    found = ip_pool(bundled(Kind.IP_POOL, odd))  # sorted: the collector sorts all keys
    assert set(found.records) == set(ip_pool(odd).records)


def test_the_name_null_stays() -> None:
    named = lb("null", "null")
    assert load_balancer(bundled(Kind.LOAD_BALANCER, named)).owner.name == "null"


def test_finalizers_and_empty_annotations_come_back() -> None:
    odd = lb()
    odd["metadata"]["annotations"] = {"loadbalancer.harvesterhci.io/network": "", "x": "null"}
    odd["metadata"]["deletionTimestamp"] = None
    assert load_balancer(bundled(Kind.LOAD_BALANCER, odd)) == load_balancer(odd)


def test_a_text_that_the_collector_breaks_is_a_list_it_cannot_write() -> None:
    text = json.dumps({"items": [{"metadata": {"annotations": {"x": '{"a":"","b":null}'}}}]})
    assert parsed(text, V1, "IPPool")["items"][0]["metadata"]["annotations"]["x"]
    with pytest.raises(ValueError, match="delimiter"):
        parsed('{"items":[{"x":"\\"a\\":\\"\\""}]}'.replace('\\"\\""', '\\""x"'), V1, "IPPool")
