"""What the tests of repairs set up, and what has to hold whatever happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.harvester import FINALIZER, GROUP, LONG_AGO, lb_path, pool_path
from tests.apiserver.resources import IP_POOL, LOAD_BALANCER, Manifest

CONTROLLER: Final = "harvester-load-balancer"


def deploy(plane: ControlPlane, tag: str) -> None:
    """Say which version of the controller runs."""
    plane.namespace("harvester-system")
    container = {"name": "lb", "image": f"rancher/harvester-load-balancer:{tag}"}
    labels = {"app": CONTROLLER}
    plane.api.create(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"namespace": "harvester-system", "name": CONTROLLER},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            },
            "status": {"replicas": 1, "readyReplicas": 1, "availableReplicas": 1},
        }
    )


def pool(
    name: str, allocated: Mapping[str, str] | None = None, *, subnet: str = "10.9.0.0/24"
) -> Manifest:
    """Return an IPv4 pool (a /24 or a /16) that LoadBalancers name, with right counters."""
    records = dict(allocated or {})
    total = 65533 if subnet.endswith("/16") else 253
    return {
        "apiVersion": f"{GROUP}/v1beta1",
        "kind": "IPPool",
        "metadata": {"name": name, "labels": {f"{GROUP}/global-ip-pool": "false"}},
        "spec": {
            "ranges": [{"subnet": subnet}],
            "selector": {"priority": int(subnet.split(".")[1])},
        },
        "status": {
            "total": total,
            "available": total - len(records),
            "lastAllocated": "",
            "allocated": records,
        },
    }


def load_balancer(name: str, pool_name: str, ip: str = "", stuck_on: str = "") -> Manifest:
    """Return a LoadBalancer of namespace default: booked, stuck for long, or new."""
    manifest: Manifest = {
        "apiVersion": f"{GROUP}/v1beta1",
        "kind": "LoadBalancer",
        "metadata": {"namespace": "default", "name": name, "finalizers": [FINALIZER]},
        "spec": {"ipam": "pool", "ipPool": pool_name, "workloadType": "cluster"},
    }
    if ip:
        manifest["status"] = {
            "address": ip,
            "allocatedAddress": {"ipPool": pool_name, "ip": ip, "mask": "255.255.255.0"},
            "conditions": [{"type": "Ready", "status": "True", "lastUpdateTime": LONG_AGO}],
        }
    if stuck_on:
        text = (
            f"{stuck_on} has been allocated to default/{name}, duplicate allocation is not allowed"
        )
        manifest["status"] = {
            "allocatedAddress": {},
            "conditions": [
                {"type": "Ready", "status": "False", "lastUpdateTime": LONG_AGO, "message": text}
            ],
        }
    return manifest


def records(plane: ControlPlane, name: str) -> dict[str, str]:
    status = plane.api.get(pool_path(name))["status"]
    return dict(status.get("allocated") or {})


def booking(plane: ControlPlane, name: str) -> str:
    """Return the address that a LoadBalancer of namespace default has."""
    status = plane.api.get(lb_path("default", name)).get("status") or {}
    return str((status.get("allocatedAddress") or {}).get("ip") or "")


def version(plane: ControlPlane, path: str) -> str:
    return str(plane.api.get(path)["metadata"]["resourceVersion"])


def assert_whole(plane: ControlPlane) -> None:
    """No LoadBalancer is booked without its record, no two on one address, counters fit."""
    # LoadBalancers first: a record is written before its booking, and may be so just now.
    balancers = plane.api.get(LOAD_BALANCER.everywhere)["items"]
    pools = {
        item["metadata"]["name"]: item["status"]
        for item in plane.api.get(IP_POOL.everywhere)["items"]
    }
    booked: Counter[tuple[str, str]] = Counter()
    for lb in balancers:
        owner = f"{lb['metadata']['namespace']}/{lb['metadata']['name']}"
        at = (lb.get("status") or {}).get("allocatedAddress") or {}
        if at.get("ip"):
            booked[at["ipPool"], at["ip"]] += 1
            held = pools[at["ipPool"]].get("allocated") or {}
            assert held.get(at["ip"]) == owner, f"{owner} is booked on {at} without its record"
    assert [where for where, count in booked.items() if count > 1] == []
    for name, status in pools.items():
        left = status["total"] - len(status.get("allocated") or {})
        assert status["available"] == left, f"the counters of {name} do not fit"


def assert_all_booked(plane: ControlPlane) -> None:
    """Every LoadBalancer has an address, on a record of its own."""
    assert_whole(plane)
    for lb in plane.api.get(LOAD_BALANCER.everywhere)["items"]:
        assert lb["status"]["allocatedAddress"].get("ip"), lb["metadata"]["name"]
