"""A fix as plain data: what ``repair --plan`` will read again."""

from __future__ import annotations

from typing import Any

from lbdoctor.domain.fixes import (
    Action,
    CarryOutRequest,
    ClearBooking,
    DropHistory,
    DropRecords,
    Fix,
    HealStuck,
    LoadBalancerId,
    PoolId,
    RecordId,
    ReleaseRecord,
    RemoveRequest,
    RenameRecord,
    RestoreRecord,
    SetCounters,
    SetIpam,
    WakeLoadBalancer,
)

Document = dict[str, Any]


def fix_document(fix: Fix) -> Document:
    """Return the fix with its action spelled out."""
    return {"title": fix.title, "disposition": str(fix.disposition), **_action(fix.action)}


def _action(action: Action) -> Document:
    match action:
        case SetIpam() | ClearBooking() | WakeLoadBalancer():
            return _of_load_balancer(action)
        case CarryOutRequest() | RemoveRequest() | SetCounters() | DropHistory():
            return _of_pool(action)
        case _:
            return _of_records(action)


def _of_load_balancer(action: SetIpam | ClearBooking | WakeLoadBalancer) -> Document:
    target = _load_balancer(action.load_balancer)
    match action:
        case SetIpam():
            return {"action": "setIpam", "loadBalancer": target, "ipam": action.ipam}
        case ClearBooking():
            return {
                "action": "clearBooking",
                "loadBalancer": target,
                "poolName": action.pool_name,
                "address": action.address,
            }
        case WakeLoadBalancer():
            return {"action": "wakeLoadBalancer", "loadBalancer": target}


def _of_pool(action: CarryOutRequest | RemoveRequest | SetCounters | DropHistory) -> Document:
    pool = _pool(action.pool)
    match action:
        case CarryOutRequest():
            return {
                "action": "carryOutRequest",
                "pool": pool,
                "records": [_record(action.record)],
                "value": action.value,
            }
        case RemoveRequest():
            return {"action": "removeRequest", "pool": pool, "value": action.value}
        case DropHistory():
            return {"action": "dropHistory", "pool": pool, "records": [_record(action.record)]}
        case SetCounters():
            return {
                "action": "setCounters",
                "pool": pool,
                "total": action.total,
                "available": action.available,
                "lastAllocated": action.last_allocated,
            }


def _of_records(
    action: ReleaseRecord | DropRecords | RenameRecord | RestoreRecord | HealStuck,
) -> Document:
    pool = _pool(action.pool)
    match action:
        case ReleaseRecord():
            return {
                "action": "releaseRecord",
                "pool": pool,
                "records": [_record(action.record)],
                "keepsHistory": action.keeps_history,
            }
        case DropRecords():
            return {
                "action": "dropRecords",
                "pool": pool,
                "records": [_record(item) for item in action.records],
                "fence": _load_balancer(action.fence) if action.fence else None,
            }
        case RenameRecord():
            return {
                "action": "renameRecord",
                "pool": pool,
                "records": [_record(action.record)],
                "key": action.key,
            }
        case RestoreRecord():
            return {
                "action": "restoreRecord",
                "pool": pool,
                "records": [_record(action.record)],
                "loadBalancer": _load_balancer(action.load_balancer),
            }
        case HealStuck():
            return {
                "action": "healStuck",
                "pool": pool,
                "records": [_record(item) for item in action.records],
                "loadBalancer": _load_balancer(action.load_balancer),
            }


def _pool(pool: PoolId) -> Document:
    return {"name": pool.name, "uid": pool.uid or None}


def _record(record: RecordId) -> Document:
    return {"key": record.key, "owner": record.owner}


def _load_balancer(lb: LoadBalancerId) -> Document:
    return {"namespace": lb.owner.namespace, "name": lb.owner.name, "uid": lb.uid or None}
