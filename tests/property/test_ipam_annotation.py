"""Laws of the release request and of the texts in it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from hypothesis import example, given
from hypothesis import strategies as st

from lbdoctor.domain.addresses import canonical, parse_address
from lbdoctor.domain.refs import Owner, parse_owner
from lbdoctor.ipam.annotation import format_request, parse_request

LABELS = st.builds(
    lambda first, middle, last: first + middle + last,
    st.sampled_from("a7z"),
    st.text("a0-", max_size=20),
    st.sampled_from(["b", "9", "--x"]),
)
OWNERS = st.builds(Owner, LABELS, st.lists(LABELS, min_size=1, max_size=3).map(".".join))
IPV4 = st.ip_addresses(v=4)
IPV6 = st.ip_addresses(v=6)


@given(IPV4, OWNERS)
def test_request_for_an_ipv4_record_is_read_back(address: IPv4Address, owner: Owner) -> None:
    request = parse_request(format_request(canonical(address), owner))
    assert request is not None
    assert parse_address(request.key) == address
    assert request.key == canonical(address)
    assert request.owner_text == str(owner)
    assert parse_owner(request.owner_text) == owner


@given(IPV6, OWNERS)
@example(IPv6Address("::"), Owner("default", "web"))
@example(IPv6Address("::1"), Owner("default", "web"))
@example(IPv6Address("::ffff:10.0.0.5"), Owner("default", "web"))
def test_request_for_an_ipv6_record_is_never_valid(address: IPv6Address, owner: Owner) -> None:
    assert parse_request(format_request(str(address), owner)) is None
    assert parse_request(format_request(address.exploded, owner)) is None


@given(IPV4, OWNERS, st.text(" ", max_size=3), st.text(" ", max_size=3), st.text(" ", max_size=3))
def test_blanks_around_are_trimmed(
    address: IPv4Address, owner: Owner, before: str, between: str, after: str
) -> None:
    value = f"{before}{address}:{between}{owner}{after}"
    assert parse_request(value) == parse_request(format_request(str(address), owner))


@given(IPV4, OWNERS, st.text(" \t\n", min_size=1, max_size=3))
def test_blank_before_the_colon_never_names_the_record(
    address: IPv4Address, owner: Owner, blank: str
) -> None:
    request = parse_request(f"{address}{blank}: {owner}")
    assert request is not None
    assert request.key == f"{address}{blank}"


@given(st.text("1.:/ a\t\n", max_size=12))
def test_value_is_valid_exactly_with_one_colon_and_one_slash_after_it(value: str) -> None:
    shape = [char for char in value if char in ":/"]
    valid = shape.count(":") == 1 and shape[shape.index(":") :] == [":", "/"]
    assert (parse_request(value) is not None) == valid


@given(st.one_of(IPV4, IPV6))
def test_canonical_text_is_read_back(address: IPv4Address | IPv6Address) -> None:
    found = parse_address(str(address))
    assert found is not None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    assert found == (mapped or address)
    assert parse_address(canonical(found)) == found


@given(OWNERS)
def test_owner_is_read_back(owner: Owner) -> None:
    assert parse_owner(str(owner)) == owner


@given(OWNERS, LABELS, st.sampled_from(["/", " ", "\n", "_", "A", ":", "%"]))
def test_owner_with_anything_more_is_refused(owner: Owner, more: str, glue: str) -> None:
    assert parse_owner(f"{owner}{glue}{more}") is None
    assert parse_owner(f"{owner}{glue}") is None
    assert parse_owner(f"{glue}{owner}") is None
