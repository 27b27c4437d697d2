"""Objects to write, and what a test compares of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lbdoctor.cluster.api import GROUP, Manifest, Unwritten, WritableApi, WriteError
from lbdoctor.domain.refs import Kind

API_VERSION = f"{GROUP}/v1beta1"


def lb(name: str = "web", namespace: str = "default", **more: object) -> Manifest:
    return {
        "apiVersion": API_VERSION,
        "kind": "LoadBalancer",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"ipam": "pool", "workloadType": "cluster"},
        **more,
    }


def pool(name: str = "edge", **status: object) -> Manifest:
    return {
        "apiVersion": API_VERSION,
        "kind": "IPPool",
        "metadata": {"name": name},
        "spec": {"ranges": [{"subnet": "10.0.0.0/24"}]},
        "status": {"total": 253, "available": 253, "lastAllocated": "", **status},
    }


def put_lb(api: WritableApi, name: str = "web", **more: object) -> Manifest:
    return api.create(Kind.LOAD_BALANCER, lb(name) | more)


def stored(api: WritableApi, name: str = "web") -> Manifest:
    found = api.get(Kind.LOAD_BALANCER, name, "default")
    assert found is not None
    return found


def version(manifest: Manifest) -> str:
    return str(manifest["metadata"]["resourceVersion"])


def generation(manifest: Manifest) -> int:
    return int(manifest["metadata"]["generation"])


def names(manifests: list[Manifest]) -> list[str]:
    return [item["metadata"]["name"] for item in manifests]


def annotate(api: WritableApi, value: str, name: str = "web", **meta: object) -> Manifest:
    body = {"metadata": {"annotations": {"a": value}, **meta}}
    return api.patch(Kind.LOAD_BALANCER, name, "default", body=body)


def refused(why: Unwritten, write: Callable[[], object], match: str | None = None) -> None:
    with pytest.raises(WriteError, match=match) as caught:
        write()
    assert caught.value.why is why
