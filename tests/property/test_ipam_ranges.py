"""Ranges against a model that walks a small subnet address by address."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbdoctor.domain.addresses import IPAddress
from lbdoctor.domain.pools import Range
from lbdoctor.ipam.ranges import InvalidRangeError, parse_range, parse_ranges

BASES = {4: int(IPv4Address("10.0.4.0")), 6: int(IPv6Address("fd00::400"))}


@dataclass(frozen=True)
class Walk:
    """What a walk over one entry meets; all addresses are plain numbers."""

    subnet: frozenset[int]
    steps: tuple[int, ...]
    gateway: int | None

    @property
    def inside(self) -> frozenset[int]:
        return self.subnet.intersection(self.steps)

    @property
    def usable(self) -> frozenset[int]:
        return frozenset(step for step in self.inside if step != self.gateway)

    @property
    def total(self) -> int:
        return len(self.steps) - len(self.inside - self.usable)


def address(version: int, value: int) -> IPAddress:
    return IPv4Address(value) if version == 4 else IPv6Address(value)


def walk(item: Range) -> Walk:
    """Walk the entry from one end to the other, one address at a time."""
    network = ip_network(item.subnet, strict=False)
    subnet = [int(member) for member in network]
    if network.version == 4 and len(subnet) == 1:
        return Walk(frozenset(subnet), tuple(subnet), None)
    second = subnet[0] + 1
    last = subnet[-2] if network.version == 4 else subnet[-1]

    def read(text: str, default: int) -> int:
        if not text:
            return default
        return int(IPv4Address(text) if network.version == 4 else IPv6Address(text))

    position, goal = read(item.start, second), read(item.end, last)
    steps = [position]
    while position != goal:
        position += 1 if position < goal else -1
        steps.append(position)
    return Walk(frozenset(subnet), tuple(steps), read(item.gateway, second))


@st.composite
def entries(draw: st.DrawFn, versions: tuple[int, ...] = (4, 6)) -> Range:
    """Draw an entry that Harvester accepts, of few addresses, near the others."""
    version = draw(st.sampled_from(versions))
    bits = 32 if version == 4 else 128
    prefix = draw(st.integers(bits - 8, bits))
    size = 2 ** (bits - prefix)
    first = BASES[version] + draw(st.integers(0, 511)) // size * size
    inside = (first + 1, first + size - 2) if version == 4 else (first, first + size - 1)
    explicit = st.just("")
    if inside[0] <= inside[1]:
        explicit |= st.integers(*inside).map(lambda value: str(address(version, value)))
    host = first + draw(st.integers(0, size - 1))
    subnet = f"{address(version, host)}/{prefix}"
    return Range(subnet, draw(explicit), draw(explicit), draw(explicit))


def around(item: Range) -> list[IPAddress]:
    """Return every address of the subnet and some on both sides of it."""
    network = ip_network(item.subnet, strict=False)
    first, count = int(network.network_address), network.num_addresses
    return [address(network.version, first + n) for n in range(-3, count + 3)]


@given(entries())
def test_usable_addresses_are_those_of_the_walk(item: Range) -> None:
    found = parse_ranges((item,))
    usable = {int(one) for one in around(item) if found.is_usable(one)}
    assert usable == walk(item).usable


@given(entries())
def test_total_and_capacity_are_counted_by_the_walk(item: Range) -> None:
    found, model = parse_range(item), walk(item)
    assert found.total == model.total
    assert found.capacity == len(model.usable)


@given(entries())
def test_contained_is_usable_or_the_gateway_inside(item: Range) -> None:
    found, model = parse_ranges((item,)), walk(item)
    for one in around(item):
        assert found.contains(one) == (int(one) in model.inside)
        assert found.contains(one) == (found.is_usable(one) or found.is_gateway(one))
        assert not (found.is_usable(one) and found.is_gateway(one))


@settings(max_examples=50)
@given(st.lists(entries(), min_size=1, max_size=3))
def test_pool_is_the_union_of_its_entries(items: list[Range]) -> None:
    found, walks = parse_ranges(tuple(items)), [walk(item) for item in items]
    assert found.total == sum(model.total for model in walks)
    assert found.capacity == sum(len(model.usable) for model in walks)
    for item in items:
        for one in around(item):
            models = [m for m, i in zip(walks, items, strict=True) if same_family(i, one)]
            assert found.is_usable(one) == any(int(one) in model.usable for model in models)


def same_family(item: Range, one: IPAddress) -> bool:
    return ip_network(item.subnet, strict=False).version == one.version


@pytest.mark.parametrize("version", [4, 6])
@given(data=st.data())
def test_overlap_is_symmetric_and_an_address_in_common(version: int, data: st.DataObject) -> None:
    left, right = data.draw(entries((version,))), data.draw(entries((version,)))
    mine, theirs = parse_range(left), parse_range(right)
    common = set(walk(left).steps) & set(walk(right).steps)
    assert mine.overlaps(theirs) == theirs.overlaps(mine) == bool(common)


@settings(max_examples=50)
@given(st.lists(entries(), min_size=1, max_size=3), st.lists(entries(), min_size=1, max_size=3))
def test_pools_overlap_where_any_two_entries_do(left: list[Range], right: list[Range]) -> None:
    mine, theirs = parse_ranges(tuple(left)), parse_ranges(tuple(right))
    pairs = [
        bool(set(walk(one).steps) & set(walk(other).steps)) and family(one) == family(other)
        for one in left
        for other in right
    ]
    assert mine.overlaps(theirs) == theirs.overlaps(mine) == any(pairs)


def family(item: Range) -> int:
    return ip_network(item.subnet, strict=False).version


@given(entries((4,)))
def test_same_numbers_in_the_other_family_do_not_overlap(item: Range) -> None:
    low = int(ip_network(item.subnet, strict=False).network_address)
    prefix = int(item.subnet.partition("/")[2]) + 96
    twin = parse_range(Range(f"{IPv6Address(low)}/{prefix}"))
    assert not parse_range(item).overlaps(twin)
    assert not twin.overlaps(parse_range(item))
    assert not any(twin.contains(one) for one in around(item))


@given(entries())
def test_swapping_the_ends_changes_nothing(item: Range) -> None:
    if item.start and item.end:
        swapped = Range(item.subnet, item.end, item.start, item.gateway)
        assert parse_range(swapped) == parse_range(item)


@given(entries(), st.sampled_from(["start", "end", "gateway"]), st.integers(-5, 260))
def test_explicit_address_is_refused_exactly_outside_the_hosts(
    item: Range, field: str, offset: int
) -> None:
    network = ip_network(item.subnet, strict=False)
    value = address(network.version, int(network.network_address) + offset)
    hosts = set(network)
    if network.version == 4:
        hosts -= {network.network_address, network.broadcast_address}
    changed = {
        "start": Range(item.subnet, str(value)),
        "end": Range(item.subnet, end=str(value)),
        "gateway": Range(item.subnet, gateway=str(value)),
    }[field]
    if value in hosts:
        assert parse_range(changed).net_last == int(network.broadcast_address)
    else:
        with pytest.raises(InvalidRangeError):
            parse_range(changed)
