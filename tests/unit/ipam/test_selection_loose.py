"""Loose mode, and the explanation of why no pool matches."""

from __future__ import annotations

import pytest

from lbdoctor.domain.controller import Controller
from lbdoctor.domain.pools import Scope
from lbdoctor.ipam.selection import Mismatch, Requirement, closest, matches, mismatches
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

LOOSE = Scope("", "default", "")
WANTED = Requirement(NET, "c-1/p-1", "default", "guest")


@pytest.mark.parametrize(
    "scope", [LOOSE, Scope("c-1/p-1", "default", ""), Scope("", "default", "guest")]
)
def test_empty_project_or_cluster_of_the_pool_means_any(scope: Scope) -> None:
    assert chosen(balancer(), pool("p", scope)) == surely("p")


@pytest.mark.parametrize("tag", ["v1.7.0", "v1.7.0-rc1", "1.7.0", "v1.8.2", "v1.10.0", "v2.0.0"])
def test_loose_mode_is_there_from_1_7_0(tag: str) -> None:
    assert chosen(balancer(), pool("p", LOOSE), controller=Controller(tag=tag)) == surely("p")


@pytest.mark.parametrize("tag", ["v0.4.0", "v1.5.0", "v1.6.9", "v1.6.2-head"])
def test_loose_mode_is_not_there_before_1_7_0(tag: str) -> None:
    assert chosen(balancer(), pool("p", LOOSE), controller=Controller(tag=tag)) == surely()


@pytest.mark.parametrize("tag", ["", "master-head", "sha256:0123", "v1.7"])
def test_loose_match_under_an_unknown_version_is_not_certain(tag: str) -> None:
    choice = chosen(balancer(), pool("p", LOOSE), controller=Controller(tag=tag))
    assert choice == perhaps("p")
    assert choice.may_be("p")
    assert not choice.is_surely("p")
    assert not choice.is_surely_none


@pytest.mark.parametrize("controller", [OLD, NEW, UNKNOWN])
def test_strict_match_is_certain_whatever_the_version(controller: Controller) -> None:
    pools = (pool("strict", EVERYONE), pool("loose", LOOSE, priority=9))
    assert chosen(balancer(), *pools, controller=controller) == surely("strict")


def test_nothing_matches_loosely_so_the_version_does_not_matter() -> None:
    scope = Scope("", "prod", "")
    assert chosen(balancer(), pool("p", scope), controller=UNKNOWN).is_surely_none


@pytest.mark.parametrize("workload_type", ["", "vm"])
@pytest.mark.parametrize("controller", [NEW, UNKNOWN])
def test_loose_mode_is_for_type_cluster_only(workload_type: str, controller: Controller) -> None:
    lb = balancer(workload_type=workload_type)
    assert chosen(lb, pool("p", LOOSE), controller=controller) == surely()


def test_empty_namespace_does_not_match_loosely() -> None:
    assert chosen(balancer(), pool("p", Scope("", "", ""))) == surely()


def test_empty_requirement_is_no_wildcard_in_loose_mode() -> None:
    lb = balancer(project="", cluster="")
    assert chosen(lb, pool("p", Scope("c-1/p-1", "default", "guest"))) == surely()


def test_pool_without_scopes_does_not_match_loosely() -> None:
    assert chosen(balancer(), pool("p")) == surely()


def test_network_is_as_strict_in_loose_mode() -> None:
    assert chosen(balancer(), pool("p", LOOSE, network="")) == surely()


def test_filled_field_has_to_be_equal_in_loose_mode() -> None:
    assert chosen(balancer(), pool("p", Scope("c-1/p-2", "default", ""))) == surely()


@pytest.mark.parametrize("controller", [OLD, NEW, UNKNOWN])
def test_global_pool_hides_a_loosely_matching_one(controller: Controller) -> None:
    pools = (pool("loose", LOOSE, priority=9), pool("global", EVERYONE, is_global=True))
    assert chosen(balancer(), *pools, controller=controller) == surely("global")


def test_pool_labelled_global_does_not_match_strictly_or_loosely() -> None:
    everywhere = pool("global", EVERYONE, is_global=True)
    assert not matches(everywhere, WANTED)
    assert not matches(everywhere, WANTED, loose=True)


def test_highest_priority_wins_in_loose_mode() -> None:
    pools = (pool("low", LOOSE, priority=1), pool("high", LOOSE, priority=2))
    assert chosen(balancer(), *pools) == surely("high")


def test_tie_in_loose_mode_is_not_certain() -> None:
    assert chosen(balancer(), pool("a", LOOSE), pool("b", LOOSE)) == perhaps("a", "b")


def test_nothing_keeps_a_requirement_out_of_a_matching_pool() -> None:
    assert mismatches(pool("p", EVERYONE), WANTED) == ()


def test_every_field_that_keeps_out_is_named() -> None:
    wanted = Requirement("default/vlan6", "c-1/p-2", "prod", "other")
    assert mismatches(pool("p", Scope("c-1/p-1", "default", "guest")), wanted) == (
        Mismatch("network", NET, "default/vlan6"),
        Mismatch("project", "c-1/p-1", "c-1/p-2"),
        Mismatch("namespace", "default", "prod"),
        Mismatch("guestCluster", "guest", "other"),
    )


def test_field_with_an_asterisk_keeps_nobody_out() -> None:
    wanted = Requirement(NET, "c-1/p-2", "*", "other")
    assert mismatches(pool("p", Scope("*", "default", "guest")), wanted) == (
        Mismatch("guestCluster", "guest", "other"),
    )


def test_pool_is_explained_by_its_closest_scope() -> None:
    scopes = (Scope("x", "x", "x"), Scope("c-1/p-1", "x", "guest"), Scope("x", "default", "x"))
    assert mismatches(pool("p", *scopes), WANTED) == (Mismatch("namespace", "x", "default"),)


def test_pool_without_scopes_is_explained_by_that() -> None:
    assert mismatches(pool("p"), WANTED) == (Mismatch("scope", "", "any"),)


def test_network_is_named_beside_the_missing_scopes() -> None:
    found = mismatches(pool("p", network=""), WANTED)
    assert found == (Mismatch("network", "", NET), Mismatch("scope", "", "any"))


def test_closest_pool_fails_by_the_fewest_fields() -> None:
    far = pool("a", Scope("x", "x", "x"))
    near = pool("b", Scope("c-1/p-1", "x", "guest"))
    assert closest([far, near], WANTED) == (near, (Mismatch("namespace", "x", "default"),))


def test_network_counts_as_one_field() -> None:
    elsewhere = pool("a", Scope("c-1/p-1", "x", "guest"), network="")
    near = pool("b", Scope("*", "x", "*"))
    best = closest([elsewhere, near], WANTED)
    assert best is not None
    assert best[0] is near


def test_pool_of_the_same_network_is_closer_among_equals() -> None:
    elsewhere = pool("a", EVERYONE, network="default/vlan9")
    near = pool("b", Scope("*", "x", "*"))
    assert closest([elsewhere, near], WANTED) == (near, (Mismatch("namespace", "x", "default"),))


def test_first_by_name_is_closest_among_equals() -> None:
    scope = Scope("c-1/p-1", "x", "guest")
    best = closest([pool("b", scope), pool("a", scope)], WANTED)
    assert best is not None
    assert best[0].name == "a"


def test_no_pool_is_closest_where_there_is_none() -> None:
    assert closest([], WANTED) is None
