"""Whether a pool can be written to at all: what LBD104, LBD109 and LBD207 agree on."""

from __future__ import annotations

from collections.abc import Iterator

from lbdoctor.domain.pools import IPPool
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.ipam.admission import Refusal, refusals
from lbdoctor.ipam.ranges import read_ranges
from lbdoctor.rules.facts import key_is_refused


def is_writable(pool: IPPool, snapshot: Snapshot) -> bool:
    """Whether the webhook surely accepts an update of the pool.

    False too where a network was not read, so that it cannot be known.
    """
    if pool.deleted_at:
        return True
    if pool.network and snapshot.network_exists(pool.network) is None:
        return False
    ranges = read_ranges(pool.ranges)
    if any(key_is_refused(record, ranges) for record in pool.records):
        return False
    return next(update_refusals(pool, snapshot), None) is None


def update_refusals(pool: IPPool, snapshot: Snapshot) -> Iterator[Refusal]:
    """Yield why every update of the pool would be refused, its records aside."""
    if pool.network and not pool.deleted_at:
        yield from _network_refusal(pool, snapshot)
    yield from refusals(pool, snapshot.ip_pools)


def _network_refusal(pool: IPPool, snapshot: Snapshot) -> Iterator[Refusal]:
    namespace, _, name = pool.network.partition("/")
    if not namespace or not name or "/" in name:
        text = f"invalid network {pool.network}"
    elif snapshot.network_exists(pool.network) is False:
        text = f'network-attachment-definitions.k8s.cni.cncf.io "{name}" not found'
    else:
        return
    remedy = (
        f"create the network {pool.network} again, or change spec.selector.network of {pool.name}"
    )
    yield Refusal(pool.name, "spec.selector.network", pool.network, text, remedy)
