"""Pools and LoadBalancers like those of a real cluster, as many as asked for.

A namespace and a pool for each thousand: 998 LoadBalancers are booked, one is stuck on its own
record, one record is stale. Texts are made from templates, so that a hundred thousand of them
take seconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from string import Template
from typing import Any, Final

Manifest = dict[str, Any]
Dump = Callable[[Manifest], str]

GROUP: Final = "loadbalancer.harvesterhci.io"
PER_POOL: Final = 1000
MADE: Final = "2026-01-01T00:00:00Z"
CHANGED: Final = "2026-02-01T00:00:00Z"
"""A month later: the time of a file is the latest in it, and stuck is only what is old."""

STUCK: Final = 1
"""The number, within its pool, of the LoadBalancer that is stuck."""

STALE: Final = 0
"""The number of the record whose LoadBalancer is gone."""


def pools(size: int) -> Iterator[Manifest]:
    """Yield a pool for each thousand LoadBalancers."""
    for number in range(size // PER_POOL):
        yield _pool(number)


def load_balancers(size: int, dump: Dump = json.dumps) -> Iterator[tuple[str, str, str]]:
    """Yield namespace, name and text of each LoadBalancer, in the order of their names."""
    booked = Template(dump(_load_balancer(is_booked=True)))
    stuck = Template(dump(_load_balancer(is_booked=False)))
    for number in range(size):
        within = number % PER_POOL
        if within == STALE:
            continue
        pool = number // PER_POOL
        names = {
            "namespace": _namespace(pool),
            "name": _name(within),
            "pool": _pool_name(pool),
            "ip": _address(pool, within),
            "number": f"{number:012d}",
        }
        text = (stuck if within == STUCK else booked).substitute(names)
        yield names["namespace"], names["name"], text


def expected(size: int) -> dict[str, list[str]]:
    """Return the owners that a scan has to find, by code."""
    numbers = range(size // PER_POOL)
    return {
        "LBD101": [f"{_namespace(pool)}/{_name(STALE)}" for pool in numbers],
        "LBD201": [f"{_namespace(pool)}/{_name(STUCK)}" for pool in numbers],
    }


def namespaces(size: int) -> list[str]:
    return [_namespace(pool) for pool in range(size // PER_POOL)]


def _namespace(pool: int) -> str:
    return f"team-{pool:03d}"


def _name(within: int) -> str:
    return f"kubernetes-default-ingress-nginx-controller-{within:08x}"


def _pool_name(pool: int) -> str:
    return f"pool-{pool:03d}"


def _address(pool: int, within: int) -> str:
    """Return an address of the pool's /20, of which Harvester leaves out the first and last."""
    host = within + 2
    return f"10.{pool // 16}.{pool % 16 * 16 + host // 256}.{host % 256}"


def _pool(number: int) -> Manifest:
    records = {
        _address(number, within): f"{_namespace(number)}/{_name(within)}"
        for within in range(PER_POOL)
    }
    subnet = f"10.{number // 16}.{number % 16 * 16}.0/20"
    scope = {"project": "*", "namespace": _namespace(number), "guestCluster": "*"}
    total = 4096 - 3
    return {
        "apiVersion": f"{GROUP}/v1beta1",
        "kind": "IPPool",
        "metadata": {
            "creationTimestamp": MADE,
            "finalizers": ["wrangler.cattle.io/harvester-ipam-controller"],
            "generation": 2001,
            "labels": {f"{GROUP}/global-ip-pool": "false", f"{GROUP}/vid": "0"},
            "name": _pool_name(number),
            "uid": f"0b8f7c1e-0000-4000-8000-{number:012d}",
        },
        "spec": {
            "ranges": [{"gateway": f"{subnet.rpartition('.')[0]}.1", "subnet": subnet}],
            "selector": {"priority": number + 1, "scope": [scope]},
        },
        "status": {
            "allocated": records,
            "available": total - len(records),
            "conditions": [{"lastUpdateTime": MADE, "status": "True", "type": "Ready"}],
            "lastAllocated": _address(number, PER_POOL - 1),
            "total": total,
        },
    }


