"""A snapshot that notes what kinds of object a rule looks at."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

from lbdoctor.domain.controller import Controller
from lbdoctor.domain.refs import Kind
from lbdoctor.domain.snapshot import Snapshot

KIND_OF: Final = {
    "ip_pools": Kind.IP_POOL,
    "load_balancers": Kind.LOAD_BALANCER,
    "services": Kind.SERVICE,
    "networks": Kind.NETWORK,
    "tag": Kind.DEPLOYMENT,
    "available": Kind.DEPLOYMENT,
    "lease_renewed_at": Kind.LEASE,
    "lease_seconds": Kind.LEASE,
    "webhook_ready": Kind.ENDPOINT_SLICE,
}
READ: set[Kind] = set()
"""What was read since it was cleared last."""


def _note(name: str) -> None:
    if kind := KIND_OF.get(name):
        READ.add(kind)


class SpyController(Controller):
    def __getattribute__(self, name: str) -> Any:
        _note(name)
        return super().__getattribute__(name)


class SpySnapshot(Snapshot):
    """Its indexes read its fields, so that every accessor tells in the end."""

    def __getattribute__(self, name: str) -> Any:
        _note(name)
        return super().__getattribute__(name)


def spied(snapshot: Snapshot) -> SpySnapshot:
    values = {item.name: getattr(snapshot, item.name) for item in fields(Snapshot) if item.init}
    told = {item.name: getattr(snapshot.controller, item.name) for item in fields(Controller)}
    return SpySnapshot(**{**values, "controller": SpyController(**told)})
