"""What a caller has to be allowed, for each mode of use, and what it costs to lack it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from lbdoctor.domain.fixes import (
    ClearBooking,
    DropRecords,
    HealStuck,
    SetIpam,
    WakeLoadBalancer,
)
from lbdoctor.domain.keys import LEASE_NAMESPACE, SYSTEM_NAMESPACE
from lbdoctor.domain.refs import Kind
from lbdoctor.repair.plan import Held, Item


class Mode(StrEnum):
    """What lbdoctor is to be used for; each takes the rights of those before it."""

    SCAN = "scan"
    REPAIR = "repair"
    WATCH = "watch"


@dataclass(frozen=True, slots=True)
class Right:
    """A verb on a kind, in one namespace or all, and what does not work without it."""

    verb: str
    kind: Kind
    cost: str
    namespace: str = ""


_SCAN: Final = (
    Right("list", Kind.IP_POOL, "nothing is found out about pools"),
    Right("get", Kind.IP_POOL, "findings about pools are not confirmed"),
    Right("list", Kind.LOAD_BALANCER, "only namespaces that may be listed are looked at"),
    Right("get", Kind.LOAD_BALANCER, "no absence is proven, so nothing is called stale for sure"),
    Right("list", Kind.SERVICE, "stale records (LBD101) get no fix"),
    Right("list", Kind.NAMESPACE, "namespaces are guessed from the records"),
    Right("get", Kind.NETWORK, "missing networks (LBD109) are not seen"),
    Right("get", Kind.DEPLOYMENT, "the controller is unknown", SYSTEM_NAMESPACE),
    Right("get", Kind.LEASE, "LBD001 is seen later", LEASE_NAMESPACE),
    Right("list", Kind.ENDPOINT_SLICE, "LBD002 is not seen", SYSTEM_NAMESPACE),
)
_REPAIR: Final = (
    Right("patch", Kind.IP_POOL, "no record is released, restored or corrected"),
    Right("patch", Kind.LOAD_BALANCER, "nothing stuck is healed, nobody is woken"),
)
_WATCH: Final = (
    Right("watch", Kind.IP_POOL, "changes are not heard of"),
    Right("watch", Kind.LOAD_BALANCER, "changes are not heard of"),
)
NEEDED: Final[Mapping[Mode, tuple[Right, ...]]] = {
    Mode.SCAN: _SCAN,
    Mode.REPAIR: _SCAN + _REPAIR,
    Mode.WATCH: _SCAN + _REPAIR + _WATCH,
}


class Reviewer(Protocol):
    """Somebody who knows what this caller may do."""

    def may(self, verb: str, kind: Kind, namespace: str = "") -> bool:
        """Return whether the caller may.

        Raises:
            ReadError: That cannot be found out.
        """
        ...


def missing(reviewer: Reviewer, rights: Iterable[Right]) -> Iterator[Right]:
    """Yield the rights that the caller lacks."""
    for right in rights:
        if not reviewer.may(right.verb, right.kind, right.namespace):
            yield right


def held_for_rights(items: Iterable[Item], lacking: Iterable[Right]) -> Iterator[Held]:
    """Yield the items that would need a right which is lacking."""
    kinds = {right.kind for right in lacking if right.verb == "patch"}
    for item in items:
        for kind in sorted(kinds & _written_kinds(item)):
            reason = f"you may not patch {kind}s"
            yield Held(item.finding, reason, "lbdoctor preflight --mode repair")
            break


def _written_kinds(item: Item) -> frozenset[Kind]:
    match item.fix.action:
        case HealStuck():
            return frozenset({Kind.IP_POOL, Kind.LOAD_BALANCER})
        case DropRecords(fence=fence) if fence is not None:
            return frozenset({Kind.IP_POOL, Kind.LOAD_BALANCER})
        case ClearBooking() | SetIpam() | WakeLoadBalancer():
            return frozenset({Kind.LOAD_BALANCER})
        case _:
            return frozenset({Kind.IP_POOL})
