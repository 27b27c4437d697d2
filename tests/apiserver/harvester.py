"""Harvester's objects as the tests of this directory write them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import yaml

from tests.apiserver.client import Api, ApiError
from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.resources import Manifest

GROUP: Final = "loadbalancer.harvesterhci.io"
STUCK: Final = Path(__file__).parents[1] / "data" / "stuck-v0.4.0"
LONG_AGO: Final = "2026-01-01T00:00:00Z"
FINALIZER: Final = "wrangler.cattle.io/harvester-lb-controller"


def pool_path(name: str) -> str:
    return f"/apis/{GROUP}/v1beta1/ippools/{name}"


def lb_path(namespace: str, name: str) -> str:
    return f"/apis/{GROUP}/v1beta1/namespaces/{namespace}/loadbalancers/{name}"


def pool(
    name: str, allocated: dict[str, str] | None = None, *, third: int = 9, network: str = ""
) -> Manifest:
    """Return a /16 pool with right counters, for LoadBalancers that name it."""
    records = allocated or {}
    return {
        "apiVersion": f"{GROUP}/v1beta1",
        "kind": "IPPool",
        "metadata": {"name": name, "labels": {f"{GROUP}/global-ip-pool": "false"}},
        "spec": {
            "ranges": [{"subnet": f"10.{third}.0.0/16"}],
            "selector": {"network": network, "priority": third},
        },
        "status": {
            "total": 65533,
            "available": 65533 - len(records),
            "lastAllocated": "",
            "allocated": records,
        },
    }


def booked(namespace: str, name: str, pool_name: str, ip: str) -> Manifest:
    """Return a LoadBalancer that has its address since long."""
    return {
        "apiVersion": f"{GROUP}/v1beta1",
        "kind": "LoadBalancer",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {"ipam": "pool", "ipPool": pool_name, "workloadType": "cluster"},
        "status": {
            "address": ip,
            "allocatedAddress": {"ipPool": pool_name, "ip": ip, "mask": "255.255.0.0"},
            "conditions": [{"type": "Ready", "status": "True", "lastUpdateTime": LONG_AGO}],
        },
    }


def load_stuck(plane: ControlPlane) -> None:
    """Create the captured stuck objects on the server."""
    for file in sorted(STUCK.glob("*.yaml")):
        for item in yaml.safe_load(file.read_text(encoding="utf-8"))["items"]:
            plane.api.create(item)


def patch_pool(api: Api, name: str, change: dict[str, object]) -> None:
    """Patch a pool's status as the controller does: read, change, write with the version."""
    while True:
        current = api.get(pool_path(name))
        status = dict(current["status"])
        for key in ("allocated", "allocatedHistory"):
            entries = {**(status.get(key) or {}), **(change.get(key) or {})}  # type: ignore[dict-item]
            status[key] = {ip: owner for ip, owner in entries.items() if owner is not None}
        status["available"] = status["total"] - len(status["allocated"])
        current["status"] = status
        answer = api.request("PUT", pool_path(name), current)
        if answer.status == 200:
            return
        if answer.status != 409:
            raise ApiError(f"PUT {pool_path(name)}", answer)