def _load_balancer(*, is_booked: bool) -> Manifest:
    """Return a LoadBalancer of a guest cluster, with ``$name`` and the like for what varies."""
    failed = (
        "allocate ip for lb $namespace/$name failed, error: $ip has been allocated to "
        "$namespace/$name, duplicate allocation is not allowed"
    )
    booking = {"gateway": "10.0.0.1", "ip": "$ip", "ipPool": "$pool", "mask": "255.255.240.0"}
    ready = {"lastUpdateTime": MADE, "message": "", "status": "True", "type": "Ready"}
    if not is_booked:
        ready |= {"message": failed, "status": "False"}
    return {
        "apiVersion": f"{GROUP}/v1beta1",
        "kind": "LoadBalancer",
        "metadata": {
            "annotations": {
                f"{GROUP}/cluster": "kubernetes",
                f"{GROUP}/namespace": "$namespace",
                f"{GROUP}/network": "",
                f"{GROUP}/project": "local/p-7kxzl",
            },
            "creationTimestamp": MADE,
            "finalizers": ["wrangler.cattle.io/harvester-lb-controller"],
            "generation": 4,
            "labels": {
                "cloudprovider.harvesterhci.io/cluster": "kubernetes",
                "cloudprovider.harvesterhci.io/serviceName": "ingress-nginx-controller",
                "cloudprovider.harvesterhci.io/serviceNamespace": "ingress-nginx",
            },
            "managedFields": _managed_fields(),
            "name": "$name",
            "namespace": "$namespace",
            "uid": "5fec9a35-ca9f-46cf-9799-$number",
        },
        "spec": {
            "description": "serves the ingress of the cluster kubernetes",
            "ipam": "pool",
            "listeners": [
                {"backendPort": 30080, "name": "http", "port": 80, "protocol": "TCP"},
                {"backendPort": 30443, "name": "https", "port": 443, "protocol": "TCP"},
            ],
            "workloadType": "cluster",
        },
        "status": {
            **({"address": "$ip", "allocatedAddress": booking} if is_booked else {}),
            "backendServers": ["10.240.0.11", "10.240.0.12", "10.240.0.13"],
            "conditions": [ready],
        },
    }


def _managed_fields() -> list[Manifest]:
    """Return what two field managers leave behind: the cloud provider and the controller."""
    labels = _names(
        *(f"cloudprovider.harvesterhci.io/{name}" for name in ("cluster", "serviceName")),
        "cloudprovider.harvesterhci.io/serviceNamespace",
    )
    annotations = _names(*(f"{GROUP}/{name}" for name in ("cluster", "namespace", "project")))
    listener = _names("backendPort", "name", "port", "protocol")
    condition = _names("lastUpdateTime", "message", "status", "type")
    booking = _names("gateway", "ip", "ipPool", "mask")
    return [
        _entry(
            "harvester-cloud-provider",
            {
                "f:metadata": {
                    "f:annotations": {".": {}, **annotations},
                    "f:labels": {".": {}, **labels},
                },
                "f:spec": {
                    ".": {},
                    "f:description": {},
                    "f:ipam": {},
                    "f:listeners": {
                        ".": {},
                        'k:{"port":80,"protocol":"TCP"}': {".": {}, **listener},
                        'k:{"port":443,"protocol":"TCP"}': {".": {}, **listener},
                    },
                    "f:workloadType": {},
                },
            },
        ),
        _entry(
            "load-balancer-controller",
            {
                "f:metadata": {
                    "f:finalizers": {".": {}, 'v:"wrangler.cattle.io/harvester-lb-controller"': {}}
                },
                "f:status": {
                    ".": {},
                    "f:address": {},
                    "f:allocatedAddress": {".": {}, **booking},
                    "f:backendServers": {},
                    "f:conditions": {".": {}, 'k:{"type":"Ready"}': {".": {}, **condition}},
                },
            },
        ),
    ]


def _names(*names: str) -> Manifest:
    return {f"f:{name}": {} for name in names}


def _entry(manager: str, fields: Manifest) -> Manifest:
    return {
        "apiVersion": f"{GROUP}/v1beta1",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
        "manager": manager,
        "operation": "Update",
        "time": CHANGED,
    }
