"""LBD001 and LBD002: the controller and its webhook do not run."""

from __future__ import annotations

from collections.abc import Iterator

from lbdoctor.domain.controller import Controller
from lbdoctor.domain.findings import Evidence, Finding, Severity, SubjectKind, subject_of
from lbdoctor.domain.keys import CONTROLLER, LEASE_NAMESPACE, SYSTEM_NAMESPACE, WEBHOOK
from lbdoctor.domain.refs import Kind, ObjectRef
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.rules.facts import stamp
from lbdoctor.rules.rule import rule

DEPLOYMENT = ObjectRef(Kind.DEPLOYMENT, CONTROLLER, SYSTEM_NAMESPACE)
LEASE = ObjectRef(Kind.LEASE, CONTROLLER, LEASE_NAMESPACE)
WEBHOOK_SLICES = ObjectRef(Kind.ENDPOINT_SLICE, WEBHOOK, SYSTEM_NAMESPACE)
LEASES_MISSED = 4
"""Lease durations without a renewal after which nobody holds it (45 s each: 3 minutes)."""


@rule(
    "LBD001",
    "controller-down",
    Severity.ERROR,
    on=SubjectKind.CONTROLLER,
    summary="the load balancer controller does not run, so nothing is allocated or released",
    remedy="kubectl -n harvester-system describe deployment harvester-load-balancer, "
    "and see why its pod does not run",
    needs={Kind.DEPLOYMENT},
    uses={Kind.LEASE},
)
def controller_down(controller: Controller, snapshot: Snapshot) -> Iterator[Finding]:
    """The Deployment harvester-load-balancer has no available replica, or its lease runs out.

    Every allocation, every release and every heal of Harvester is done by this one
    controller (one replica, leader lease kube-system/harvester-load-balancer). While it is
    down new LoadBalancers get no address, deleted ones hang on their finalizer, and
    release requests stay where they are. It touches no address that is in use.

    All Harvester versions. Source: load-balancer-harvester main.go:44-79.
    """
    evidence, signs = [], []
    if controller.available is False:
        signs.append("its Deployment has 0 available replicas")
        evidence.append(Evidence(DEPLOYMENT, "status.availableReplicas", "0"))
    renewed = controller.lease_renewed_at
    most = LEASES_MISSED * controller.lease_seconds
    if renewed and snapshot.taken_at and snapshot.is_older(renewed, most):
        signs.append(f"its lease was last renewed at {stamp(renewed)}")
        evidence.append(Evidence(LEASE, "spec.renewTime", stamp(renewed)))
    if evidence:
        yield Finding(
            subject=subject_of(controller),
            message="the controller does not run, so nothing is allocated or released: "
            + " and ".join(signs),
            evidence=tuple(evidence),
        )


@rule(
    "LBD002",
    "webhook-down",
    Severity.ERROR,
    on=SubjectKind.CONTROLLER,
    summary="the validating webhook has no ready endpoint, so every write is refused",
    remedy="kubectl -n harvester-system describe deployment harvester-load-balancer-webhook, "
    "and see why its pod does not run",
    needs={Kind.ENDPOINT_SLICE},
)
def webhook_down(controller: Controller, snapshot: Snapshot) -> Iterator[Finding]:
    """The webhook of the load balancer controller has no ready endpoint.

    Its validating configuration fails closed (failurePolicy Fail), so while no endpoint is
    ready the API server refuses every write to a pool or a LoadBalancer: those of the
    controller, of the cloud provider and of a repair. A controller whose write of the
    booking is refused after the record was written leaves a stuck allocation (LBD201).

    All Harvester versions. Source: load-balancer-harvester
    vendor/github.com/harvester/webhook/pkg/server/server.go:164-230.
    """
    if controller.webhook_ready is False:
        yield Finding(
            subject=subject_of(controller),
            message="the webhook has no ready endpoint: every write to pools and "
            "load balancers is refused",
            evidence=(Evidence(WEBHOOK_SLICES, "endpoints[].conditions.ready", "none is true"),),
        )
