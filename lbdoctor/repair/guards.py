"""What has to hold right before a write that takes something from a LoadBalancer that exists."""

from __future__ import annotations

from collections.abc import Iterable

from lbdoctor.diagnosis.port import Source
from lbdoctor.domain.controller import AUTO_RELEASE, MANUAL_RELEASE, STICKY, Controller
from lbdoctor.domain.loadbalancers import FINALIZER, LoadBalancer
from lbdoctor.domain.pools import IPPool, Record
from lbdoctor.domain.refs import Owner
from lbdoctor.rules.facts import waits_for_address


class GuardError(Exception):
    """A guard does not let a write pass; the text says which and why."""


def check_unbooked(lb: LoadBalancer) -> None:
    """Let a fence pass only before a LoadBalancer that waits for an address.

    Raises:
        GuardError: It is booked, on its way out, or takes no address of a pool.
    """
    if not waits_for_address(lb):
        what = "is being deleted" if lb.is_terminating else "has an address by now"
        raise GuardError(f"{lb.owner} {what}")


def check_history(pool: IPPool, records: Iterable[Record]) -> None:
    """Refuse where the controller could book a record without a write to the pool.

    An owner that history names for the address it has a record of is given it without any
    write (v0.4.1 and later: load-balancer-harvester pkg/ipam/store/store.go:62-75), so the
    pool's resourceVersion would not show it.

    Raises:
        GuardError: History names one of the records.
    """
    if record := in_history(pool, records):
        text = f"history of {pool.name} names {record.key} for the same owner (LBD106)"
        raise GuardError(text)


def in_history(pool: IPPool, records: Iterable[Record]) -> Record | None:
    """Return a record that history names for the same owner, if there is one."""
    known = {(entry.key, entry.owner_text) for entry in pool.history}
    found = (record for record in records if (record.key, record.owner_text) in known)
    return next(found, None)


def check_no_record(records: Iterable[Record]) -> None:
    """Let an unbooked LoadBalancer be written to only if no pool holds one of these for it.

    Its booking may be under way, and would fail; if it hangs on the record, that is healed
    first (LBD201).

    Raises:
        GuardError: There is one.
    """
    for record in records:
        text = f"{record.pool} holds {record.key} for {record.owner_text}, which waits: look again"
        raise GuardError(text)


def check_wakeable(source: Source, lb: LoadBalancer) -> None:
    """Let only a LoadBalancer be woken that no booking of is under way.

    A touch between the controller's two writes makes a stuck LoadBalancer: so no pool may
    hold a record of it.

    Raises:
        GuardError: It may be in the middle of an allocation, or needs no waking.
        ReadError: The pools cannot be read.
    """
    check_unbooked(lb)
    if FINALIZER not in lb.finalizers:
        raise GuardError(f"{lb.owner} has not been handled by the controller yet")
    listing = source.ip_pools()
    if listing.malformed:
        raise GuardError(f"{listing.malformed[0].subject}: {listing.malformed[0].reason}")
    for pool in listing.items:
        for record in pool.records:
            if record.owner == lb.owner:
                raise GuardError(f"{pool.name} holds {record.key} for {lb.owner}")


def ignored_because(*things: IPPool | LoadBalancer | None) -> str:
    """Return why the operator wants one of these left alone; empty: nobody does."""
    reasons = (thing.ignore_reason for thing in things if thing is not None)
    return next((reason or "no reason given" for reason in reasons if reason is not None), "")


def own_records(pool: IPPool | None, owner: Owner) -> tuple[Record, ...]:
    """Return the records of a pool that name an owner."""
    if pool is None:
        return ()
    return tuple(record for record in pool.records if record.owner == owner)


def heals_by_itself(controller: Controller, lb: LoadBalancer, pool: IPPool) -> bool:
    """Whether this version gets over a record of its own that is in its way.

    It releases the record (#8221), or books it as it is where history names it, too (v0.4.1
    and later: load-balancer-harvester pkg/ipam/store/store.go:62-75).
    """
    if controller.is_at_least(AUTO_RELEASE):
        return True
    if controller.is_at_least(STICKY) and in_history(pool, own_records(pool, lb.owner)):
        return True
    return bool(controller.is_at_least(MANUAL_RELEASE) and lb.ip_pool)
