"""Manifests with defaults, so that a test names only what it is about."""

from __future__ import annotations

import json
from typing import Any

Manifest = dict[str, Any]

GROUP = "loadbalancer.harvesterhci.io"
V1 = f"{GROUP}/v1beta1"
TIME = "2026-08-20T10:00:00Z"
EARLIER = "2026-08-20T09:00:00Z"


def pool(
    name: str = "p1",
    allocated: dict[str, str] | None = None,
    *,
    net: str = "10.0.0",
    **status: Any,
) -> Manifest:
    """Return a healthy pool of a /24 with these records."""
    records = allocated or {}
    return {
        "apiVersion": V1,
        "kind": "IPPool",
        "metadata": {"name": name, "uid": f"uid-{name}", "creationTimestamp": EARLIER},
        "spec": {
            "ranges": [{"subnet": f"{net}.0/24", "gateway": f"{net}.1"}],
            "selector": {"scope": [{"project": "*", "namespace": "a", "guestCluster": "*"}]},
        },
        "status": {
            "total": 253,
            "available": 253 - len(records),
            "lastAllocated": next(reversed(records), ""),
            "allocated": records,
            "conditions": [{"type": "Ready", "status": "True", "lastUpdateTime": EARLIER}],
            **status,
        },
    }


def lb(name: str = "web", namespace: str = "a", *, ip: str = "", pool_name: str = "p1") -> Manifest:
    """Return a LoadBalancer, booked on ``ip`` if there is one."""
    booking = {"ipPool": pool_name, "ip": ip} if ip else {}
    ready = {"type": "Ready", "status": str(bool(ip)), "lastUpdateTime": EARLIER}
    return {
        "apiVersion": V1,
        "kind": "LoadBalancer",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"uid-{namespace}-{name}",
            "creationTimestamp": EARLIER,
            "finalizers": ["wrangler.cattle.io/harvester-lb-controller"],
        },
        "spec": {"ipam": "pool", "ipPool": pool_name, "workloadType": "cluster"},
        "status": {"address": ip, "allocatedAddress": booking, "conditions": [ready]},
    }


def service(name: str = "web", namespace: str = "a", ip: str = "10.0.0.5") -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"type": "LoadBalancer", "loadBalancerIP": ip},
        "status": {"loadBalancer": {"ingress": [{"ip": ip}]}},
    }


def deployment(tag: str = "v1.5.1") -> Manifest:
    image = f"rancher/harvester-load-balancer:{tag}"
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "harvester-load-balancer", "namespace": "harvester-system"},
        "spec": {"template": {"spec": {"containers": [{"name": "apiserver", "image": image}]}}},
        "status": {"replicas": 1, "availableReplicas": 1},
    }


def endpoint_slice(*, ready: bool = True) -> Manifest:
    name = "harvester-load-balancer-webhook"
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{name}-x7",
            "namespace": "harvester-system",
            "labels": {"kubernetes.io/service-name": name},
        },
        "endpoints": [{"conditions": {"ready": ready}}],
    }


def lease(renewed: str = TIME) -> Manifest:
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "harvester-load-balancer", "namespace": "kube-system"},
        "spec": {"renewTime": renewed, "leaseDurationSeconds": 45},
    }


def network(name: str = "vlan1", namespace: str = "nets") -> Manifest:
    return {
        "apiVersion": "k8s.cni.cncf.io/v1",
        "kind": "NetworkAttachmentDefinition",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"config": "{}"},
    }


def namespace(name: str = "a") -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def healthy() -> list[Manifest]:
    return [pool(allocated={"10.0.0.5": "a/web"}), lb(ip="10.0.0.5")]


def stale(count: int = 1) -> list[Manifest]:
    """Return a pool that holds so many addresses for nobody, and a healthy LoadBalancer."""
    records = {f"10.0.0.{10 + index}": f"a/gone-{index}" for index in range(count)}
    return [pool(allocated={"10.0.0.5": "a/web", **records}), lb(ip="10.0.0.5")]


def listed(objects: list[Manifest], **more: Any) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects, **more})


def stream(objects: list[Manifest]) -> str:
    """Return JSON values one after the other, as YAML documents could be."""
    return "\n".join(json.dumps(item) for item in objects)
