"""LBD205 to LBD209: LoadBalancers that do not come, do not go, or disagree with themselves."""

from __future__ import annotations

from collections.abc import Iterator

from lbdoctor.domain.addresses import parse_address
from lbdoctor.domain.controller import LOOSE_SELECTION, STICKY
from lbdoctor.domain.findings import Evidence, Finding, Severity, SubjectKind, subject_of
from lbdoctor.domain.fixes import SetIpam, load_balancer_id, safe
from lbdoctor.domain.keys import (
    CLUSTER_ANNOTATION,
    NAMESPACE_ANNOTATION,
    NETWORK_ANNOTATION,
    PROJECT_ANNOTATION,
)
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import IPPool
from lbdoctor.domain.refs import Kind, ObjectRef
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.ipam.selection import Mismatch, closest, requirement
from lbdoctor.rules.facts import (
    CONTROLLER_DOWN,
    HANGING_AFTER,
    POOL_FROZEN,
    booking_evidence,
    choice,
    is_settled,
    message_evidence,
    stamp,
    waits_for_address,
)
from lbdoctor.rules.rule import rule


@rule(
    "LBD205",
    "stuck-terminating",
    Severity.ERROR,
    noun="stuck terminating",
    on=SubjectKind.LOAD_BALANCER,
    summary="a LoadBalancer is being deleted and does not go away",
    remedy="remove the cause that the finding names; never strip the finalizer first, which "
    "leaves the record behind for good",
    needs={Kind.LOAD_BALANCER},
    uses={Kind.IP_POOL},
    waits_for=CONTROLLER_DOWN | POOL_FROZEN | {"LBD204"},
)
def stuck_terminating(lb: LoadBalancer, snapshot: Snapshot) -> Iterator[Finding]:
    """The finalizer of the controller waits for a release that does not succeed.

    The pool it is booked in is gone or refuses every update, or the controller or its
    webhook is down. As soon as the cause is removed the controller releases the address
    and lets the LoadBalancer go.

    All Harvester versions. Source: load-balancer-harvester
    pkg/controller/loadbalancer/controller.go:125-165.
    """
    if lb.deleted_at is None or not snapshot.is_older(lb.deleted_at, HANGING_AFTER):
        return
    pool = lb.booking.pool if lb.booking else ""
    held = ", ".join(lb.finalizers) or "no finalizer"
    gone = pool and snapshot.has_all_pools and snapshot.pool(pool) is None
    why = f"; its pool {pool} does not exist" if gone else ""
    yield Finding(
        subject=subject_of(lb),
        message=f"{lb.owner} is being deleted since {stamp(lb.deleted_at)}, held by {held}{why}",
        evidence=(
            Evidence(lb.ref, "metadata.deletionTimestamp", stamp(lb.deleted_at)),
            Evidence(lb.ref, "metadata.finalizers", held),
            booking_evidence(lb),
            *message_evidence(lb),
        ),
        pool=pool,
        address=lb.booking.ip if lb.booking else "",
        depends_on=frozenset({lb.owner}),
    )


@rule(
    "LBD206",
    "no-pool",
    Severity.ERROR,
    noun="without a pool",
    on=SubjectKind.LOAD_BALANCER,
    summary="no pool matches a LoadBalancer, so it gets no address",
    remedy="change the field that differs in spec.selector of the closest pool, or set "
    "spec.ipPool of the LoadBalancer",
    needs={Kind.IP_POOL, Kind.LOAD_BALANCER},
    uses={Kind.DEPLOYMENT},
)
def no_pool(lb: LoadBalancer, snapshot: Snapshot) -> Iterator[Finding]:
    """Harvester selects a pool by network, project, namespace and guest cluster.

    The network has to be the same, an empty one only matches an empty one; one scope has
    to match in all three fields, where * is any. A pool with no scope matches nothing. If
    nothing matches, the global pool serves, whatever its network. From 1.7 on an empty
    project or guest cluster in a scope matches any for LoadBalancers of type cluster, if
    there is no global pool. A LoadBalancer of type vm asks with an empty network.

    All Harvester versions. Source: load-balancer-harvester pkg/ipam/selector.go:36-91;
    harvester/harvester#4890, #8747, #9053.
    """
    if not waits_for_address(lb) or lb.ip_pool or not is_settled(lb, snapshot):
        return
    if not choice(lb, snapshot).is_surely_none:
        return
    message, nearest = f"no pool matches {lb.owner}: there is no pool at all", None
    found = _closest(lb, snapshot)
    if found is not None:
        nearest, differences = found
        parts = ", ".join(_difference(item) for item in differences)
        message = f"no pool matches {lb.owner}; closest is {nearest.name}: {parts}"
    yield Finding(
        subject=subject_of(lb),
        message=message,
        evidence=(
            *(
                Evidence(lb.ref, f"metadata.annotations[{key}]", value)
                for key, value in (
                    (NETWORK_ANNOTATION, lb.network),
                    (PROJECT_ANNOTATION, lb.project),
                    (NAMESPACE_ANNOTATION, lb.scope_namespace),
                    (CLUSTER_ANNOTATION, lb.guest_cluster),
                )
            ),
            *message_evidence(lb),
            *(
                Evidence(pool.ref, f"spec.selector.{item.path}", item.of_pool)
                for pool, items in filter(None, [found])
                for item in items
            ),
        ),
        pool=nearest.name if nearest else "",
        depends_on=frozenset({lb.owner}),
    )


