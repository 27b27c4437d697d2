"""From manifests to values: the only file that knows the names of fields.

Source of the fields: load-balancer-harvester pkg/apis/loadbalancer.harvesterhci.io and crds/,
as of August 2026; cloud-provider-harvester pkg/utils/consts.go for the annotations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache

from lbdoctor.cluster.api import Manifest
from lbdoctor.cluster.fields import Fields, MalformedError, parse_time
from lbdoctor.domain import keys
from lbdoctor.domain.controller import Controller
from lbdoctor.domain.loadbalancers import Booking, LoadBalancer, Service
from lbdoctor.domain.pools import Condition, IPPool, Range, Record, Scope
from lbdoctor.domain.refs import Kind

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def ip_pool(manifest: Manifest) -> IPPool:
    """Return the pool that a manifest describes.

    Raises:
        MalformedError: A field is not what the API prescribes.
    """
    root = Fields(manifest)
    meta, spec, status = root.map("metadata"), root.map("spec"), root.map("status")
    selector, annotations, name = spec.map("selector"), meta.map("annotations"), _name(meta)
    return IPPool(
        name=name,
        uid=meta.text("uid"),
        resource_version=meta.text("resourceVersion"),
        created_at=meta.time("creationTimestamp"),
        deleted_at=meta.time("deletionTimestamp"),
        ranges=tuple(_range(item) for item in spec.maps("ranges")),
        priority=selector.integer("priority"),
        network=selector.text("network"),
        scopes=tuple(_scope(item) for item in selector.maps("scope")),
        has_status="status" in root,
        total=status.integer("total"),
        available=status.integer("available"),
        last_allocated=status.text("lastAllocated"),
        records=_records(name, status, "allocated"),
        history=_records(name, status, "allocatedHistory"),
        global_label=meta.map("labels").optional_text(keys.GLOBAL_LABEL),
        release_request=annotations.optional_text(keys.RELEASE_ANNOTATION),
        ignore_reason=annotations.optional_text(keys.IGNORE_ANNOTATION),
    )


def load_balancer(manifest: Manifest) -> LoadBalancer:
    """Return the LoadBalancer that a manifest of v1beta1 or v1alpha1 describes.

    Raises:
        MalformedError: A field is not what the API prescribes.
    """
    root = Fields(manifest)
    meta, spec, status = root.map("metadata"), root.map("spec"), root.map("status")
    annotations = meta.map("annotations")
    return LoadBalancer(
        namespace=_namespace(meta),
        name=_name(meta),
        uid=meta.text("uid"),
        resource_version=meta.text("resourceVersion"),
        created_at=meta.time("creationTimestamp"),
        deleted_at=meta.time("deletionTimestamp"),
        finalizers=meta.texts("finalizers"),
        workload_type=spec.text("workloadType"),
        ipam=spec.text("ipam"),
        ip_pool=spec.text("ipPool"),
        network=annotations.text(keys.NETWORK_ANNOTATION),
        project=annotations.text(keys.PROJECT_ANNOTATION),
        scope_namespace=annotations.text(keys.NAMESPACE_ANNOTATION),
        guest_cluster=annotations.text(keys.CLUSTER_ANNOTATION),
        booking=_booking(status.map("allocatedAddress")),
        address=status.text("address"),
        ready=_ready(status),
        ignore_reason=annotations.optional_text(keys.IGNORE_ANNOTATION),
        is_v1alpha1=root.text("apiVersion").endswith("/v1alpha1"),
    )


def service(manifest: Manifest) -> Service | None:
    """Return a Service of type LoadBalancer; None for any other type."""
    root = Fields(manifest)
    meta, spec = root.map("metadata"), root.map("spec")
    if spec.text("type") != "LoadBalancer":
        return None
    ingress = root.map("status").map("loadBalancer").maps("ingress")
    return Service(
        namespace=_namespace(meta),
        name=_name(meta),
        load_balancer_ip=spec.text("loadBalancerIP"),
        ingress=tuple(text for item in ingress if (text := item.text("ip"))),
        announced=meta.map("annotations").text(keys.ANNOUNCED_ANNOTATION),
    )


def controller(
    deployment: Manifest | None, lease: Manifest | None, slices: Sequence[Manifest]
) -> Controller:
    """Return what three objects tell about the controller; what is None is unknown."""
    spec = Fields(lease).map("spec")
    return Controller(
        tag=_tag(deployment) if deployment else "",
        available=_is_available(deployment) if deployment else None,
        lease_renewed_at=spec.time("renewTime"),
        lease_seconds=spec.integer("leaseDurationSeconds") or Controller().lease_seconds,
        webhook_ready=_has_ready_endpoint(slices) if slices else None,
    )


def namespaced_name(manifest: object) -> tuple[str, str]:
    """Return namespace and name as far as they can be read, for naming a bad object."""
    meta = manifest.get("metadata") if isinstance(manifest, dict) else None
    if not isinstance(meta, dict):
        return "", ""
    namespace, name = meta.get("namespace"), meta.get("name")
    return (
        namespace if isinstance(namespace, str) else "",
        name if isinstance(name, str) else "",
    )


def times(manifest: Manifest) -> Iterator[datetime]:
    """Yield every time that an object names: when it was made, changed or deleted."""
    for path in (
        ("metadata", "creationTimestamp"),
        ("metadata", "deletionTimestamp"),
        ("metadata", "managedFields", "time"),
        ("status", "conditions", "lastUpdateTime"),
        ("status", "conditions", "lastTransitionTime"),
        ("spec", "renewTime"),
    ):
        for value in _values(manifest, path):
            found = parse_time(value) if isinstance(value, str) else None
            if found is not None:
                yield found


def lightened(manifest: Manifest) -> Manifest:
    """Take away, from a manifest of any kind, the bulk that nobody reads: it is there twice."""
    meta = manifest.get("metadata")
    if isinstance(meta, dict):
        meta.pop("managedFields", None)
        if isinstance(meta.get("annotations"), dict):
            meta["annotations"].pop(LAST_APPLIED, None)
    return manifest


def trimmed(kind: Kind, manifest: Manifest) -> Manifest:
    """Return a copy without what lbdoctor does not read.

    That is managedFields, and for kinds that are not Harvester's all but the fields above.
    """
    copy = dict(manifest)
    if isinstance(copy.get("metadata"), dict):
        copy["metadata"] = _trimmed_metadata(kind, copy["metadata"])
    match kind:
        case Kind.SERVICE:
            copy["spec"] = _only(copy.get("spec"), {"type", "loadBalancerIP"})
        case Kind.NETWORK | Kind.NAMESPACE:
            copy = _only(copy, {"apiVersion", "kind", "metadata"})
        case Kind.DEPLOYMENT:
            copy["spec"] = {"template": {"spec": {"containers": _images(manifest)}}}
            copy["status"] = _only(copy.get("status"), {"availableReplicas", "replicas"})
        case _:
            pass
    return copy


def _trimmed_metadata(kind: Kind, metadata: Manifest) -> Manifest:
    meta = {key: value for key, value in metadata.items() if key != "managedFields"}
    if kind not in (Kind.IP_POOL, Kind.LOAD_BALANCER):
        meta = _only(meta, {"name", "namespace", "labels", "annotations", "creationTimestamp"})
    if isinstance(meta.get("annotations"), dict):
        ours = kind in (Kind.IP_POOL, Kind.LOAD_BALANCER)
        meta["annotations"] = {
            key: value
            for key, value in meta["annotations"].items()
            if key == keys.ANNOUNCED_ANNOTATION or (ours and key != LAST_APPLIED)
        }
    return {key: value for key, value in meta.items() if value not in ({}, None)}


def _name(meta: Fields) -> str:
    name = meta.text("name")
    if not name:
        raise MalformedError("metadata.name is missing")
    return name


def _namespace(meta: Fields) -> str:
    namespace = meta.text("namespace")
    if not namespace:
        raise MalformedError("metadata.namespace is missing")
    return namespace


def _range(item: Fields) -> Range:
    return Range(
        item.text("subnet"), item.text("rangeStart"), item.text("rangeEnd"), item.text("gateway")
    )


def _scope(item: Fields) -> Scope:
    return Scope(item.text("project"), item.text("namespace"), item.text("guestCluster"))


def _records(pool: str, status: Fields, key: str) -> tuple[Record, ...]:
    return tuple(_record(pool, ip, owner) for ip, owner in status.text_map(key))


@lru_cache(maxsize=1 << 17)
def _record(pool: str, ip: str, owner: str) -> Record:
    """Return the record of an earlier reading where it has not changed: nearly all have not."""
    return Record(pool, ip, owner)


def _booking(allocated: Fields) -> Booking | None:
    pool, ip = allocated.text("ipPool"), allocated.text("ip")
    if not pool and not ip:
        return None
    return Booking(pool, ip, allocated.text("mask"), allocated.text("gateway"))


def _ready(status: Fields) -> Condition | None:
    for item in status.maps("conditions"):
        if item.text("type") == "Ready":
            return Condition(item.text("status"), item.text("message"), item.time("lastUpdateTime"))
    return None


def _images(manifest: Manifest) -> list[Manifest]:
    pod = Fields(manifest).map("spec").map("template").map("spec")
    return [{"image": item.text("image")} for item in pod.maps("containers")]


def _tag(deployment: Manifest) -> str:
    """Return the tag of the first image, without a digest."""
    for container in _images(deployment):
        name = container["image"].partition("@")[0].rpartition("/")[2]
        return str(name.partition(":")[2])
    return ""


def _is_available(deployment: Manifest) -> bool:
    return Fields(deployment).map("status").integer("availableReplicas") > 0


def _has_ready_endpoint(slices: Sequence[Manifest]) -> bool:
    return any(
        endpoint.map("conditions").flag("ready") is not False
        for item in slices
        for endpoint in Fields(item).maps("endpoints")
    )


def _only(data: object, keys: set[str]) -> Manifest:
    return (
        {key: value for key, value in data.items() if key in keys} if isinstance(data, dict) else {}
    )


def _values(data: object, path: tuple[str, ...]) -> Iterator[object]:
    """Yield what stands at a path, through lists too."""
    if isinstance(data, list):
        for item in data:
            yield from _values(item, path)
    elif not path:
        yield data
    elif isinstance(data, dict) and path[0] in data:
        yield from _values(data[path[0]], path[1:])
