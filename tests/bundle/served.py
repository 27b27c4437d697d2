"""Manifests behind the paths of an API server, for bundles of no real cluster."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from lbdoctor.cluster.api import RESOURCES, Resource
from lbdoctor.cluster.files import kind_of
from lbdoctor.domain.refs import Kind

Manifest = dict[str, Any]

CONFIG = {"apiVersion": "v1", "kind": "ConfigMap"}
DEFINITION = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
HARVESTER = {"apiVersion": "harvesterhci.io/v1beta1", "kind": "Addon"}


class Served:
    """Answers GETs out of manifests; paths in ``failing`` are forbidden.

    Every namespace holds a ConfigMap, as in any real cluster.
    """

    def __init__(self, manifests: Iterable[Manifest], *, version: str = "v1beta1") -> None:
        self._manifests = list(manifests)
        self._resources = [
            Resource(item.kind, item.group, version, item.plural, namespaced=item.namespaced)
            if item.group == "loadbalancer.harvesterhci.io"
            else item
            for item in RESOURCES.values()
        ]
        self.failing: set[str] = set()

    def __call__(self, path: str) -> tuple[int, str]:
        if path in self.failing:
            return 403, json.dumps({"kind": "Status", "message": "it is forbidden"})
        return 200, json.dumps(self._answer(path), separators=(",", ":"))

    def _answer(self, path: str) -> Manifest:
        if path == "/apis":
            versions = dict.fromkeys(f"{r.group}/{r.version}" for r in self._resources if r.group)
            all_of_them = (*versions, HARVESTER["apiVersion"], DEFINITION["apiVersion"])
            return {
                "groups": [{"preferredVersion": {"groupVersion": item}} for item in all_of_them]
            }
        parts = path.split("/")
        if path == "/api/v1" or (path.startswith("/apis/") and len(parts) == 4):
            return {"resources": list(self._discovered("/".join(parts[2:])))}
        plural = parts[-1]
        namespace = parts[-2] if parts[-3:-2] == ["namespaces"] else ""
        return {
            "metadata": {"continue": "", "resourceVersion": "7"},
            "items": self._items(plural, namespace),
        }

    def _discovered(self, api_version: str) -> Iterable[Manifest]:
        for item in self._resources:
            if api_version in (
                f"{item.group}/{item.version}",
                item.version if not item.group else "",
            ):
                yield {"name": item.plural, "kind": str(item.kind), "namespaced": item.namespaced}
        if api_version == "v1":
            yield {"name": "configmaps", "kind": "ConfigMap", "namespaced": True}
        if api_version == DEFINITION["apiVersion"]:
            name = "customresourcedefinitions"
            yield {"name": name, "kind": DEFINITION["kind"], "namespaced": False}
        if api_version == HARVESTER["apiVersion"]:
            yield {"name": "addons", "kind": "Addon", "namespaced": True}

    def _items(self, plural: str, namespace: str) -> list[Manifest]:
        if plural == "customresourcedefinitions":
            ours = [item for item in self._resources if "." in item.group.removesuffix(".k8s.io")]
            return [{"metadata": {"name": f"{item.plural}.{item.group}"}} for item in ours]
        namespaces = {
            item["metadata"]["name"] for item in self._manifests if kind_of(item) is Kind.NAMESPACE
        }
        if plural == "configmaps":
            meta = {"name": "kube-root-ca.crt", "namespace": namespace}
            return [{"metadata": meta}] if namespace in namespaces else []
        if plural == "addons":
            meta = {"name": "vm-import-controller", "namespace": namespace}
            return [{"metadata": meta}] if namespace == "harvester-system" else []
        wanted = {item.plural: item.kind for item in self._resources}[plural]
        return [
            item
            for item in self._manifests
            if kind_of(item) is wanted and namespace in ("", item["metadata"].get("namespace"))
        ]
