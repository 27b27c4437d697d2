"""A source that answers differently at the first and at the second reading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from lbdoctor.diagnosis.port import Listing, ReadError, Unread
from lbdoctor.domain.controller import Controller
from lbdoctor.domain.loadbalancers import Booking, LoadBalancer, Service
from lbdoctor.domain.pools import IPPool, Range, Record, Scope
from lbdoctor.domain.refs import Kind, Owner
from lbdoctor.domain.snapshot import Gap, Origin, OriginKind

T = TypeVar("T")
NOW = datetime(2026, 8, 20, 10, 0, tzinfo=UTC)
FORBIDDEN = ReadError(Unread.FORBIDDEN, "forbidden")
FAILED = ReadError(Unread.FAILED, "timed out")
NOT_SERVED = ReadError(Unread.NOT_SERVED, "the server does not know it", hint="another context")


def pool(name: str = "p1", *, network: str = "", ignore: str | None = None, **held: str) -> IPPool:
    """Return a pool of 10.0.0.5 to .9; ``five="team-a/web"`` holds 10.0.0.5 for it."""
    last = {"five": "5", "six": "6", "seven": "7"}
    records = tuple(Record(name, f"10.0.0.{last[key]}", owner) for key, owner in held.items())
    return IPPool(
        name=name,
        uid=f"uid-{name}",
        ranges=(Range("10.0.0.0/24", "10.0.0.5", "10.0.0.9"),),
        scopes=(Scope("*", "team-a", "*"),),
        network=network,
        total=5,
        available=5 - len(records),
        records=records,
        global_label="false",
        ignore_reason=ignore,
    )


def balancer(
    name: str = "web", namespace: str = "team-a", ip: str = "", ignore: str | None = None
) -> LoadBalancer:
    return LoadBalancer(
        namespace=namespace,
        name=name,
        uid=f"uid-{name}",
        ipam="pool",
        workload_type="cluster",
        booking=Booking("p1", ip) if ip else None,
        ignore_reason=ignore,
    )


@dataclass
class Reading:
    """What is there at one reading; ``refused`` maps a call to its error."""

    pools: Sequence[IPPool] = ()
    lbs: Sequence[LoadBalancer] = ()
    refused: dict[str, ReadError] = field(default_factory=dict)
    malformed: tuple[Gap, ...] = ()


class ScriptedSource:
    """Answers with ``first`` until LoadBalancers were read, and with ``second`` then.

    ``calls`` lists what was asked, in order.
    """

    origin = Origin(OriginKind.MEMORY, "scripted")
    now: datetime | None = NOW
    default_namespace = ""

    def __init__(self, first: Reading, second: Reading | None = None) -> None:
        self.first, self.second = first, second or first
        self.is_second = False
        self.calls: list[str] = []
        self.known: tuple[str, ...] = ("team-a", "team-b")
        self.told = Controller()

    def _answer(self, call: str, read: Callable[[Reading], T]) -> T:
        self.calls.append(call)
        reading = self.second if self.is_second else self.first
        error = reading.refused.get(call)
        if error:
            raise error
        return read(reading)

    def ip_pools(self) -> Listing[IPPool]:
        return self._answer("pools", lambda now: Listing(tuple(now.pools)))

    def load_balancers(self, namespace: str = "") -> Listing[LoadBalancer]:
        def read(now: Reading) -> Listing[LoadBalancer]:
            found = tuple(lb for lb in now.lbs if namespace in ("", lb.namespace))
            bad = tuple(gap for gap in now.malformed if gap.kind is Kind.LOAD_BALANCER)
            return Listing(found, bad)

        return self._answer(f"lbs {namespace}".strip(), read)

    def ip_pool(self, name: str) -> IPPool | None:
        self.is_second = True
        return self._answer(
            f"pool {name}", lambda now: next((p for p in now.pools if p.name == name), None)
        )

    def load_balancer(self, owner: Owner) -> LoadBalancer | None:
        self.is_second = True
        return self._answer(
            f"lb {owner}", lambda now: next((lb for lb in now.lbs if lb.owner == owner), None)
        )

    def services(self, namespace: str = "") -> Listing[Service]:
        return self._answer(f"services {namespace}".strip(), lambda _: Listing(()))

    def network_exists(self, namespace: str, name: str) -> bool:
        return self._answer(f"network {namespace}/{name}", lambda _: False)

    def namespaces(self) -> Sequence[str]:
        return self._answer("namespaces", lambda _: self.known)

    def namespace_exists(self, name: str) -> bool:
        return self._answer(f"namespace {name}", lambda _: name in self.known)

    def controller(self) -> Controller:
        return self.told
