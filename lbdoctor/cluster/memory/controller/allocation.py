"""Taking an address from a pool and giving it back: the allocator and its store.

Source: load-balancer-harvester pkg/ipam/allocator.go:193-209, pkg/ipam/store/store.go:62-158
and the vendored host-local allocator:51-220.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Any

from lbdoctor.cluster.api import Manifest, WritableApi, WriteError
from lbdoctor.cluster.memory.controller.cache import Cache
from lbdoctor.cluster.memory.controller.shapes import Shape
from lbdoctor.cluster.memory.controller.steps import HandlerError, Pick, Step, Steps
from lbdoctor.domain.addresses import IPAddress, canonical, parse_address
from lbdoctor.domain.pools import Range
from lbdoctor.domain.refs import Kind, ObjectRef
from lbdoctor.ipam.ranges import AddressRange, RangeSet, parse_ranges


class DuplicateError(HandlerError):
    """The pool has a record of this LoadBalancer already."""


@dataclass(frozen=True, slots=True)
class Allocator:
    """Hands out the addresses of one pool; what is taken it reads from the cache each time."""

    pool: str
    entries: tuple[Range, ...]
    api: WritableApi
    cache: Cache
    shape: Shape
    pick: Pick

    @property
    def ranges(self) -> RangeSet:
        return parse_ranges(self.entries)

    def take(self, owner: str) -> Steps[Manifest]:
        """Book an address for an owner and return it as ``status.allocatedAddress``."""
        status = self._pool()["status"]
        before = [ip for ip, who in _map(status, "allocatedHistory").items() if who == owner]
        wanted = parse_address(self.pick(before)) if before else None
        # A key that is no address asks for nothing, and anything will do.
        if wanted is not None:
            yield from self._take_again(owner, wanted)
            return self._booking(wanted)
        taken = _map(status, "allocated")
        mine = (parse_address(ip) for ip, who in taken.items() if who == owner)
        own = [canonical(ip) for ip in mine if ip and self.ranges.contains(ip)]
        if own:
            raise DuplicateError(
                f"{self.pick(own)} has been allocated to {owner}, duplicate allocation is not "
                "allowed"
            )
        for address in _in_turn(self.ranges, str(status.get("lastAllocated", ""))):
            if canonical(address) not in taken:
                yield from self._reserve(owner, canonical(address))
                return self._booking(address)
        raise HandlerError(f"no IP addresses available in range set: {self.ranges}")

    def release(self, owner: str) -> Steps[None]:
        """Move a record of an owner into history: one at random, up to v0.4.0 all of them."""
        pool = self._pool()
        status = pool["status"]
        if "allocated" not in status:
            return
        own = [ip for ip, who in _map(status, "allocated").items() if who == owner]
        if self.shape.is_sticky:
            own = [self.pick(own)] if own else []
            if not own:
                return
        for ip in own:
            status["allocated"] = {
                key: who for key, who in status["allocated"].items() if key != ip
            }
            status["allocatedHistory"] = {**_map(status, "allocatedHistory"), ip: owner}
            status["available"] += 1
        yield Step.R1
        self._write(pool)

    def _take_again(self, owner: str, address: IPAddress) -> Steps[None]:
        """Take the address that history names, unless that cannot be."""
        text = canonical(address)
        if not self.ranges.contains(address):
            raise HandlerError(f"{text} not in range set {self.ranges}")
        if self.ranges.is_gateway(address):
            raise HandlerError(f"requested ip {text} is subnet's gateway")
        holder = _map(self._pool()["status"], "allocated").get(text)
        if holder is not None:
            if self.shape.is_sticky and holder == owner:
                return
            raise HandlerError(
                f"requested IP address {text} is not available in range set {self.ranges}"
            )
        yield from self._reserve(owner, text)

    def _reserve(self, owner: str, ip: str) -> Steps[None]:
        pool = self._pool()
        status = pool["status"]
        _map(status, "allocatedHistory").pop(ip, None)
        status["allocated"] = {**_map(status, "allocated"), ip: owner}
        status |= {"lastAllocated": ip, "available": status.get("available", 0) - 1}
        yield Step.W1
        try:
            self._write(pool)
        except HandlerError as error:
            raise HandlerError(self.shape.not_recorded(ip, self.pool)) from error

    def _write(self, pool: Manifest) -> None:
        try:
            self.api.replace(Kind.IP_POOL, pool)
        except WriteError as error:
            raise HandlerError(str(error)) from error

    def _pool(self) -> Manifest:
        found = self.cache.get(ObjectRef(Kind.IP_POOL, self.pool))
        if found is None:
            raise HandlerError(f'ippool.loadbalancer.harvesterhci.io "{self.pool}" not found')
        empty = {"total": 0, "available": 0, "lastAllocated": ""}
        return found | {"status": empty | (found.get("status") or {})}

    def _booking(self, address: IPAddress) -> Manifest:
        entries = zip(self.entries, self.ranges.ranges, strict=True)
        entry, within = next(pair for pair in entries if pair[1].contains(address))
        return {
            "ipPool": self.pool,
            "ip": canonical(address),
            "mask": str(ip_network(entry.subnet, strict=False).netmask),
            "gateway": _address(within.version, within.gateway),
        }


def _map(status: Manifest, key: str) -> dict[str, Any]:
    found: dict[str, Any] = status.get(key) or {}
    return found


def _in_turn(ranges: RangeSet, last: str) -> Iterator[IPAddress]:
    """Yield every address once, from the one after the last that was given out."""
    after = parse_address(last)
    at = next((at for at, item in enumerate(ranges.ranges) if after and item.contains(after)), None)
    if at is None or after is None:
        yield from _usable(ranges.ranges)
        return
    within = ranges.ranges[at]
    yield from _usable([within], begin=int(after) + 1)
    yield from _usable(ranges.ranges[at + 1 :] + ranges.ranges[:at])
    yield from _usable([within], end=int(after))


def _usable(
    ranges: Sequence[AddressRange], begin: int = 0, end: int | None = None
) -> Iterator[IPAddress]:
    for item in ranges:
        last = item.last if end is None else end
        for value in range(max(begin, item.first), last + 1):
            if value != item.gateway:
                yield IPv4Address(value) if item.version == 4 else IPv6Address(value)


def _address(version: int, value: int | None) -> str:
    """Return an address as Go prints it; ``<nil>`` for none."""
    if value is None:
        return "<nil>"
    return str(IPv4Address(value) if version == 4 else IPv6Address(value))
