"""The little world that is searched: two LoadBalancers, one or two pools of two addresses."""

from __future__ import annotations

from lbdoctor.cluster.api import GROUP, Manifest

API_VERSION = f"{GROUP}/v1beta1"
ANY = {"project": "*", "namespace": "*", "guestCluster": "*"}


def pool(name: str = "p", third: int = 0, priority: int = 0) -> Manifest:
    ends = {"rangeStart": f"10.0.{third}.2", "rangeEnd": f"10.0.{third}.3"}
    return {
        "apiVersion": API_VERSION,
        "kind": "IPPool",
        "metadata": {"name": name},
        "spec": {
            "ranges": [{"subnet": f"10.0.{third}.0/24", **ends}],
            "selector": {"priority": priority, "scope": [{**ANY, "namespace": "default"}]},
        },
    }


def lb(name: str, ipam: str = "pool") -> Manifest:
    return {
        "apiVersion": API_VERSION,
        "kind": "LoadBalancer",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"workloadType": "cluster"} | ({"ipam": ipam} if ipam else {}),
    }