def _closest(lb: LoadBalancer, snapshot: Snapshot) -> tuple[IPPool, tuple[Mismatch, ...]] | None:
    loose = lb.is_cluster and bool(snapshot.controller.is_at_least(LOOSE_SELECTION))
    return closest(snapshot.ip_pools, requirement(lb), loose=loose)


def _difference(item: Mismatch) -> str:
    if item.field == "scope":
        return "it has no scope, so it matches nothing"
    return f"{item.field} is {item.of_pool!r}, wanted {item.of_load_balancer!r}"


@rule(
    "LBD208",
    "unset-ipam",
    Severity.WARNING,
    noun="without spec.ipam",
    on=SubjectKind.LOAD_BALANCER,
    summary="a LoadBalancer takes an address and will never give it back",
    remedy="set spec.ipam of the LoadBalancer to pool before it is deleted; for type cluster "
    "also annotate the guest's Service with cloudprovider.harvesterhci.io/ipam=pool",
    needs={Kind.LOAD_BALANCER},
    uses={Kind.DEPLOYMENT},
)
def unset_ipam(lb: LoadBalancer, snapshot: Snapshot) -> Iterator[Finding]:
    """spec.ipam is empty: Harvester allocates as for pool, but releases only for pool.

    When the LoadBalancer is deleted its record stays and becomes a stale allocation
    (LBD101). Before v0.4.1 any write to a booked LoadBalancer may move its address, so
    there the field is not to be touched.

    All Harvester versions. Source: load-balancer-harvester
    pkg/controller/loadbalancer/controller.go:125,156-161.
    """
    if lb.ipam or (lb.booking is not None and lb.booking.is_dhcp):
        return
    fix = None
    if not lb.is_terminating and snapshot.controller.is_at_least(STICKY):
        fix = safe(f"set spec.ipam of {lb.owner} to pool", SetIpam(load_balancer_id(lb), "pool"))
    booking = lb.booking
    yield Finding(
        subject=subject_of(lb),
        message=f"{lb.owner} has no spec.ipam: its address will never be released",
        evidence=(Evidence(lb.ref, "spec.ipam", ""), booking_evidence(lb)),
        pool=booking.pool if booking else "",
        address=booking.ip if booking else "",
        fix=fix,
    )


@rule(
    "LBD209",
    "address-mismatch",
    Severity.INFO,
    noun="with another address",
    on=SubjectKind.LOAD_BALANCER,
    summary="a LoadBalancer is Ready, but its address is not the one it is booked on",
    remedy="touch the guest's Service (type cluster), or see why kube-vip has not set the "
    "ingress of the Service (type vm); the pool is not the cause",
    needs={Kind.LOAD_BALANCER},
    uses={Kind.SERVICE},
)
def address_mismatch(lb: LoadBalancer, snapshot: Snapshot) -> Iterator[Finding]:
    """The booking, status.address and the Service name different addresses.

    For type cluster the cloud provider of the guest copies the ingress address of its
    Service into status.address; until the guest's Service is touched after a change, the
    old one stays. For type vm the address comes from the ingress of the Service of the
    same name. Not a fault of the IPAM.

    All Harvester versions. Source: cloud-provider-harvester
    pkg/cloud-controller-manager/loadbalancer.go:373-375.
    """
    booking = lb.booking
    if booking is None or booking.is_dhcp or not lb.takes_from_pool or lb.is_terminating:
        return
    if lb.ready is None or lb.ready.status != "True":
        return
    if not snapshot.is_older(lb.ready.updated_at, HANGING_AFTER):
        return
    found = [("status.address", lb.address)]
    service = None if lb.is_cluster else snapshot.service(lb.owner)
    if service is not None:
        found.append(("spec.loadBalancerIP", service.load_balancer_ip))
        found.extend(("status.loadBalancer.ingress", ip) for ip in service.ingress)
    odd = [
        (field, text)
        for field, text in found
        if text != booking.ip and parse_address(text) != booking.address
    ]
    if not odd:
        return
    listed = ", ".join(f"{field} is {text or 'empty'}" for field, text in odd)
    yield Finding(
        subject=subject_of(lb),
        message=f"{lb.owner} is booked on {booking.ip}, but {listed}",
        short=f"{lb.owner} is booked on it, but {listed}",
        evidence=(
            booking_evidence(lb),
            *(
                Evidence(lb.ref if field == "status.address" else _service_ref(lb), field, text)
                for field, text in odd
            ),
        ),
        pool=booking.pool,
        address=booking.ip,
    )


def _service_ref(lb: LoadBalancer) -> ObjectRef:
    return ObjectRef(Kind.SERVICE, lb.name, lb.namespace)
