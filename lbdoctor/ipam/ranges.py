"""Which addresses a pool can give out, and the totals that Harvester counts.

Source: load-balancer-harvester pkg/ipam/allocator.go:63-164 and the vendored host-local
allocator. Where Harvester's arithmetic is odd (an IPv6 /64
has a total of -2), it is odd here in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import TypeVar

from lbdoctor.domain.addresses import IPAddress, parse_address
from lbdoctor.domain.pools import Range

T = TypeVar("T", int, int | None)


class InvalidRangeError(ValueError):
    """Harvester cannot make an allocator of this entry; the text says why."""


@dataclass(frozen=True, slots=True)
class AddressRange:
    """One range, both ends included, as integers of one address family."""

    version: int
    first: int
    last: int
    net_last: int
    gateway: int | None

    def contains(self, address: IPAddress) -> bool:
        """Whether Harvester counts the address as one of this range.

        The gateway is; an end that lies outside the subnet (an IPv6 /128) is not.
        """
        value = int(address)
        return address.version == self.version and self.first <= value <= self._high

    def is_gateway(self, address: IPAddress) -> bool:
        return address.version == self.version and int(address) == self.gateway

    def overlaps(self, other: AddressRange) -> bool:
        return (
            self.version == other.version and self.first <= other.last and other.first <= self.last
        )

    @property
    def total(self) -> int:
        """What Harvester counts, as the int64 that Go makes of it."""
        size = self.last - self.first + 1
        wrapped = (size + 2**63) % 2**64 - 2**63
        return wrapped - (1 if self._gateway_inside else 0)

    @property
    def capacity(self) -> int:
        """How many addresses can really be given out."""
        return self._high - self.first + 1 - (1 if self._gateway_inside else 0)

    @property
    def _high(self) -> int:
        return min(self.last, self.net_last)

    @property
    def _gateway_inside(self) -> bool:
        return self.gateway is not None and self.first <= self.gateway <= self._high

    def __str__(self) -> str:
        return f"{_text(self.version, self.first)}-{_text(self.version, self.last)}"


@dataclass(frozen=True, slots=True)
class RangeSet:
    """All ranges of a pool."""

    ranges: tuple[AddressRange, ...]

    def contains(self, address: IPAddress) -> bool:
        for item in self.ranges:  # noqa: SIM110 - asked for each record: any() takes twice as long
            if item.contains(address):
                return True
        return False

    def is_gateway(self, address: IPAddress) -> bool:
        """Whether the entry that holds this address has it as its gateway."""
        return any(item.contains(address) and item.is_gateway(address) for item in self.ranges)

    def is_usable(self, address: IPAddress) -> bool:
        """Whether Harvester could give this address out."""
        for item in self.ranges:  # noqa: SIM110 - as above
            if item.contains(address) and not item.is_gateway(address):
                return True
        return False

    def overlaps(self, other: RangeSet) -> bool:
        return any(mine.overlaps(theirs) for mine in self.ranges for theirs in other.ranges)

    @property
    def total(self) -> int:
        """``status.total`` as Harvester computes it: an int64, negative for an IPv6 /64."""
        wrapped = sum(item.total for item in self.ranges)
        return (wrapped + 2**63) % 2**64 - 2**63

    @property
    def capacity(self) -> int:
        """How many addresses can really be given out, without overflow."""
        return sum(item.capacity for item in self.ranges)

    def __str__(self) -> str:
        return ",".join(str(item) for item in self.ranges)


@lru_cache(maxsize=4096)
def parse_ranges(ranges: tuple[Range, ...]) -> RangeSet:
    """Return the address ranges that ``spec.ranges`` means.

    Raises:
        InvalidRangeError: An entry is one that Harvester refuses.
    """
    if not ranges:
        raise InvalidRangeError("range can't be empty")
    return RangeSet(tuple(parse_range(item) for item in ranges))


def read_ranges(ranges: tuple[Range, ...]) -> RangeSet | None:
    """Return the address ranges, or None where Harvester refuses an entry."""
    try:
        return parse_ranges(ranges)
    except InvalidRangeError:
        return None


def parse_range(item: Range) -> AddressRange:
    """Return the addresses of one entry, with Harvester's defaults for what is left out.

    Raises:
        InvalidRangeError: Harvester refuses the entry.
    """
    net = _parse_subnet(item.subnet)
    point_to_point = net.version == 4 and net.first == net.last
    # Go would wrap around behind the last address of IPv6; nobody can have that one.
    second = min(net.first + 1, 2**128 - 1)
    default_last = net.last - 1 if net.version == 4 else net.last
    ends = (
        _explicit("range start", item.start, net, net.host if point_to_point else second),
        _explicit("range end", item.end, net, net.host if point_to_point else default_last),
    )
    gateway = _explicit("gateway", item.gateway, net, None if point_to_point else second)
    return AddressRange(net.version, min(ends), max(ends), net.last, gateway)


@dataclass(frozen=True, slots=True)
class _Subnet:
    """A CIDR block: the address as written, the first and the last one."""

    version: int
    host: int
    first: int
    last: int

    def __str__(self) -> str:
        size = self.last - self.first + 1
        bits = 32 if self.version == 4 else 128
        return f"{_text(self.version, self.first)}/{bits - size.bit_length() + 1}"


def _parse_subnet(text: str) -> _Subnet:
    address_text, _, prefix_text = text.partition("/")
    address = parse_address(address_text)
    if address is None or not _is_prefix(prefix_text):
        raise _invalid_cidr(text)
    prefix = int(prefix_text)
    if address.version == 4 and ":" in address_text:
        prefix -= 96  # Go prints ::ffff:10.0.0.0/120 as 10.0.0.0/24
    if not 0 <= prefix <= address.max_prefixlen:
        raise _invalid_cidr(text)
    size = 2 ** (address.max_prefixlen - prefix)
    first = int(address) // size * size
    return _Subnet(address.version, int(address), first, first + size - 1)


def _invalid_cidr(text: str) -> InvalidRangeError:
    return InvalidRangeError(f"invalid CIDR address: {text}, a valid example is 192.168.1.0/24")


def _text(version: int, value: int) -> str:
    return str(IPv4Address(value) if version == 4 else IPv6Address(value))


def _is_prefix(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 100


def _explicit(what: str, text: str, net: _Subnet, default: T) -> int | T:
    """Return a start, end or gateway as the entry gives it, or else the default."""
    if not text:
        return default
    address = parse_address(text)
    if address is None:
        raise InvalidRangeError(f"invalid {what} {text}: invalid IP {text}")
    value = int(address)
    if address.version != net.version or not net.first <= value <= net.last:
        raise InvalidRangeError(f"invalid {what} {text}: IP {text} is out of subnet {net}")
    if net.version == 4 and value == net.first:
        raise InvalidRangeError(f"invalid {what} {text}: IP {text} is the network address")
    if net.version == 4 and value == net.last:
        raise InvalidRangeError(f"invalid {what} {text}: IP {text} is the broadcast address")
    return value


def expected_counters(ranges: RangeSet, records: Sequence[object]) -> tuple[int, int]:
    """Return ``(total, available)`` as Harvester would recompute them.

    Source: load-balancer-harvester pkg/controller/ippool/controller.go:112-118.
    """
    return ranges.total, ranges.total - len(records)
