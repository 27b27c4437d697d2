"""What a diagnosis needs of a cluster, a file or a snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Generic, Protocol, TypeVar

from lbdoctor.domain.controller import Controller
from lbdoctor.domain.errors import LbdoctorError
from lbdoctor.domain.loadbalancers import LoadBalancer, Service
from lbdoctor.domain.pools import IPPool, Record
from lbdoctor.domain.refs import Owner
from lbdoctor.domain.snapshot import Gap, Origin

T = TypeVar("T")


class Unread(Enum):
    """Why something could not be read."""

    FORBIDDEN = auto()
    NOT_SERVED = auto()
    """The API server does not know this kind at all."""

    NOT_HELD = auto()
    """The file or snapshot holds nothing of this kind, and so does not tell."""

    NOT_ALL_HELD = auto()
    """A support bundle holds some namespaces, and this one or all of them are asked for."""

    INVALID = auto()
    """The API server does not understand the request (400)."""

    NOT_CONVERTIBLE = auto()
    """One object of an old version fails the whole list."""

    FAILED = auto()
    """Time-out, error of the server, an answer that makes no sense."""


class ReadError(LbdoctorError):
    """One thing could not be read; the rest may be."""

    def __init__(self, why: Unread, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.why = why


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """All objects of one kind, and those among them that could not be understood."""

    items: tuple[T, ...]
    malformed: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is known from before: an earlier look, or the one that wrote a snapshot."""

    sightings: frozenset[Record] = frozenset()
    """Records seen some seconds ago, with an owner that was unbooked then."""

    gaps: tuple[Gap, ...] = ()
    """Single objects whose second reading failed."""

    scope: frozenset[str] | None = None
    """Namespaces that were asked for then, and are now unless others are named."""


class Source(Protocol):
    """Somewhere the objects can be read from.

    Every method raises ``ReadError`` if this one thing cannot be read and
    ``UnreadableError`` if nothing can.
    """

    @property
    def origin(self) -> Origin: ...

    @property
    def now(self) -> datetime | None:
        """The time by the cluster's clock, once something was read; None if nothing tells."""
        ...

    @property
    def default_namespace(self) -> str:
        """The namespace of the context, or empty."""
        ...

    def ip_pools(self) -> Listing[IPPool]: ...

    def load_balancers(self, namespace: str = "") -> Listing[LoadBalancer]:
        """Return the LoadBalancers of one namespace, or of all."""
        ...

    def ip_pool(self, name: str) -> IPPool | None:
        """Return one pool, or None if it is proven absent."""
        ...

    def load_balancer(self, owner: Owner) -> LoadBalancer | None:
        """Return one LoadBalancer, or None if it is proven absent."""
        ...

    def services(self, namespace: str = "") -> Listing[Service]:
        """Return the Services of type LoadBalancer, of one namespace or of all."""
        ...

    def network_exists(self, namespace: str, name: str) -> bool: ...

    def namespaces(self) -> Sequence[str]: ...

    def namespace_exists(self, name: str) -> bool: ...

    def controller(self) -> Controller:
        """Return what is known of the controller; unknown is no error."""
        ...
