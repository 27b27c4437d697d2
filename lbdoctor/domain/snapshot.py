"""One reading of a cluster: the objects, the indexes over them, and what is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum, auto
from functools import cached_property
from typing import TypeVar

from lbdoctor.domain.addresses import IPAddress
from lbdoctor.domain.controller import Controller
from lbdoctor.domain.loadbalancers import LoadBalancer, Service
from lbdoctor.domain.pools import IPPool, Record
from lbdoctor.domain.refs import ANY_NAME, Kind, Owner

K = TypeVar("K")
V = TypeVar("V")


class OriginKind(StrEnum):
    """Where the objects come from, which decides what their absence means."""

    LIVE = "live"
    FILE = "file"
    SNAPSHOT = "snapshot"
    BUNDLE = "bundle"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the objects come from; ``name`` is a context or a path."""

    kind: OriginKind
    name: str
    server: str = ""

    @property
    def can_be_confirmed(self) -> bool:
        """Whether the same objects can be read a second time."""
        return self.kind in (OriginKind.LIVE, OriginKind.MEMORY)


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """Something that could not be read, and why. An empty list is not a gap."""

    kind: Kind
    reason: str
    namespace: str = ""
    name: str = ""

    @property
    def is_whole_kind(self) -> bool:
        return not self.namespace and not self.name

    @property
    def subject(self) -> str:
        """What is missing, for people."""
        if self.name:
            owner = f"{self.namespace}/{self.name}" if self.namespace else self.name
            return f"{self.kind} {owner}"
        return f"{self.kind}s in namespace {self.namespace}" if self.namespace else f"{self.kind}s"


