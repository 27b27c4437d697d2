"""LoadBalancers and the Services that carry their addresses."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from lbdoctor.domain.addresses import DHCP_ADDRESS, IPAddress, parse_address
from lbdoctor.domain.pools import Condition
from lbdoctor.domain.refs import Kind, ObjectRef, Owner

FINALIZER = "wrangler.cattle.io/harvester-lb-controller"


@dataclass(frozen=True, slots=True)
class Booking:
    """``status.allocatedAddress``: the address a LoadBalancer believes it has."""

    pool: str
    ip: str
    mask: str = ""
    gateway: str = ""
    address: IPAddress | None = field(init=False, compare=False)
    """What ``ip`` means, or None if Go cannot parse it."""

    is_dhcp: bool = field(init=False, compare=False)

    def __post_init__(self) -> None:
        address = parse_address(self.ip)
        object.__setattr__(self, "address", address)
        object.__setattr__(self, "is_dhcp", address == DHCP_ADDRESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancer:
    """A LoadBalancer of Harvester, of type ``vm`` or ``cluster``."""

    namespace: str
    name: str
    uid: str = ""
    resource_version: str = ""
    created_at: datetime | None = None
    deleted_at: datetime | None = None
    finalizers: tuple[str, ...] = ()
    workload_type: str = ""
    """``vm`` or ``cluster``; empty means vm."""

    ipam: str = ""
    """``pool`` or ``dhcp``; empty allocates as pool, but is never released."""

    ip_pool: str = ""
    """The pool asked for; empty means that Harvester selects one."""

    network: str = ""
    project: str = ""
    scope_namespace: str = ""
    guest_cluster: str = ""
    booking: Booking | None = None
    address: str = ""
    ready: Condition | None = None
    ignore_reason: str | None = None
    is_v1alpha1: bool = False
    """Read in the old version, which has no booking, only ``status.address``."""

    owner: Owner = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "owner", Owner(self.namespace, self.name))

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef(Kind.LOAD_BALANCER, self.name, self.namespace)

    @property
    def takes_from_pool(self) -> bool:
        return self.ipam in ("pool", "")

    @property
    def is_terminating(self) -> bool:
        return self.deleted_at is not None

    @property
    def is_cluster(self) -> bool:
        return self.workload_type == "cluster"

    @property
    def message(self) -> str:
        return self.ready.message if self.ready else ""

    @property
    def changed_at(self) -> datetime | None:
        """The later of creation and the last change of Ready; None if not known."""
        if self.created_at is None or self.ready is None or self.ready.updated_at is None:
            return self.created_at
        return max(self.created_at, self.ready.updated_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A Service of type LoadBalancer on the Harvester cluster."""

    namespace: str
    name: str
    load_balancer_ip: str = ""
    ingress: tuple[str, ...] = ()
    announced: str = ""
    """Annotation ``kube-vip.io/loadbalancerIPs``."""

    @property
    def owner(self) -> Owner:
        return Owner(self.namespace, self.name)

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef(Kind.SERVICE, self.name, self.namespace)

    @property
    def addresses(self) -> frozenset[IPAddress]:
        """Every address that this Service carries or asks for, DHCP aside."""
        texts = (self.load_balancer_ip, *self.ingress, *self.announced.split(","))
        found = {parse_address(text.strip()) for text in texts}
        return frozenset(address for address in found if address and address != DHCP_ADDRESS)
