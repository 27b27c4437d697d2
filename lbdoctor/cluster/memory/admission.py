"""Harvester's admission webhook: what it changes in a write, and which writes it refuses.

Source: load-balancer-harvester pkg/webhook/ippool/{validator,mutator}.go and
pkg/webhook/loadbalancer/{validator,mutator}.go, as of v1.9.

Not here:
- the guest clusters' virtual machines, from which Harvester reads the network of a
  LoadBalancer, since v1.8 whether it may be created, and up to v0.4.0 whether it may be
  written to at all;
- the rules for health checks, and for listeners but that there is one;
- a LoadBalancer whose namespace is unknown: it has no project, where Harvester refuses it;
- the VLAN in the config of a network: its label tells, or else the pool has none;
- ranges as Harvester prints them, which is a dump of Go structs: here as ``first-last``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from lbdoctor.cluster import manifest as decode
from lbdoctor.cluster.api import Manifest
from lbdoctor.domain import keys
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import IPPool, Scope
from lbdoctor.domain.refs import Kind, parse_owner
from lbdoctor.ipam.admission import refusals
from lbdoctor.ipam.ranges import read_ranges
from lbdoctor.ipam.selection import Requirement, matches_scopes

WEBHOOK: Final = "harvester-system.harvester-load-balancer-webhook"
PROJECT: Final = "field.cattle.io/projectId"
VID: Final = f"{keys.GROUP}/vid"
VLAN: Final = "network.harvesterhci.io/vlan-id"


class Verb(StrEnum):
    """What a write does."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Request:
    """A write that asks to be admitted; ``old`` is None for a new object."""

    verb: Verb
    kind: Kind
    new: Manifest
    old: Manifest | None = None


class Lookup(Protocol):
    """What a webhook may read."""

    def find(self, kind: Kind, name: str, namespace: str = "") -> Manifest | None: ...

    def every(self, kind: Kind) -> Iterable[Manifest]: ...


class DeniedError(Exception):
    """The webhook says no; the text is Harvester's, inside the API server's."""

    def __init__(self, part: str, text: str) -> None:
        super().__init__(
            f'admission webhook "{part}.{WEBHOOK}" denied the request: '
            f"Internal error occurred: {text}"
        )


class HarvesterWebhook:
    """Mutates and validates IPPools and LoadBalancers; other kinds pass."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def admit(self, request: Request) -> Manifest:
        """Return the object as it is to be stored.

        Raises:
            DeniedError: The write is refused.
        """
        match request.kind, request.verb:
            case Kind.IP_POOL, Verb.DELETE:
                self._check_pool_deletion(request.new)
            case Kind.IP_POOL, _:
                return self._admit_pool(request)
            case Kind.LOAD_BALANCER, Verb.CREATE | Verb.UPDATE:
                return self._admit_load_balancer(request)
            case _:
                pass
        return request.new

    def _admit_pool(self, request: Request) -> Manifest:
        new = request.new
        if new["metadata"].get("deletionTimestamp"):
            return new
        pool = decode.ip_pool(new)
        prefix = f"can't {request.verb} IP pool {pool.name} because "
        labels = {
            VID: self._vid(pool, prefix),
            keys.GLOBAL_LABEL: "true" if pool.is_global_by_spec else "false",
        }
        if problem := next(self._pool_problems(pool, request.verb), ""):
            raise DeniedError("validator", prefix + problem)
        return _with_metadata(new, "labels", labels)

    def _vid(self, pool: IPPool, prefix: str) -> str:
        """Return the VLAN of the pool's network; ``0`` without one."""
        if not pool.network:
            return "0"
        named = parse_owner(pool.network)
        if named is None:
            raise DeniedError("mutator", f"{prefix}invalid network {pool.network}")
        network = self._lookup.find(Kind.NETWORK, named.name, named.namespace)
        if network is None:
            missing = f'network-attachment-definitions.k8s.cni.cncf.io "{named.name}" not found'
            raise DeniedError("mutator", prefix + missing)
        return str((network["metadata"].get("labels") or {}).get(VLAN, "0"))

    def _pool_problems(self, pool: IPPool, verb: Verb) -> Iterator[str]:
        """Yield what is wrong with a pool, in the order in which Harvester looks."""
        pools = [decode.ip_pool(item) for item in self._lookup.every(Kind.IP_POOL)]
        others = [other for other in pools if other.name != pool.name]
        for item in refusals(pool, others):
            if item.field == "spec.ranges":
                # Which pool it is, is lbdoctor's addition.
                yield item.text.partition(" (")[0]
        if verb is Verb.UPDATE:
            yield from _record_problems(pool)
        yield from _selector_problems(pool, others)

    def _check_pool_deletion(self, manifest: Manifest) -> None:
        pool = decode.ip_pool(manifest)
        if pool.records:
            text = "can't delete pool before releasing all the allocated IP"
            raise DeniedError("validator", text)

    def _admit_load_balancer(self, request: Request) -> Manifest:
        new = request.new
        if new["metadata"].get("deletionTimestamp"):
            return new
        lb = decode.load_balancer(new)
        prefix = f"{request.verb} loadbalancer {lb.owner} failed"
        if not lb.is_cluster and not new["spec"].get("listeners"):
            text = f"{prefix}: the loadbalancer needs to have at least one listener"
            raise DeniedError("validator", text)
        if request.old is not None:
            _check_change(decode.load_balancer(request.old), lb, prefix)
        if not lb.is_cluster:
            return _with_metadata(new, "annotations", {keys.NAMESPACE_ANNOTATION: lb.namespace})
        namespace = self._lookup.find(Kind.NAMESPACE, lb.namespace) or {"metadata": {}}
        project = (namespace["metadata"].get("annotations") or {}).get(PROJECT, "")
        known = {
            keys.NAMESPACE_ANNOTATION: lb.namespace,
            keys.PROJECT_ANNOTATION: project.replace(":", "/"),
            keys.NETWORK_ANNOTATION: lb.network,
        }
        return _with_metadata(new, "annotations", known)