class Presence(Enum):
    """Whether a LoadBalancer exists. Unknown is neither."""

    PRESENT = auto()
    ABSENT = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Everything the rules may look at. Indexes are built when first used."""

    origin: Origin
    taken_at: datetime | None = None
    """When LoadBalancers began to be read, by the cluster's clock; None: nothing tells."""

    ip_pools: tuple[IPPool, ...] = ()
    load_balancers: tuple[LoadBalancer, ...] = ()
    services: tuple[Service, ...] | None = None
    """None: not read."""

    networks: Mapping[str, bool] = field(default_factory=dict)
    """``ns/name`` of the networks that were looked up: whether they exist."""

    controller: Controller = field(default_factory=Controller)
    gaps: tuple[Gap, ...] = ()
    scope: frozenset[str] | None = None
    """Namespaces that were asked for; None means all."""

    listed_namespaces: frozenset[str] | None = None
    """Namespaces whose LoadBalancers were listed; None means all of them."""

    unknown_owners: frozenset[Owner] = frozenset()
    """LoadBalancers that could not be looked up, or whose object cannot be read.

    ``*`` stands for every namespace or name, where an object does not tell its own.
    """

    sightings: frozenset[Record] = frozenset()
    """Records that a look some seconds ago saw, with an owner that was unbooked then."""

    _known: dict[object, object] = field(
        init=False, compare=False, repr=False, default_factory=dict
    )

    def once(self, key: object, work_out: Callable[[], V]) -> V:
        """Return what ``work_out`` returns, worked out once for this snapshot.

        For what a rule would derive again for each of its subjects.
        """
        if key not in self._known:
            self._known[key] = work_out()
        return self._known[key]  # type: ignore[return-value]

    def pool(self, name: str) -> IPPool | None:
        return self._pools.get(name)

    def load_balancer(self, owner: Owner) -> LoadBalancer | None:
        return self._load_balancers.get(owner)

    def presence(self, owner: Owner) -> Presence:
        """Whether the LoadBalancer exists, as far as this reading can tell."""
        if owner in self._load_balancers:
            return Presence.PRESENT
        if self.unknown_owners and not self.unknown_owners.isdisjoint(
            Owner(namespace, name)
            for namespace in (owner.namespace, ANY_NAME)
            for name in (owner.name, ANY_NAME)
        ):
            return Presence.UNKNOWN
        if Kind.LOAD_BALANCER in self.missing_kinds:
            return Presence.UNKNOWN
        if not self.covers_list(owner.namespace):
            return Presence.UNKNOWN
        return Presence.ABSENT

    def covers_list(self, namespace: str) -> bool:
        """Whether the LoadBalancers of a namespace were listed."""
        return self.listed_namespaces is None or namespace in self.listed_namespaces

    def is_absent(self, owner: Owner | None) -> bool:
        return owner is not None and self.presence(owner) is Presence.ABSENT

    def records_of(self, owner: Owner) -> tuple[Record, ...]:
        """Return the records of all pools that name this owner."""
        return tuple(self._records.get(str(owner), ()))

    def history_of(self, owner: Owner) -> tuple[Record, ...]:
        """Return the history entries of all pools that name this owner."""
        return tuple(self._history.get(str(owner), ()))

    def booked_on(self, address: IPAddress) -> tuple[LoadBalancer, ...]:
        """Return the LoadBalancers that have this address booked."""
        return tuple(self._bookings.get(address, ()))

    def carriers_of(self, address: IPAddress) -> tuple[Service, ...]:
        """Return the Services that carry this address or ask for it."""
        return tuple(self._carriers.get(address, ()))

    def service(self, owner: Owner) -> Service | None:
        return self._services.get(owner)

    def network_exists(self, name: str) -> bool | None:
        """Whether a NetworkAttachmentDefinition exists; None if it was not read."""
        return self.networks.get(name)

    def covers(self, namespace: str) -> bool:
        """Whether objects of this namespace are within what was asked for."""
        return self.scope is None or namespace in self.scope

    def is_older(self, since: datetime | None, seconds: int) -> bool:
        """Whether ``since`` is at least so long ago; unknown counts as long ago."""
        if since is None or self.taken_at is None:
            return True
        return (self.taken_at - since).total_seconds() >= seconds

    @property
    def has_services(self) -> bool:
        """Whether all Services were read: an address that none carries is then free of them."""
        return self.services is not None and not any(gap.kind is Kind.SERVICE for gap in self.gaps)

    @cached_property
    def has_all_pools(self) -> bool:
        """Whether every pool was read, so that what is not here does not exist."""
        return not any(
            gap.kind is Kind.IP_POOL and gap.name not in self._pools for gap in self.gaps
        )

    @cached_property
    def missing_kinds(self) -> frozenset[Kind]:
        """Kinds of which nothing could be read."""
        return frozenset(gap.kind for gap in self.gaps if gap.is_whole_kind)

    @cached_property
    def unbooked(self) -> tuple[LoadBalancer, ...]:
        return tuple(lb for lb in self.load_balancers if lb.booking is None)

    def booked_in(self, pool: str) -> tuple[LoadBalancer, ...]:
        """Return the LoadBalancers that have an address of this pool booked."""
        return tuple(self._booked_in.get(pool, ()))

    @cached_property
    def _pools(self) -> dict[str, IPPool]:
        return {pool.name: pool for pool in self.ip_pools}

    @cached_property
    def _load_balancers(self) -> dict[Owner, LoadBalancer]:
        return {lb.owner: lb for lb in self.load_balancers}

    @cached_property
    def _services(self) -> dict[Owner, Service]:
        return {service.owner: service for service in self.services or ()}

    @cached_property
    def _records(self) -> Mapping[str, list[Record]]:
        pairs = ((record.owner_text, record) for pool in self.ip_pools for record in pool.records)
        return _grouped(pairs)

    @cached_property
    def _history(self) -> Mapping[str, list[Record]]:
        pairs = ((entry.owner_text, entry) for pool in self.ip_pools for entry in pool.history)
        return _grouped(pairs)

    @cached_property
    def _bookings(self) -> Mapping[IPAddress, list[LoadBalancer]]:
        booked = ((lb, lb.booking) for lb in self.load_balancers)
        return _grouped(
            (booking.address, lb)
            for lb, booking in booked
            if booking and booking.address and not booking.is_dhcp
        )

    @cached_property
    def _booked_in(self) -> Mapping[str, list[LoadBalancer]]:
        return _grouped((lb.booking.pool, lb) for lb in self.load_balancers if lb.booking)

    @cached_property
    def _carriers(self) -> Mapping[IPAddress, list[Service]]:
        return _grouped(
            (address, service) for service in self.services or () for address in service.addresses
        )


def _grouped(pairs: Iterable[tuple[K, V]]) -> Mapping[K, list[V]]:
    groups: defaultdict[K, list[V]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups
