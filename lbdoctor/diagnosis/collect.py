"""Reads what the rules need, in the order that keeps a healthy cluster free of findings.

Pools come before LoadBalancers: a record that is read, and whose LoadBalancer is then not
there, was not merely about to be written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from lbdoctor.diagnosis.port import Listing, ReadError, Source, Unread
from lbdoctor.diagnosis.scope import pools_concerned
from lbdoctor.domain.controller import Controller
from lbdoctor.domain.errors import UnreadableError
from lbdoctor.domain.loadbalancers import Booking, LoadBalancer, Service
from lbdoctor.domain.pools import IPPool
from lbdoctor.domain.refs import ANY_NAME, Kind, Owner, is_object_name, parse_owner
from lbdoctor.domain.snapshot import Gap, Origin, Snapshot

T = TypeVar("T")


@dataclass(slots=True)
class _Gaps:
    """What could not be read so far."""

    found: list[Gap] = field(default_factory=list)
    hint: str = ""
    """What to do about the first of them that came with such an advice."""

    def add(self, kind: Kind, error: ReadError, namespace: str = "", name: str = "") -> None:
        self.found.append(Gap(kind, str(error), namespace, name))
        self.hint = self.hint or error.hint

    def listing(self, kind: Kind, read: Callable[[], Listing[T]]) -> tuple[T, ...] | None:
        """Return the objects, or None and a gap. What was malformed becomes gaps."""
        try:
            listing = read()
        except ReadError as error:
            self.add(kind, error)
            return None
        self.found.extend(listing.malformed)
        return listing.items


def collect(source: Source, scope: frozenset[str] | None) -> Snapshot:
    """Read a snapshot of the namespaces asked for; None means all.

    Raises:
        UnreadableError: Neither pools nor LoadBalancers can be read, or this is no
            Harvester cluster, or a namespace that was asked for does not exist.
    """
    gaps = _Gaps()
    pools = _pools(source, gaps)
    taken_at = source.now
    lbs, listed = _load_balancers(source, scope, pools or (), gaps)
    if pools is None and lbs is None:
        raise _nothing(source.origin, gaps)
    if scope is not None:
        _check_scope(source, scope, pools or (), lbs or ())
    snapshot = Snapshot(
        origin=source.origin,
        taken_at=taken_at or source.now,
        ip_pools=pools or (),
        load_balancers=with_bookings(lbs or (), pools or ()),
        scope=scope,
        listed_namespaces=listed,
        unknown_owners=unknown_owners(gaps.found),
        gaps=tuple(gaps.found),
    )
    return _with_the_rest(source, snapshot)


def _nothing(origin: Origin, gaps: _Gaps) -> UnreadableError:
    """Say why nothing could be read, by one reason for each kind."""
    first: dict[Kind, Gap] = {}
    for gap in gaps.found:
        if gap.kind in (Kind.IP_POOL, Kind.LOAD_BALANCER):
            first.setdefault(gap.kind, gap)
    subjects: dict[str, list[str]] = {}
    for gap in first.values():
        subjects.setdefault(gap.reason, []).append(gap.subject)
    reasons = "; ".join(f"{' and '.join(who)}: {why}" for why, who in subjects.items())
    where = f"{origin.server} (context {origin.name})" if origin.server else origin.name
    return UnreadableError(
        f"nothing could be read from {where}: {reasons}",
        hint=gaps.hint or "kubectl auth can-i --list, or another --context",
    )


def unknown_owners(gaps: Iterable[Gap]) -> frozenset[Owner]:
    """Return whom the single LoadBalancers that could not be read may be."""
    return frozenset(
        Owner(gap.namespace or ANY_NAME, gap.name if is_object_name(gap.name) else ANY_NAME)
        for gap in gaps
        if gap.kind is Kind.LOAD_BALANCER and gap.name
    )


def _pools(source: Source, gaps: _Gaps) -> tuple[IPPool, ...] | None:
    return gaps.listing(Kind.IP_POOL, lambda: _served(source.ip_pools))


def _served(read: Callable[[], Listing[T]]) -> Listing[T]:
    """Read a kind without which there is nothing to diagnose.

    Raises:
        UnreadableError: The API server does not know it: this is no Harvester cluster.
    """
    try:
        return read()
    except ReadError as error:
        if error.why is Unread.NOT_SERVED:
            raise UnreadableError(str(error), hint=error.hint) from error
        raise


def _load_balancers(
    source: Source, scope: frozenset[str] | None, pools: Sequence[IPPool], gaps: _Gaps
) -> tuple[tuple[LoadBalancer, ...] | None, frozenset[str] | None]:
    """Return the LoadBalancers and the namespaces they were listed in (None: all)."""
    if scope is not None:
        return _by_namespace(source, sorted(scope), gaps)
    try:
        listing = _served(source.load_balancers)
    except ReadError as error:
        if error.why not in (Unread.FORBIDDEN, Unread.NOT_CONVERTIBLE, Unread.NOT_ALL_HELD):
            gaps.add(Kind.LOAD_BALANCER, error)
            return None, frozenset()
        return _by_namespace(source, _namespaces_to_try(source, pools, gaps), gaps)
    gaps.found.extend(listing.malformed)
    return listing.items, None


def _namespaces_to_try(source: Source, pools: Sequence[IPPool], gaps: _Gaps) -> list[str]:
    """Return all namespaces and the owners', or else these and the context's, and a gap."""
    owners = (record.owner for pool in pools for record in pool.records)
    found = {owner.namespace for owner in owners if owner}
    try:
        found.update(source.namespaces())
    except ReadError as error:
        gaps.add(Kind.NAMESPACE, error)
        if source.default_namespace:
            found.add(source.default_namespace)
    return sorted(found)


def _by_namespace(
    source: Source, namespaces: Iterable[str], gaps: _Gaps
) -> tuple[tuple[LoadBalancer, ...] | None, frozenset[str]]:
    found: list[LoadBalancer] = []
    listed = set()
    for namespace in namespaces:
        try:
            listing = source.load_balancers(namespace)
        except ReadError as error:
            if error.why is Unread.NOT_SERVED:
                raise UnreadableError(str(error), hint=error.hint) from error
            gaps.add(Kind.LOAD_BALANCER, error, namespace)
            continue
        listed.add(namespace)
        found.extend(listing.items)
        gaps.found.extend(listing.malformed)
    if not listed:
        gaps.found.append(Gap(Kind.LOAD_BALANCER, "no namespace could be read"))
        return None, frozenset()
    return tuple(found), frozenset(listed)


def _check_scope(
    source: Source,
    scope: frozenset[str],
    pools: Sequence[IPPool],
    lbs: Sequence[LoadBalancer],
) -> None:
    """Refuse a namespace that holds nothing because it does not exist.

    Raises:
        UnreadableError: The namespace is proven not to be there, or a file has none of it.
    """
    owners = (record.owner for pool in pools for record in pool.records)
    known = {lb.namespace for lb in lbs} | {owner.namespace for owner in owners if owner}
    name = source.origin.name
    for namespace in sorted(scope - known):
        try:
            text = f"there is no namespace {namespace} in {name}"
            exists = source.namespace_exists(namespace)
        except ReadError as error:
            text = f"{name} holds nothing of a namespace {namespace}"
            exists = error.why is not Unread.NOT_HELD
        if not exists:
            raise UnreadableError(text, hint="kubectl get namespaces")


def _with_the_rest(source: Source, snapshot: Snapshot) -> Snapshot:
    """Read what some object needs: networks, Services, the controller."""
    gaps = _Gaps(list(snapshot.gaps))
    controller = Controller()
    if snapshot.ip_pools or snapshot.load_balancers:
        controller = source.controller()
    return replace(
        snapshot,
        networks=_networks(source, pools_concerned(snapshot), gaps),
        services=_services(source, snapshot, gaps),
        controller=controller,
        gaps=tuple(gaps.found),
    )


def _services(source: Source, snapshot: Snapshot, gaps: _Gaps) -> tuple[Service, ...] | None:
    """Return all Services if a record seems stale, or those of LoadBalancers of type vm.

    Anybody may carry the address of a stale record, so only all of them tell; the Service
    of a LoadBalancer of type vm is in its own namespace.
    """
    records = (record for pool in snapshot.ip_pools for record in pool.records)
    if any(snapshot.is_absent(record.owner) for record in records):
        return _all_services(source, snapshot, gaps)
    of_vms = {lb.namespace for lb in snapshot.load_balancers if lb.booking and not lb.is_cluster}
    if not of_vms:
        return None
    if snapshot.listed_namespaces is None:
        return _all_services(source, snapshot, gaps)
    return _services_of(source, sorted(of_vms), gaps)


def _all_services(source: Source, snapshot: Snapshot, gaps: _Gaps) -> tuple[Service, ...] | None:
    """Return the Services of all namespaces, or of those that a support bundle holds."""
    try:
        listing = source.services()
    except ReadError as error:
        if error.why is Unread.NOT_ALL_HELD:
            namespaces = _namespaces_to_try(source, snapshot.ip_pools, gaps)
            return _services_of(source, namespaces, gaps)
        gaps.add(Kind.SERVICE, error)
        return None
    gaps.found.extend(listing.malformed)
    return listing.items


def _services_of(source: Source, namespaces: Iterable[str], gaps: _Gaps) -> tuple[Service, ...]:
    found: list[Service] = []
    for namespace in namespaces:
        try:
            listing = source.services(namespace)
        except ReadError as error:
            gaps.add(Kind.SERVICE, error, namespace)
            continue
        found.extend(listing.items)
        gaps.found.extend(listing.malformed)
    return tuple(found)


def _networks(source: Source, pools: Iterable[IPPool], gaps: _Gaps) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for text in sorted({pool.network for pool in pools if pool.network}):
        network = parse_owner(text)
        if network is None:
            continue
        try:
            found[text] = source.network_exists(network.namespace, network.name)
        except ReadError as error:
            if error.why is not Unread.NOT_HELD:
                gaps.add(Kind.NETWORK, error, network.namespace, network.name)
    return found


def with_bookings(
    lbs: tuple[LoadBalancer, ...], pools: Sequence[IPPool]
) -> tuple[LoadBalancer, ...]:
    """Give objects of v1alpha1 the booking that Harvester's conversion would give them.

    Source: load-balancer-harvester pkg/webhook/loadbalancer/converter.go:190-205.
    """
    if not any(lb.is_v1alpha1 for lb in lbs):
        return lbs
    return tuple(_converted(lb, pools) if lb.is_v1alpha1 else lb for lb in lbs)


def _converted(lb: LoadBalancer, pools: Sequence[IPPool]) -> LoadBalancer:
    if not lb.address:
        return lb
    holding = (
        pool.name
        for pool in pools
        if (record := pool.record(lb.address)) and record.owner == lb.owner
    )
    return replace(lb, booking=Booking(next(holding, ""), lb.address))
