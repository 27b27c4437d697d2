"""The kinds that the tests use, and their paths on the API server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind that the server knows; objects may name another version of it."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool = True
    has_status: bool = False
    """Status is a subresource, so that a create drops it."""

    @property
    def group(self) -> str:
        return self.api_version.rpartition("/")[0]

    @property
    def everywhere(self) -> str:
        """The path that lists it in all namespaces."""
        return self.collection()

    def collection(self, namespace: str | None = None, *, api_version: str | None = None) -> str:
        version = api_version or self.api_version
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        within = f"/namespaces/{namespace}" if namespace and self.namespaced else ""
        return f"{root}{within}/{self.plural}"


HARVESTER = "loadbalancer.harvesterhci.io"
LOAD_BALANCER = Resource(f"{HARVESTER}/v1beta1", "LoadBalancer", "loadbalancers")
IP_POOL = Resource(f"{HARVESTER}/v1beta1", "IPPool", "ippools", namespaced=False)
NETWORK = Resource(
    "k8s.cni.cncf.io/v1", "NetworkAttachmentDefinition", "network-attachment-definitions"
)
NAMESPACE = Resource("v1", "Namespace", "namespaces", namespaced=False)
CRD = Resource(
    "apiextensions.k8s.io/v1",
    "CustomResourceDefinition",
    "customresourcedefinitions",
    namespaced=False,
)
_RBAC = "rbac.authorization.k8s.io/v1"
_ADMISSION = "admissionregistration.k8s.io/v1"
CLUSTER_ROLE = Resource(_RBAC, "ClusterRole", "clusterroles", namespaced=False)
CLUSTER_ROLE_BINDING = Resource(
    _RBAC, "ClusterRoleBinding", "clusterrolebindings", namespaced=False
)

EMPTIED: tuple[Resource, ...] = (
    Resource(
        _ADMISSION,
        "ValidatingWebhookConfiguration",
        "validatingwebhookconfigurations",
        namespaced=False,
    ),
    Resource(
        _ADMISSION,
        "MutatingWebhookConfiguration",
        "mutatingwebhookconfigurations",
        namespaced=False,
    ),
    LOAD_BALANCER,
    IP_POOL,
    NETWORK,
    Resource("v1", "Service", "services", has_status=True),
    Resource("apps/v1", "Deployment", "deployments", has_status=True),
    Resource("coordination.k8s.io/v1", "Lease", "leases"),
    Resource("discovery.k8s.io/v1", "EndpointSlice", "endpointslices"),
    Resource("v1", "ConfigMap", "configmaps"),
    Resource("v1", "Secret", "secrets"),
    Resource("v1", "ServiceAccount", "serviceaccounts"),
    Resource("v1", "Event", "events"),
    Resource(_RBAC, "RoleBinding", "rolebindings"),
    Resource(_RBAC, "Role", "roles"),
    CLUSTER_ROLE_BINDING,
    CLUSTER_ROLE,
)
"""What a test may leave behind, in the order in which it goes: first what could refuse the rest."""

_KNOWN: Mapping[tuple[str, str], Resource] = {
    (resource.group, resource.kind): resource for resource in (*EMPTIED, NAMESPACE, CRD)
}


def resource_of(manifest: Manifest) -> Resource:
    """Find the kind of a manifest.

    Raises:
        LookupError: the tests do not know that kind.
    """
    group = manifest["apiVersion"].rpartition("/")[0]
    try:
        return _KNOWN[group, manifest["kind"]]
    except KeyError:
        raise LookupError(f"unknown kind {manifest['apiVersion']} {manifest['kind']}") from None


def collection_of(manifest: Manifest) -> str:
    """Return the path that creates a manifest, in the version that it names."""
    namespace = manifest["metadata"].get("namespace", "default")
    return resource_of(manifest).collection(namespace, api_version=manifest["apiVersion"])


def path_of(manifest: Manifest) -> str:
    return f"{collection_of(manifest)}/{manifest['metadata']['name']}"
