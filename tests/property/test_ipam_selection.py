"""Selection against a loop over the pools in every order, and its laws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from lbdoctor.domain.controller import Controller
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import IPPool, Scope
from lbdoctor.ipam.selection import choose, closest, matches, mismatches, requirement

VALUES = st.sampled_from(["", "*", "a", "b"])
NETWORKS = st.sampled_from(["", "default/vlan5"])
CONTROLLERS = st.sampled_from(["v1.6.2", "v1.7.0", "v1.9.0-rc4", ""]).map(
    lambda tag: Controller(tag=tag)
)
HIGHEST = 2**31 - 1


@st.composite
def pool_lists(draw: st.DrawFn) -> list[IPPool]:
    scopes = st.lists(st.builds(Scope, VALUES, VALUES, VALUES), max_size=2).map(tuple)
    pools = st.builds(
        IPPool,
        name=st.just(""),
        network=NETWORKS,
        priority=st.integers(0, 3),
        scopes=scopes,
        global_label=st.sampled_from([None, "false", "false", "true"]),
    )
    found = draw(st.lists(pools, max_size=4))
    return [replace(pool, name=f"pool{index}") for index, pool in enumerate(found)]


BALANCERS = st.builds(
    LoadBalancer,
    namespace=st.sampled_from(["a", "b"]),
    name=st.just("web"),
    workload_type=st.sampled_from(["", "vm", "cluster", "cluster"]),
    network=NETWORKS,
    project=VALUES,
    scope_namespace=VALUES,
    guest_cluster=VALUES,
)


def fits(pool: IPPool, lb: LoadBalancer, *, loose: bool) -> bool:
    """Whether one scope lets the LoadBalancer in; written without the code under test."""
    if pool.network != lb.network:
        return False
    namespace = lb.scope_namespace if lb.scope_namespace != "" else lb.namespace
    for scope in pool.scopes:
        project_ok = "*" in (scope.project, lb.project) or scope.project == lb.project
        namespace_ok = "*" in (scope.namespace, namespace) or scope.namespace == namespace
        cluster = (scope.guest_cluster, lb.guest_cluster)
        cluster_ok = "*" in cluster or cluster[0] == cluster[1]
        if loose:
            project_ok = project_ok or scope.project == ""
            cluster_ok = cluster_ok or scope.guest_cluster == ""
        if project_ok and namespace_ok and cluster_ok:
            return True
    return False


def one_pass(pools: Sequence[IPPool], lb: LoadBalancer, *, loose: bool) -> str | None:
    """Go through the pools in this order; the last of equal priority is taken."""
    best: IPPool | None = None
    everywhere: IPPool | None = None
    for pool in pools:
        if pool.global_label == "true":
            everywhere = pool
        elif fits(pool, lb, loose=loose) and (best is None or pool.priority >= best.priority):
            best = pool
    taken = best or everywhere
    return taken.name if taken else None


def outcomes(pools: Sequence[IPPool], lb: LoadBalancer, tag: str) -> set[str | None]:
    """Return every outcome, over all orders of the cache and all versions it may be."""
    found: set[str | None] = set()
    for order in permutations(pools):
        name = one_pass(order, lb, loose=False)
        if name is None and lb.workload_type == "cluster":
            if not tag or tag >= "v1.7":
                found.add(one_pass(order, lb, loose=True))
            if not tag or tag < "v1.7":
                found.add(None)
        else:
            found.add(name)
    return found


@given(BALANCERS, pool_lists(), CONTROLLERS)
def test_choice_is_every_outcome_over_all_orders_and_versions(
    lb: LoadBalancer, pools: list[IPPool], controller: Controller
) -> None:
    expected = outcomes(pools, lb, controller.tag)
    choice = choose(lb, pools, controller)
    assert choice.names == expected - {None}
    assert choice.certain == (len(expected) == 1)


@given(BALANCERS, pool_lists(), CONTROLLERS)
def test_order_of_the_pools_does_not_matter(
    lb: LoadBalancer, pools: list[IPPool], controller: Controller
) -> None:
    for order in permutations(pools):
        assert choose(lb, order, controller) == choose(lb, pools, controller)


@given(BALANCERS, pool_lists(), CONTROLLERS)
def test_choice_is_among_the_pools_or_none(
    lb: LoadBalancer, pools: list[IPPool], controller: Controller
) -> None:
    choice = choose(lb, pools, controller)
    assert choice.names <= {pool.name for pool in pools}
    assert choice.is_surely_none == (choice.certain and not choice.names)
    assert len([pool for pool in pools if choice.is_surely(pool.name)]) <= 1


@given(BALANCERS, pool_lists(), CONTROLLERS)
def test_matching_pool_of_highest_priority_is_the_sure_choice(
    lb: LoadBalancer, pools: list[IPPool], controller: Controller
) -> None:
    for pool in pools:
        if not matches(pool, requirement(lb)):
            continue
        raised = [replace(p, priority=HIGHEST) if p is pool else p for p in pools]
        choice = choose(lb, raised, controller)
        assert choice.is_surely(pool.name)
        assert choice.names == {pool.name}


@given(BALANCERS, pool_lists(), CONTROLLERS)
def test_pool_that_does_not_match_changes_nothing(
    lb: LoadBalancer, pools: list[IPPool], controller: Controller
) -> None:
    for pool in pools:
        if pool.global_label != "true" and not fits(pool, lb, loose=True):
            others = [other for other in pools if other is not pool]
            raised = replace(pool, priority=HIGHEST)
            assert choose(lb, [*others, raised], controller) == choose(lb, others, controller)


@given(BALANCERS, pool_lists())
def test_strict_winners_match_loosely_too(lb: LoadBalancer, pools: list[IPPool]) -> None:
    wanted = requirement(lb)
    strict = {pool.name for pool in pools if matches(pool, wanted)}
    loose = {pool.name for pool in pools if matches(pool, wanted, loose=True)}
    assert strict <= loose
    if strict:
        assert choose(lb, pools, Controller()).names <= strict


@settings(max_examples=30)
@given(BALANCERS, pool_lists(), CONTROLLERS)
def test_explicit_pool_is_always_the_sure_choice(
    lb: LoadBalancer, pools: list[IPPool], controller: Controller
) -> None:
    asked = replace(lb, ip_pool="asked")
    choice = choose(asked, pools, controller)
    assert choice.is_surely("asked")
    assert choice.names == {"asked"}


@given(BALANCERS, pool_lists())
def test_mismatch_is_found_exactly_where_a_pool_does_not_match(
    lb: LoadBalancer, pools: list[IPPool]
) -> None:
    for pool in pools:
        assert (mismatches(pool, requirement(lb)) == ()) == fits(pool, lb, loose=False)


@given(BALANCERS, pool_lists())
def test_no_pool_is_closer_than_the_closest(lb: LoadBalancer, pools: list[IPPool]) -> None:
    wanted = requirement(lb)
    best = closest(pools, wanted)
    assert (best is None) == (not pools)
    if best is not None:
        pool, reasons = best
        assert reasons == mismatches(pool, wanted)
        assert len(reasons) == min(len(mismatches(other, wanted)) for other in pools)
