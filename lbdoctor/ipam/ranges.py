"""Which addresses a pool can give out, and the totals that Harvester counts.

Source: load-balancer-harvester pkg/ipam/allocator.go:63-164 and the vendored host-local
allocator, summarised in harvester.md 5. Where Harvester's arithmetic is odd (an IPv6 /64
has a total of -2), it is odd here in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
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
    net_first: int
    net_last: int
    gateway: int | None

    def contains(self, address: IPAddress) -> bool:
        """Whether Harvester counts the address as one of this range.

        The gateway is; an end that lies outside the subnet (an IPv6 /128) is not.
        """
        value = int(address)
        return address.version == self.version and self._low <= value <= self._high

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
        return max(0, self._high - self._low + 1 - (1 if self._gateway_inside else 0))

    @property
    def _low(self) -> int:
        return max(self.first, self.net_first)

    @property
    def _high(self) -> int:
        return min(self.last, self.net_last)

    @property
    def _gateway_inside(self) -> bool:
        return self.gateway is not None and self._low <= self.gateway <= self._high

    def __str__(self) -> str:
        kind = IPv4Address if self.version == 4 else IPv6Address
        return f"{kind(self.first)}-{kind(self.last)}"


@dataclass(frozen=True, slots=True)
class RangeSet:
    """All ranges of a pool."""

    ranges: tuple[AddressRange, ...]

    def contains(self, address: IPAddress) -> bool:
        return any(item.contains(address) for item in self.ranges)

    def is_gateway(self, address: IPAddress) -> bool:
        """Whether the entry that holds this address has it as its gateway."""
        return any(item.contains(address) and item.is_gateway(address) for item in self.ranges)

    def is_usable(self, address: IPAddress) -> bool:
        """Whether Harvester could give this address out."""
        return any(item.contains(address) and not item.is_gateway(address) for item in self.ranges)

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
    version, host, net_first, net_last = _parse_subnet(item.subnet)
    point_to_point = version == 4 and net_first == net_last
    default_last = net_last - 1 if version == 4 else net_last
    ends = (
        _explicit(
            "range start", item.start, item.subnet, host if point_to_point else net_first + 1
        ),
        _explicit("range end", item.end, item.subnet, host if point_to_point else default_last),
    )
    default_gateway = None if point_to_point else net_first + 1
    gateway = _explicit("gateway", item.gateway, item.subnet, default_gateway)
    return AddressRange(version, min(ends), max(ends), net_first, net_last, gateway)


def _parse_subnet(text: str) -> tuple[int, int, int, int]:
    """Return IP version, the address as written, first and last address of the subnet."""
    problem = InvalidRangeError(f"invalid CIDR address: {text}, a valid example is 192.168.1.0/24")
    address_text, _, prefix_text = text.partition("/")
    if parse_address(address_text) is None or not _is_prefix(prefix_text):
        raise problem
    address = ip_address(address_text)
    bits, prefix = address.max_prefixlen, int(prefix_text)
    if prefix > bits:
        raise problem
    size = 2 ** (bits - prefix)
    first = int(address) // size * size
    return address.version, int(address), first, first + size - 1


def _is_prefix(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 3


def _explicit(what: str, text: str, subnet: str, default: T) -> int | T:
    """Return a start, end or gateway as the entry gives it, or else the default."""
    if not text:
        return default
    address = parse_address(text)
    if address is None:
        raise InvalidRangeError(f"invalid {what} {text}: invalid IP {text}")
    version, _, first, last = _parse_subnet(subnet)
    value = int(address)
    if address.version != version or not first <= value <= last:
        raise InvalidRangeError(f"invalid {what} {text}: IP {text} is out of subnet {subnet}")
    if version == 4 and value == first:
        raise InvalidRangeError(f"invalid {what} {text}: IP {text} is the network address")
    if version == 4 and value == last:
        raise InvalidRangeError(f"invalid {what} {text}: IP {text} is the broadcast address")
    return value


def expected_counters(ranges: RangeSet, records: Sequence[object]) -> tuple[int, int]:
    """Return ``(total, available)`` as Harvester would recompute them (poolctl:112-118)."""
    return ranges.total, ranges.total - len(records)
