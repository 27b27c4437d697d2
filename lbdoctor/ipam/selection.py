"""Which pool Harvester would choose for a LoadBalancer.

Source: load-balancer-harvester pkg/ipam/selector.go:36-91 and
pkg/controller/loadbalancer/controller.go:306-318,359-368. An explicit ``spec.ipPool``
ignores scope, network and namespace.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lbdoctor.domain.controller import LOOSE_SELECTION, Controller
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import ANY, IPPool, Scope


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a LoadBalancer asks of a pool."""

    network: str
    project: str
    namespace: str
    cluster: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The pools that Harvester could choose.

    No name means that nothing matches. With ``certain`` the one name (or none) is what it
    chooses; without, it depends on the order of a cache, or on a version that is unknown.
    """

    names: frozenset[str]
    certain: bool

    def is_surely(self, pool: str) -> bool:
        return self.certain and pool in self.names

    def may_be(self, pool: str) -> bool:
        return pool in self.names

    @property
    def is_surely_none(self) -> bool:
        return self.certain and not self.names


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A field of a pool's selector that keeps a LoadBalancer out."""

    field: str
    of_pool: str
    of_load_balancer: str
    path: str = dataclasses.field(default="", compare=False)
    """Where the field stands below ``spec.selector``."""


def requirement(lb: LoadBalancer) -> Requirement:
    """Return what selection goes by: four annotations, and the namespace as a fallback."""
    return Requirement(lb.network, lb.project, lb.scope_namespace or lb.namespace, lb.guest_cluster)


def choose(lb: LoadBalancer, pools: Sequence[IPPool], controller: Controller) -> Choice:
    """Return the pool or pools that Harvester may choose for a LoadBalancer in pool mode."""
    if lb.ip_pool:
        return Choice(frozenset({lb.ip_pool}), certain=True)
    wanted = requirement(lb)
    strict = _winners(pool for pool in pools if matches(pool, wanted))
    found = strict or frozenset(pool.name for pool in pools if pool.is_global_by_label)
    if found or not lb.is_cluster:
        return Choice(found, certain=len(found) <= 1)
    loose = _winners(pool for pool in pools if matches(pool, wanted, loose=True))
    match controller.is_at_least(LOOSE_SELECTION):
        case True:
            return Choice(loose, certain=len(loose) <= 1)
        case False:
            return Choice(frozenset(), certain=True)
        case _:
            return Choice(loose, certain=not loose)


def matches(pool: IPPool, wanted: Requirement, *, loose: bool = False) -> bool:
    """Whether a pool that is not the global one matches by network and by one scope."""
    if pool.is_global_by_label or pool.network != wanted.network:
        return False
    return matches_scopes(pool.scopes, wanted, loose=loose)


def matches_scopes(scopes: Iterable[Scope], wanted: Requirement, *, loose: bool = False) -> bool:
    """Whether one scope has every field equal, or ``*`` on either side."""
    return any(not _differences(scope, wanted, loose=loose) for scope in scopes)


def mismatches(pool: IPPool, wanted: Requirement, *, loose: bool = False) -> tuple[Mismatch, ...]:
    """Return what keeps the requirement out of the pool, by its closest scope."""
    found: list[Mismatch] = []
    if pool.network != wanted.network:
        found.append(Mismatch("network", pool.network, wanted.network, "network"))
    if not pool.scopes:
        return (*found, Mismatch("scope", "", "any", "scope"))
    by_scope = (
        _differences(scope, wanted, loose=loose, index=index)
        for index, scope in enumerate(pool.scopes)
    )
    return (*found, *min(by_scope, key=len))


def closest(
    pools: Iterable[IPPool], wanted: Requirement, *, loose: bool = False
) -> tuple[IPPool, tuple[Mismatch, ...]] | None:
    """Return the pool that fails to match by the fewest fields, and those fields.

    Of several, one whose network fits: a scope is easier to change than a network.
    """
    ranked = ((pool, mismatches(pool, wanted, loose=loose)) for pool in pools)
    return min(ranked, key=_distance, default=None)


def _distance(item: tuple[IPPool, tuple[Mismatch, ...]]) -> tuple[int, bool, str]:
    pool, found = item
    return (len(found), any(mismatch.field == "network" for mismatch in found), pool.name)


def _winners(matching: Iterable[IPPool]) -> frozenset[str]:
    """Return the names of highest priority; several are decided by the order of a cache."""
    found = list(matching)
    highest = max((pool.priority for pool in found), default=0)
    return frozenset(pool.name for pool in found if pool.priority == highest)


def _differences(
    scope: Scope, wanted: Requirement, *, loose: bool, index: int = 0
) -> tuple[Mismatch, ...]:
    fields = (
        ("project", scope.project, wanted.project, loose),
        ("namespace", scope.namespace, wanted.namespace, False),
        ("guestCluster", scope.guest_cluster, wanted.cluster, loose),
    )
    return tuple(
        Mismatch(name, mine, theirs, f"scope[{index}].{name}")
        for name, mine, theirs, empty_is_any in fields
        if ANY not in (mine, theirs) and mine != theirs and not (empty_is_any and not mine)
    )