def _record_problems(pool: IPPool) -> Iterator[str]:
    ranges = read_ranges(pool.ranges)
    for record in pool.records:
        if record.address is None:
            yield f"invalid ip string {record.key}"
        elif ranges is not None and not ranges.contains(record.address):
            yield f"allocated IP {record.key} is excluded"


def _selector_problems(pool: IPPool, others: Sequence[IPPool]) -> Iterator[str]:
    if pool.is_global_by_spec:
        for other in others:
            if other.is_global_by_label:
                yield f"there is already a global IP pool: {other.name}"
        return
    for index, scope in enumerate(pool.scopes):
        if matches_scopes(pool.scopes[index + 1 :], _wanted(pool, scope)):
            yield f"selector {_selector(pool)} is invalid: scope overlaps"
    for other in others:
        if not other.is_global_by_spec and other.priority == pool.priority:
            yield from _rivalry(pool, other)


def _rivalry(pool: IPPool, other: IPPool) -> Iterator[str]:
    """Yield why two pools of one priority cannot be."""
    if pool.priority:
        yield f"the priority can't be the same as the pool {other.name}"
    elif other.network == pool.network:
        for scope in pool.scopes:
            if matches_scopes(other.scopes, _wanted(pool, scope)):
                yield (
                    f"scope selector is same as the pool {other.name} with priority 0 "
                    f"Project {scope.project} Namespace {scope.namespace} GuestCluster "
                    f"{scope.guest_cluster}, set a different priority or scope"
                )


def _wanted(pool: IPPool, scope: Scope) -> Requirement:
    return Requirement(pool.network, scope.project, scope.namespace, scope.guest_cluster)


def _selector(pool: IPPool) -> str:
    """Return a selector as Go prints it."""
    scopes = " ".join(
        f"{{Project:{scope.project} Namespace:{scope.namespace} "
        f"GuestCluster:{scope.guest_cluster}}}"
        for scope in pool.scopes
    )
    return f"{{Priority:{pool.priority} Network:{pool.network} Scope:[{scopes}]}}"


def _check_change(old: LoadBalancer, new: LoadBalancer, prefix: str) -> None:
    """Refuse another IPAM or WorkloadType; an empty one is ``pool``, or ``vm``."""
    if (old.ipam == "dhcp") != (new.ipam == "dhcp"):
        what = f"IPAM from {old.ipam} to {new.ipam}"
    elif old.is_cluster != new.is_cluster:
        what = f"WorkloadType from {old.workload_type} to {new.workload_type}"
    else:
        return
    raise DeniedError("validator", f"{prefix}: can't change the {what}")


def _with_metadata(manifest: Manifest, part: str, values: dict[str, str]) -> Manifest:
    """Return the manifest with labels or annotations set."""
    metadata = manifest["metadata"]
    return {
        **manifest,
        "metadata": {**metadata, part: {**(metadata.get(part) or {}), **values}},
    }
