"""A change as plain data, and back: what stands in a line of the journal."""

from __future__ import annotations

from typing import Any

from lbdoctor.domain.changes import (
    Booked,
    Booking,
    Change,
    LoadBalancerChange,
    PoolChange,
    Request,
)
from lbdoctor.domain.fixes import LoadBalancerId, PoolId
from lbdoctor.domain.refs import Owner

Document = dict[str, Any]


def to_document(change: Change) -> Document:
    """Return a change with what it names, and nothing else."""
    match change:
        case PoolChange():
            found = {
                "pool": {"name": change.pool.name, "uid": change.pool.uid},
                "resourceVersion": change.resource_version or None,
                "allocated": dict(change.records) or None,
                "allocatedHistory": dict(change.history) or None,
                "total": change.total,
                "available": change.available,
                "lastAllocated": change.last_allocated,
                "request": {"value": change.request.value} if change.request else None,
            }
        case LoadBalancerChange():
            target = change.load_balancer
            found = {
                "loadBalancer": {
                    "namespace": target.owner.namespace,
                    "name": target.owner.name,
                    "uid": target.uid,
                },
                "resourceVersion": change.resource_version or None,
                "touched": change.touched or None,
                "booking": _booking(change.booking) if change.booking else None,
                "ipam": change.ipam,
            }
    return {key: value for key, value in found.items() if value is not None}


def from_document(document: Document) -> Change:
    """Return the change that a document describes.

    Raises:
        KeyError, TypeError, AttributeError: It describes none.
    """
    if "pool" in document:
        request = document.get("request")
        return PoolChange(
            pool=PoolId(document["pool"]["name"], document["pool"]["uid"]),
            resource_version=document.get("resourceVersion", ""),
            records=document.get("allocated", {}),
            history=document.get("allocatedHistory", {}),
            total=document.get("total"),
            available=document.get("available"),
            last_allocated=document.get("lastAllocated"),
            request=Request(request["value"]) if request else None,
        )
    target, booking = document["loadBalancer"], document.get("booking")
    value = booking["value"] if booking else None
    return LoadBalancerChange(
        load_balancer=LoadBalancerId(Owner(target["namespace"], target["name"]), target["uid"]),
        resource_version=document.get("resourceVersion", ""),
        touched=document.get("touched", ""),
        booking=Booking(Booked(**value) if value else None) if booking else None,
        ipam=document.get("ipam"),
    )


def _booking(booking: Booking) -> Document:
    value = booking.value
    if value is None:
        return {"value": None}
    return {
        "value": {
            "pool": value.pool,
            "ip": value.ip,
            "mask": value.mask,
            "gateway": value.gateway,
        }
    }
