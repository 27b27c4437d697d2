"""A server dry run: what the API server and its webhooks would say to an item's writes."""

from __future__ import annotations

from collections.abc import Iterator

from lbdoctor.domain.changes import Booking, Change, LoadBalancerChange, PoolChange
from lbdoctor.domain.fixes import (
    CarryOutRequest,
    ClearBooking,
    DropHistory,
    DropRecords,
    HealStuck,
    LoadBalancerId,
    RecordId,
    ReleaseRecord,
    RemoveRequest,
    RenameRecord,
    RestoreRecord,
    SetCounters,
    SetIpam,
    WakeLoadBalancer,
)
from lbdoctor.domain.pools import IPPool, Record
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.repair import moves
from lbdoctor.repair.denials import explained
from lbdoctor.repair.outcomes import Outcome, Result
from lbdoctor.repair.plan import Item
from lbdoctor.repair.port import Cluster, Unwritten, WriteError

TOUCH = "dry run"


def trial(cluster: Cluster, snapshot: Snapshot, item: Item) -> Outcome:
    """Let the API server check what an item would write first, and keep nothing."""
    error = refusal(cluster, snapshot, item)
    if error is not None:
        return Outcome(item.finding, Result.REFUSED, explained(error))
    return Outcome(item.finding, Result.DONE, f"the API server accepts: {item.title}")


def refusal(cluster: Cluster, snapshot: Snapshot, item: Item) -> WriteError | None:
    """Return why the API server would not take the writes of an item; None: it would.

    That an object has changed since the look is no refusal: a run looks again.
    """
    try:
        for change in _changes(item, snapshot):
            if isinstance(change, PoolChange):
                cluster.change_pool(change, dry_run=True)
            else:
                cluster.change_load_balancer(change, dry_run=True)
    except WriteError as error:
        return None if error.why is Unwritten.CONFLICT else error
    return None


def _changes(item: Item, snapshot: Snapshot) -> Iterator[Change]:
    action = item.fix.action
    match action:
        case ClearBooking():
            yield from _to_load_balancer(action.load_balancer, snapshot, booking=Booking(None))
        case SetIpam():
            yield from _to_load_balancer(action.load_balancer, snapshot, ipam=action.ipam)
        case WakeLoadBalancer():
            yield from _to_load_balancer(action.load_balancer, snapshot)
        case _:
            if isinstance(action, HealStuck):
                yield from _to_load_balancer(action.load_balancer, snapshot)
            elif isinstance(action, DropRecords) and action.fence:
                yield from _to_load_balancer(action.fence, snapshot)
            pool = snapshot.pool(action.pool.name)
            if pool is not None:
                yield _to_pool(pool, action)


def _to_pool(
    pool: IPPool,
    action: ReleaseRecord
    | DropRecords
    | RenameRecord
    | RestoreRecord
    | SetCounters
    | DropHistory
    | CarryOutRequest
    | RemoveRequest
    | HealStuck,
) -> PoolChange:
    match action:
        case ReleaseRecord():
            return moves.release(pool, _records(pool, (action.record,)))
        case HealStuck() | DropRecords():
            return moves.drop(pool, action.records)
        case RenameRecord():
            return moves.rename(pool, action.record, action.key)
        case RestoreRecord():
            return moves.restore(pool, action.record)
        case SetCounters():
            return moves.count(pool)
        case DropHistory():
            return moves.drop_history(pool, action.record)
        case CarryOutRequest():
            return moves.drop(pool, (action.record,))
        case RemoveRequest():
            return moves.ask(pool, None)


def _records(pool: IPPool, named: tuple[RecordId, ...]) -> list[Record]:
    return [record for item in named if (record := pool.record(item.key))]


def _to_load_balancer(
    target: LoadBalancerId,
    snapshot: Snapshot,
    booking: Booking | None = None,
    ipam: str | None = None,
) -> Iterator[Change]:
    lb = snapshot.load_balancer(target.owner)
    if lb is not None:
        touched = TOUCH if booking is None and ipam is None else ""
        yield LoadBalancerChange(
            load_balancer=target,
            resource_version=lb.resource_version,
            touched=touched,
            booking=booking,
            ipam=ipam,
        )
