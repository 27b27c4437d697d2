"""The strict choice of a pool, line by line."""

from __future__ import annotations

import pytest

from lbdoctor.domain.controller import Controller
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import Scope
from lbdoctor.ipam.selection import Requirement, requirement
from tests.unit.ipam.builders import (
    EVERYONE,
    NET,
    NEW,
    OLD,
    UNKNOWN,
    balancer,
    chosen,
    perhaps,
    pool,
    surely,
)

EXACT = Scope("c-1/p-1", "default", "guest")


def test_requirement_is_the_four_annotations() -> None:
    lb = balancer(namespace="other")
    assert requirement(lb) == Requirement(NET, "c-1/p-1", "other", "guest")


def test_requirement_falls_back_to_the_namespace_of_the_load_balancer() -> None:
    assert requirement(LoadBalancer(namespace="prod", name="web")).namespace == "prod"


def test_nothing_else_of_the_requirement_falls_back() -> None:
    lb = LoadBalancer(namespace="prod", name="web")
    assert requirement(lb) == Requirement("", "", "prod", "")


def test_equal_fields_match() -> None:
    assert chosen(balancer(), pool("p", EXACT)) == surely("p")


@pytest.mark.parametrize("controller", [OLD, NEW, UNKNOWN])
@pytest.mark.parametrize(
    "scope",
    [
        Scope("c-1/p-2", "default", "guest"),
        Scope("c-1/p-1", "prod", "guest"),
        Scope("c-1/p-1", "default", "other"),
        Scope("c-1/p-1", "DEFAULT", "guest"),
    ],
)
def test_one_field_that_differs_keeps_out(scope: Scope, controller: Controller) -> None:
    choice = chosen(balancer(), pool("p", scope), controller=controller)
    assert choice.is_surely_none
    assert not choice.may_be("p")


@pytest.mark.parametrize(
    "scope",
    [
        Scope("*", "default", "guest"),
        Scope("c-1/p-1", "*", "guest"),
        Scope("c-1/p-1", "default", "*"),
        EVERYONE,
    ],
)
def test_asterisk_in_the_pool_matches_every_value(scope: Scope) -> None:
    assert chosen(balancer(), pool("p", scope), controller=OLD) == surely("p")


@pytest.mark.parametrize(
    "lb, scope",
    [
        (balancer(project="*"), Scope("x", "default", "guest")),
        (balancer(namespace="*"), Scope("c-1/p-1", "x", "guest")),
        (balancer(cluster="*"), Scope("c-1/p-1", "default", "x")),
    ],
)
def test_asterisk_in_the_load_balancer_matches_every_pool(lb: LoadBalancer, scope: Scope) -> None:
    assert chosen(lb, pool("p", scope), controller=OLD) == surely("p")


def test_asterisk_matches_an_empty_field_too() -> None:
    lb = balancer(project="", cluster="")
    assert chosen(lb, pool("p", EVERYONE), controller=OLD) == surely("p")


def test_asterisk_in_one_field_does_not_excuse_another() -> None:
    scope = Scope("*", "*", "other")
    assert chosen(balancer(), pool("p", scope), controller=OLD) == surely()


def test_asterisk_is_a_whole_value_and_no_pattern() -> None:
    scope = Scope("*", "def*", "*")
    assert chosen(balancer(), pool("p", scope), controller=OLD) == surely()


def test_fields_of_two_scopes_are_not_mixed() -> None:
    scopes = (Scope("c-1/p-1", "prod", "guest"), Scope("c-1/p-2", "default", "guest"))
    assert chosen(balancer(), pool("p", *scopes)) == surely()


def test_one_matching_scope_of_several_is_enough() -> None:
    assert chosen(balancer(), pool("p", Scope("x", "x", "x"), EXACT)) == surely("p")


@pytest.mark.parametrize(
    "of_pool, asked",
    [(NET, "default/vlan6"), (NET, ""), ("", NET), ("*", NET), (NET, "*")],
)
def test_network_has_to_be_equal_and_knows_no_asterisk(of_pool: str, asked: str) -> None:
    lb = balancer(network=asked)
    assert chosen(lb, pool("p", EVERYONE, network=of_pool)) == surely()


