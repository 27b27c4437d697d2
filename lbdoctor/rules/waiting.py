"""LBD207: the controller waits before it tries again what would succeed now."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lbdoctor.domain.findings import Finding, Severity, SubjectKind, subject_of
from lbdoctor.domain.fixes import WakeLoadBalancer, load_balancer_id, safe
from lbdoctor.domain.loadbalancers import FINALIZER, LoadBalancer
from lbdoctor.domain.pools import IPPool
from lbdoctor.domain.refs import Kind
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.ipam.ranges import read_ranges
from lbdoctor.rules.facts import (
    CONTROLLER_DOWN,
    DUPLICATE,
    booking_evidence,
    choice,
    is_settled,
    message_evidence,
    taken_addresses,
    waits_for_address,
)
from lbdoctor.rules.freezing import is_writable
from lbdoctor.rules.rule import rule

_RESERVE_FAILED = re.compile(r"fail to reserve \S+ into |record \S+ into \S+ failed")
_NO_ALLOCATOR = re.compile(r"(?:fail to get allocator|could not get the allocator) (\S+)")
_EXHAUSTED = "no IP addresses available in range set"
_NO_MATCH = ("no matched IPPool with", "no matching IP pool with")


@rule(
    "LBD207",
    "backing-off",
    Severity.WARNING,
    noun="backing off",
    on=SubjectKind.LOAD_BALANCER,
    summary="a LoadBalancer waits out a back-off, though a retry would succeed",
    remedy="wait up to two minutes, or touch the LoadBalancer (any write makes the controller "
    "try at once)",
    needs={Kind.IP_POOL, Kind.LOAD_BALANCER},
    uses={Kind.DEPLOYMENT, Kind.NETWORK},
    waits_for=CONTROLLER_DOWN,
)
def backing_off(lb: LoadBalancer, snapshot: Snapshot) -> Iterator[Finding]:
    """The last try failed for a reason that is gone by now.

    Errors are tried again after 5 ms doubling to 30 s, many at once after up to two
    minutes. Any write to the LoadBalancer makes the controller try immediately; a write
    between the two writes of an allocation, though, makes a stuck one (LBD201), so only a
    LoadBalancer of which no pool holds a record is woken.

    All Harvester versions. Source: rancher/lasso pkg/controller/controller.go:99-115,
    load-balancer-harvester pkg/controller/loadbalancer/controller.go:144-148.
    """
    if not waits_for_address(lb) or not is_settled(lb, snapshot):
        return
    if snapshot.records_of(lb.owner) or not snapshot.has_all_pools:
        return
    why = _passes_now(lb, snapshot)
    if why is None:
        return
    fix = None
    if FINALIZER in lb.finalizers:
        fix = safe(f"wake {lb.owner}", WakeLoadBalancer(load_balancer_id(lb)))
    names = choice(lb, snapshot).names
    yield Finding(
        subject=subject_of(lb),
        message=f"{lb.owner} waits for the next try, though {why}",
        evidence=(booking_evidence(lb), *message_evidence(lb)),
        pool=next(iter(names)) if len(names) == 1 else "",
        depends_on=frozenset({lb.owner}),
        fix=fix,
    )


def _passes_now(lb: LoadBalancer, snapshot: Snapshot) -> str | None:
    """Say what has changed since the last try; None if the retry would fail again."""
    message = lb.message
    pools = [pool for name in choice(lb, snapshot).names if (pool := snapshot.pool(name))]
    writable = [pool for pool in pools if _is_writable(pool, snapshot)]
    if not writable:
        return None
    names = ", ".join(sorted(pool.name for pool in writable))
    if _RESERVE_FAILED.search(message):
        return f"the pool {names} can be written to"
    if missing := _NO_ALLOCATOR.search(message):
        exists = snapshot.pool(missing[1].rstrip(",;")) is not None
        return f"the pool {missing[1]} exists" if exists else None
    if DUPLICATE in message:
        return "the record it met is gone"
    if _EXHAUSTED in message:
        return (
            f"the pool {names} has room"
            if any(_has_room(pool, snapshot) for pool in writable)
            else None
        )
    if any(text in message for text in _NO_MATCH):
        return f"the pool {names} matches"
    return None


def _is_writable(pool: IPPool, snapshot: Snapshot) -> bool:
    return snapshot.once(("writable", pool.name), lambda: is_writable(pool, snapshot))


def _has_room(pool: IPPool, snapshot: Snapshot) -> bool:
    def work_out() -> bool:
        ranges = read_ranges(pool.ranges)
        return ranges is not None and taken_addresses(pool, ranges) < ranges.capacity

    return snapshot.once(("room", pool.name), work_out)
