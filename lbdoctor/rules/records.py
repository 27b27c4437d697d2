"""LBD101 to LBD103: records that should not be there."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from lbdoctor.domain.controller import MANUAL_RELEASE
from lbdoctor.domain.findings import Evidence, Finding, Severity, SubjectKind, subject_of
from lbdoctor.domain.fixes import (
    DropRecords,
    Fix,
    ReleaseRecord,
    load_balancer_id,
    pool_id,
    record_id,
    safe,
)
from lbdoctor.domain.keys import RELEASE_ANNOTATION
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import IPPool, Record
from lbdoctor.domain.refs import Kind, Owner
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.ipam.annotation import format_request
from lbdoctor.ipam.ranges import read_ranges
from lbdoctor.rules.facts import (
    booked_record,
    booking_evidence,
    choice,
    is_only_entry,
    is_settled,
    is_sighted,
    may_be_carried,
    record_evidence,
    waits_for_address,
)
from lbdoctor.rules.rule import rule


@rule(
    "LBD101",
    "stale-allocation",
    Severity.ERROR,
    on=SubjectKind.RECORD,
    summary="a pool holds an address for a LoadBalancer that no longer exists",
    remedy="make sure that nothing announces the address any more, then: lbdoctor release IP "
    "NS/NAME; by hand, from Harvester 1.5.0 on, with the annotation "
    f"{RELEASE_ANNOTATION} on the pool",
    needs={Kind.IP_POOL, Kind.LOAD_BALANCER},
    uses={Kind.SERVICE, Kind.DEPLOYMENT},
)
def stale_allocation(record: Record, snapshot: Snapshot) -> Iterator[Finding]:
    """A record outlived its LoadBalancer, and nothing will ever release it.

    The controller writes the record into the pool first and the booking into the
    LoadBalancer afterwards. A LoadBalancer that goes away between the two, or that was
    recreated or never got a booking, is deleted without a release: its OnRemove releases
    only what is booked. The address is lost to the pool, the pool cannot be deleted, its
    range cannot shrink. A new LoadBalancer of the same name takes the address over from
    1.5.1 on; before that it gets stuck on it (LBD201).

    All Harvester versions; none collects such records. From 1.5.0 on an operator can ask
    for one release with the annotation manuallyReleaseIP. harvester/harvester#7449, #8318,
    #5918; load-balancer-harvester
    pkg/controller/loadbalancer/controller.go:125.

    The guest cluster may still announce the address. Services of the Harvester cluster
    that carry it are looked up; those of a guest cluster are not.
    """
    owner = record.owner
    if owner is None or not snapshot.is_absent(owner):
        return
    pool = snapshot.pool(record.pool)
    if pool is None:
        return
    carriers = snapshot.carriers_of(record.address) if record.address else ()
    evidence = [
        record_evidence(pool.name, record),
        Evidence(owner.ref, "metadata.name", "not found"),
        *(Evidence(item.ref, "status.loadBalancer", str(record.address)) for item in carriers),
    ]
    carried, kept = "", may_be_carried(record, snapshot)
    if carriers:
        carried = f", but Service {carriers[0].owner} carries the address"
    elif kept:
        carried = " (Services not checked)"
    yield Finding(
        subject=subject_of(record),
        message=f"{record.key} is held for {record.owner_text}, which does not exist{carried}; "
        "guest not checked",
        short=f"gone: {record.owner_text}{carried}",
        note="guest not checked: a guest cluster may still announce such an address",
        evidence=tuple(evidence),
        pool=pool.name,
        address=record.key,
        depends_on=frozenset({owner}),
        fix=None if kept else _release(pool, record, owner, snapshot),
        remedy="" if kept else _how_to_release(pool, record, snapshot),
    )


def _release(pool: IPPool, record: Record, owner: Owner, snapshot: Snapshot) -> Fix | None:
    """Return the release; none for a key that freezes the pool (LBD104 drops it)."""
    ranges, address = read_ranges(pool.ranges), record.address
    if address is None or (ranges and not ranges.contains(address)):
        return None
    keeps_history = bool(
        ranges
        and record.is_canonical
        and ranges.is_usable(address)
        and is_only_entry(record, owner, snapshot)
    )
    return safe(
        f"release {record.key} of {record.owner_text} in pool {pool.name}",
        ReleaseRecord(pool_id(pool), record_id(record), keeps_history),
    )


def _how_to_release(pool: IPPool, record: Record, snapshot: Snapshot) -> str:
    """Return the command that asks Harvester itself, where it would do as asked."""
    owner, address = record.owner, record.address
    reads_requests = snapshot.controller.is_at_least(MANUAL_RELEASE)
    if not (reads_requests and owner and address and address.version == 4):
        return ""
    own = [item for item in snapshot.records_of(owner) if item.pool == pool.name]
    if len(own) > 1 or not record.is_canonical:
        return ""
    request = format_request(record.key, owner)
    target = f"ippools.loadbalancer.harvesterhci.io {shlex.quote(pool.name)}"
    return f"kubectl annotate {target} '{RELEASE_ANNOTATION}={request}'"


@rule(
    "LBD102",
    "double-allocation",
    Severity.ERROR,
    on=SubjectKind.RECORD,
    summary="a LoadBalancer holds a second address of the pool that it does not use",
    remedy="remove the unused record from status.allocated and correct status.available in "
    "one write, and keep it out of allocatedHistory",
    needs={Kind.IP_POOL, Kind.LOAD_BALANCER},
)
def double_allocation(record: Record, snapshot: Snapshot) -> Iterator[Finding]:
    """A LoadBalancer is booked on one of its records, and the pool holds another for it.

    An allocation that finds the owner in the pool's history skips the check for
    duplicates; a record outside the ranges is invisible to that check. The surplus record
    costs an address. When the LoadBalancer is deleted one record is released at random
    from v0.4.1 on, so the other one, perhaps, becomes stale (LBD101). Put into history it
    would come back.

    All Harvester versions. Source: load-balancer-harvester pkg/ipam/allocator.go:193-209,
    pkg/ipam/store/store.go:137-148.
    """
    owner = record.owner
    lb = snapshot.load_balancer(owner) if owner else None
    if lb is None or lb.booking is None or lb.booking.pool != record.pool:
        return
    if lb.booking.ip == record.key:
        return  # the booked one itself
    pool, kept = snapshot.pool(record.pool), booked_record(lb.owner, lb.booking, snapshot)
    if pool is None or kept is None:
        return
    yield Finding(
        subject=subject_of(record),
        message=f"{record.key} is held for {lb.owner}, which is booked on {kept.key}",
        short=f"second record of {lb.owner}, which is booked on {kept.key}",
        evidence=(
            record_evidence(pool.name, record),
            record_evidence(pool.name, kept),
            booking_evidence(lb),
        ),
        pool=pool.name,
        address=record.key,
        depends_on=frozenset({lb.owner}),
        fix=safe(
            f"drop the unused record {record.key} of {lb.owner} in pool {pool.name}",
            DropRecords(pool_id(pool), (record_id(record),)),
        ),
    )


@rule(
    "LBD103",
    "foreign-allocation",
    Severity.ERROR,
    on=SubjectKind.RECORD,
    summary="a pool holds an address for a LoadBalancer that takes its address elsewhere",
    remedy="remove the record from status.allocated and correct status.available in one "
    "write; leave the pool that the LoadBalancer is booked in alone",
    needs={Kind.IP_POOL, Kind.LOAD_BALANCER},
    uses={Kind.DEPLOYMENT},
)
def foreign_allocation(record: Record, snapshot: Snapshot) -> Iterator[Finding]:
    """The owner lives, but this pool is not, or no longer, the one it takes from.

    The record was written, the booking was not, and before the next try the choice of
    pool changed: a priority, a scope, a network, spec.ipPool. Or the LoadBalancer was
    switched from pool to DHCP, which v0.4.1 and v0.4.2 did without a release. Nothing
    releases the record, not even the deletion of the LoadBalancer.

    All Harvester versions for the choice of pool; controllers v0.4.1 and v0.4.2 for the
    switch (denied since v0.4.3). harvester/harvester#6684; load-balancer-harvester
    pkg/controller/loadbalancer/controller.go:306-318.
    """
    lb = snapshot.load_balancer(record.owner) if record.owner else None
    why = _elsewhere(lb, record.pool, snapshot) if lb else None
    pool = snapshot.pool(record.pool) if why else None
    if pool is None or lb is None:
        return
    fence = load_balancer_id(lb) if lb.booking is None else None
    yield Finding(
        subject=subject_of(record),
        message=f"{record.key} is held for {lb.owner}, which {why}",
        short=f"held for {lb.owner}, which {why}",
        evidence=(
            record_evidence(pool.name, record),
            booking_evidence(lb),
            Evidence(lb.ref, "spec.ipPool", lb.ip_pool),
            Evidence(lb.ref, "spec.ipam", lb.ipam),
        ),
        pool=pool.name,
        address=record.key,
        depends_on=frozenset({lb.owner}),
        fix=safe(
            f"drop the record {record.key} of {lb.owner} in pool {pool.name}",
            DropRecords(pool_id(pool), (record_id(record),), fence),
        ),
    )


def _elsewhere(lb: LoadBalancer, pool: str, snapshot: Snapshot) -> str | None:
    """Say where the LoadBalancer takes its address, if surely not from this pool."""
    if lb.booking is None:
        if not waits_for_address(lb) or not (is_settled(lb, snapshot) or is_sighted(lb, snapshot)):
            return None
        chosen = choice(lb, snapshot)
        if not chosen.certain or pool in chosen.names:
            return None
        return f"takes its address from {', '.join(chosen.names) or 'no pool at all'}"
    if lb.booking.is_dhcp:
        return "gets its address by DHCP" if lb.ipam == "dhcp" else None
    if lb.booking.pool == pool or lb.ip_pool not in ("", lb.booking.pool):
        return None
    if booked_record(lb.owner, lb.booking, snapshot) is None:
        return None
    return f"is booked on {lb.booking.ip} of {lb.booking.pool}"