def test_empty_network_equals_the_empty_network() -> None:
    lb = balancer(network="")
    assert chosen(lb, pool("p", EVERYONE, network="")) == surely("p")


@pytest.mark.parametrize("workload_type", ["", "vm", "cluster"])
def test_pool_without_scopes_never_matches(workload_type: str) -> None:
    lb = balancer(workload_type=workload_type)
    assert chosen(lb, pool("p", priority=9)) == surely()


def test_highest_priority_wins_wherever_it_stands() -> None:
    low, high = pool("low", EXACT, priority=1), pool("high", EVERYONE, priority=2)
    assert chosen(balancer(), low, high) == surely("high")
    assert chosen(balancer(), high, low) == surely("high")


def test_priority_of_a_pool_that_does_not_match_is_nothing() -> None:
    other = pool("other", Scope("x", "x", "x"), priority=99)
    assert chosen(balancer(), other, pool("p", EXACT)) == surely("p")


def test_tie_at_priority_zero_is_not_certain() -> None:
    choice = chosen(balancer(), pool("a", EXACT), pool("b", EVERYONE))
    assert choice == perhaps("a", "b")
    assert choice.may_be("a")
    assert not choice.is_surely("a")


def test_tie_below_the_highest_priority_does_not_matter() -> None:
    pools = (pool("a", EXACT), pool("b", EXACT), pool("c", EXACT, priority=1))
    assert chosen(balancer(), *pools) == surely("c")


def test_global_pool_is_kept_aside_whatever_its_priority() -> None:
    everywhere = pool("global", EVERYONE, priority=99, is_global=True)
    assert chosen(balancer(), everywhere, pool("p", EXACT)) == surely("p")


def test_global_pool_is_used_if_nothing_matched_regardless_of_network() -> None:
    everywhere = pool("global", EVERYONE, network="default/vlan9", is_global=True)
    other = pool("p", Scope("x", "x", "x"))
    assert chosen(balancer(), everywhere, other) == surely("global")


def test_global_pool_goes_by_its_label_and_not_by_its_scope() -> None:
    labelled = pool("labelled", Scope("x", "x", "x"), is_global=True)
    unlabelled = pool("unlabelled", EVERYONE, network="default/vlan9")
    assert chosen(balancer(), labelled, unlabelled) == surely("labelled")


def test_two_pools_labelled_global_are_not_certain() -> None:
    pools = (pool("a", EVERYONE, is_global=True), pool("b", EVERYONE, is_global=True))
    assert chosen(balancer(), *pools) == perhaps("a", "b")


@pytest.mark.parametrize("workload_type", ["", "vm"])
def test_vm_load_balancer_uses_the_global_pool_too(workload_type: str) -> None:
    lb = balancer(workload_type=workload_type)
    assert chosen(lb, pool("global", EVERYONE, is_global=True)) == surely("global")


def test_vm_load_balancer_without_network_misses_a_pool_that_has_one() -> None:
    lb = balancer(workload_type="vm", network="", project="", cluster="")
    assert chosen(lb, pool("p", EVERYONE)) == surely()
    assert chosen(lb, pool("p", EVERYONE, network="")) == surely("p")


def test_explicit_pool_ignores_scope_network_and_priority() -> None:
    asked = pool("asked", network="default/vlan9")
    better = pool("better", EXACT, priority=9)
    everywhere = pool("global", EVERYONE, is_global=True)
    lb = balancer(ip_pool="asked")
    assert chosen(lb, asked, better, everywhere, controller=UNKNOWN) == surely("asked")


def test_explicit_pool_is_the_choice_even_where_it_is_missing() -> None:
    lb = balancer(ip_pool="gone")
    assert chosen(lb, pool("p", EXACT)).is_surely("gone")


def test_no_pools_is_surely_none() -> None:
    assert chosen(balancer()).is_surely_none


def test_nothing_found_but_uncertain_is_not_surely_none() -> None:
    assert surely().is_surely_none
    assert not perhaps().is_surely_none
    assert not surely("p").is_surely_none
