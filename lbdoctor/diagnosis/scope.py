"""What lies within the namespaces that were asked for."""

from __future__ import annotations

from collections.abc import Iterator

from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import IPPool, Record
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.rules.facts import choice


def is_in_scope(record: Record, snapshot: Snapshot) -> bool:
    return snapshot.covers(record.owner_text.partition("/")[0])


def pools_concerned(snapshot: Snapshot) -> Iterator[IPPool]:
    """Yield the pools that hold a record of the scope, or serve one of its LoadBalancers."""
    if snapshot.scope is None:
        yield from snapshot.ip_pools
        return
    named = {name for lb in snapshot.load_balancers for name in _pools_of(lb, snapshot)}
    for pool in snapshot.ip_pools:
        owns = any(is_in_scope(record, snapshot) for record in pool.records)
        if owns or pool.name in named:
            yield pool


def _pools_of(lb: LoadBalancer, snapshot: Snapshot) -> Iterator[str]:
    if lb.booking is not None:
        yield lb.booking.pool
    elif lb.takes_from_pool:
        yield from choice(lb, snapshot).names
