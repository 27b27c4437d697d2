"""Entries of ``spec.ranges`` that Harvester refuses, with its words."""

from __future__ import annotations

import pytest

from lbdoctor.domain.pools import Range
from lbdoctor.ipam.ranges import InvalidRangeError, parse_range, parse_ranges, read_ranges

SUBNET = "192.168.5.0/24"


def with_field(field: str, address: str, *, subnet: str = SUBNET) -> Range:
    match field:
        case "start":
            return Range(subnet, start=address)
        case "end":
            return Range(subnet, end=address)
        case _:
            return Range(subnet, gateway=address)


def why_refused(item: Range) -> str:
    with pytest.raises(InvalidRangeError) as caught:
        parse_range(item)
    return str(caught.value)


FIELDS = pytest.mark.parametrize(
    "field, words",
    [("start", "range start"), ("end", "range end"), ("gateway", "gateway")],
)


@FIELDS
def test_network_address_is_refused_as(field: str, words: str) -> None:
    text = why_refused(with_field(field, "192.168.5.0"))
    assert text == f"invalid {words} 192.168.5.0: IP 192.168.5.0 is the network address"


@FIELDS
def test_broadcast_address_is_refused_as(field: str, words: str) -> None:
    text = why_refused(with_field(field, "192.168.5.255"))
    assert text == f"invalid {words} 192.168.5.255: IP 192.168.5.255 is the broadcast address"


@FIELDS
@pytest.mark.parametrize("address", ["192.168.4.255", "192.168.6.0", "fd00::5", "0.0.0.5"])
def test_address_out_of_the_subnet_is_refused_as(field: str, words: str, address: str) -> None:
    text = why_refused(with_field(field, address))
    assert text == f"invalid {words} {address}: IP {address} is out of subnet {SUBNET}"


@FIELDS
@pytest.mark.parametrize("address", ["192.168.5.010", "192.168.5.10/24", "x", " ", "192.168.5"])
def test_text_that_is_no_address_is_refused_as(field: str, words: str, address: str) -> None:
    text = why_refused(with_field(field, address))
    assert text == f"invalid {words} {address}: invalid IP {address}"


@FIELDS
def test_ipv6_address_out_of_its_subnet_is_refused_as(field: str, words: str) -> None:
    text = why_refused(with_field(field, "fd00::1:0", subnet="fd00::/120"))
    assert text == f"invalid {words} fd00::1:0: IP fd00::1:0 is out of subnet fd00::/120"


@FIELDS
def test_ipv4_address_of_the_same_number_is_out_of_an_ipv6_subnet_as(
    field: str, words: str
) -> None:
    text = why_refused(with_field(field, "0.0.0.5", subnet="::/120"))
    assert text == f"invalid {words} 0.0.0.5: IP 0.0.0.5 is out of subnet ::/120"


@FIELDS
def test_point_to_point_takes_no(field: str, words: str) -> None:
    text = why_refused(with_field(field, "192.168.5.7", subnet="192.168.5.7/32"))
    assert text.startswith(f"invalid {words} 192.168.5.7: ")


@pytest.mark.parametrize("field", ["start", "end", "gateway"])
def test_first_and_last_host_are_accepted_as(field: str) -> None:
    parse_range(with_field(field, "192.168.5.1"))
    parse_range(with_field(field, "192.168.5.254"))


@pytest.mark.parametrize("field", ["start", "end", "gateway"])
def test_ipv4_address_in_ipv6_notation_is_accepted_as(field: str) -> None:
    mapped = parse_range(with_field(field, "::ffff:192.168.5.9"))
    assert mapped == parse_range(with_field(field, "192.168.5.9"))


@pytest.mark.parametrize(
    "subnet",
    [
        "",
        "/",
        "/24",
        "192.168.5.0",
        "192.168.5.0/",
        "192.168.5.0/33",
        "192.168.5.0/-1",
        "192.168.5.0/+24",
        "192.168.5.0/24 ",
        "192.168.5.0 /24",
        " 192.168.5.0/24",
        "192.168.5.0/24/24",
        "192.168.5.0/255.255.255.0",
        "192.168.5.0/\u0662\u0664",
        "192.168.5/24",
        "192.168.005.0/24",
        "fd00::/129",
        "fe80::1%eth0/64",
        "pool",
    ],
)
def test_text_that_is_no_cidr_is_refused(subnet: str) -> None:
    assert why_refused(Range(subnet)) == (
        f"invalid CIDR address: {subnet}, a valid example is 192.168.1.0/24"
    )


@pytest.mark.parametrize("prefix", ["024", "24"])
def test_prefix_may_have_leading_zeros_as_in_go(prefix: str) -> None:
    assert parse_range(Range(f"192.168.5.0/{prefix}")) == parse_range(Range(SUBNET))


def test_pool_without_ranges_is_refused() -> None:
    with pytest.raises(InvalidRangeError, match=r"^range can't be empty$"):
        parse_ranges(())


def test_one_bad_entry_spoils_the_pool() -> None:
    entries = (Range(SUBNET), Range("10.0.0.0/33"))
    with pytest.raises(InvalidRangeError, match=r"10\.0\.0\.0/33"):
        parse_ranges(entries)
    assert read_ranges(entries) is None


def test_reading_good_ranges_is_parsing_them() -> None:
    assert read_ranges((Range(SUBNET),)) == parse_ranges((Range(SUBNET),))
