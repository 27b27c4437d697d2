"""IPPools and the records in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lbdoctor.domain.addresses import IPAddress, canonical, parse_address
from lbdoctor.domain.refs import Kind, ObjectRef, Owner, parse_owner

ANY = "*"
"""Matches every value of a scope field."""


@dataclass(frozen=True, slots=True)
class Range:
    """One entry of ``spec.ranges``, as found: what it means is for ``ipam`` to say."""

    subnet: str
    start: str = ""
    end: str = ""
    gateway: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom a pool serves; ``*`` matches every value."""

    project: str = ""
    namespace: str = ""
    guest_cluster: str = ""

    @property
    def is_everyone(self) -> bool:
        return self.project == self.namespace == self.guest_cluster == ANY

    def __str__(self) -> str:
        return (
            f"project={self.project} namespace={self.namespace} guestCluster={self.guest_cluster}"
        )


@dataclass(frozen=True, slots=True)
class Record:
    """``status.allocated[key] = owner``: an address that an IPPool counts as taken."""

    pool: str
    key: str
    """The key exactly as found; a write has to use it."""

    owner_text: str
    address: IPAddress | None = field(init=False, compare=False)
    """What the key means, or None if Go cannot parse it."""

    owner: Owner | None = field(init=False, compare=False)
    """The LoadBalancer named, or None if the text is not exactly ``ns/name``."""

    def __post_init__(self) -> None:
        # Both are asked for by nearly every rule: once is enough.
        object.__setattr__(self, "address", parse_address(self.key))
        object.__setattr__(self, "owner", parse_owner(self.owner_text))

    @property
    def is_canonical(self) -> bool:
        if self.address is None:
            return False
        if self.address.version == 4:
            return ":" not in self.key  # dotted, it parses in one spelling only
        return canonical(self.address) == self.key


@dataclass(frozen=True, slots=True)
class Condition:
    """The condition ``Ready``; ``updated_at`` moves only when status or message change."""

    status: str
    message: str = ""
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IPPool:
    """Addresses to give out, and who holds each of them."""

    name: str
    uid: str = ""
    resource_version: str = ""
    created_at: datetime | None = None
    deleted_at: datetime | None = None
    ranges: tuple[Range, ...] = ()
    priority: int = 0
    network: str = ""
    scopes: tuple[Scope, ...] = ()
    has_status: bool = True
    total: int = 0
    available: int = 0
    last_allocated: str = ""
    records: tuple[Record, ...] = ()
    history: tuple[Record, ...] = ()
    """``status.allocatedHistory``: who had an address last. It reserves nothing."""

    global_label: str | None = None
    """Label ``loadbalancer.harvesterhci.io/global-ip-pool``; selection trusts it."""

    release_request: str | None = None
    """Annotation ``loadbalancer.harvesterhci.io/manuallyReleaseIP``."""

    ignore_reason: str | None = None
    """Annotation ``lbdoctor.io/ignore``."""

    _by_key: Mapping[str, Record] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_key", {record.key: record for record in self.records})

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef(Kind.IP_POOL, self.name)

    @property
    def is_global_by_label(self) -> bool:
        return self.global_label == "true"

    @property
    def is_global_by_spec(self) -> bool:
        """One scope, and it is everyone (load-balancer-harvester pkg/ipam/ippool.go)."""
        return len(self.scopes) == 1 and self.scopes[0].is_everyone

    def record(self, key: str) -> Record | None:
        return self._by_key.get(key)
