"""What the webhook would refuse, line by line."""

from __future__ import annotations

from lbdoctor.domain.pools import IPPool, Range, Scope
from lbdoctor.ipam.admission import Refusal, refusals
from tests.unit.ipam.builders import EVERYONE, NET, pool

A, B = Scope("*", "a", "*"), Scope("*", "b", "*")
ONE, TWO = ("10.0.1.0/24",), ("10.0.2.0/24",)


def refused(of: IPPool, *others: IPPool) -> list[tuple[str, str]]:
    """Return the pool to look at and Harvester's words, for each refusal."""
    return [(refusal.pool, refusal.text) for refusal in refusals(of, (*others, of))]


def test_healthy_pools_are_not_refused() -> None:
    mine = pool("mine", A, subnets=ONE)
    theirs = pool("theirs", B, subnets=TWO)
    everywhere = pool("global", EVERYONE, subnets=("10.0.3.0/24",), is_global=True)
    for of, *others in (
        (mine, theirs, everywhere),
        (theirs, mine, everywhere),
        (everywhere, mine, theirs),
    ):
        assert refused(of, *others) == []


def test_pool_without_ranges_is_refused() -> None:
    (refusal,) = refusals(pool("mine", A), [])
    assert refusal == Refusal(
        "mine",
        "spec.ranges",
        "<none>",
        "range can't be empty",
        "correct spec.ranges of pool mine",
    )


def test_invalid_cidr_is_refused() -> None:
    text = "invalid CIDR address: 10.0.1/24, a valid example is 192.168.1.0/24"
    assert refused(pool("mine", A, subnets=("10.0.1/24",))) == [("mine", text)]


def test_start_out_of_the_subnet_is_refused() -> None:
    mine = IPPool(name="mine", scopes=(A,), ranges=(Range("10.0.1.0/24", start="10.0.2.9"),))
    text = "invalid range start 10.0.2.9: IP 10.0.2.9 is out of subnet 10.0.1.0/24"
    assert refused(mine) == [("mine", text)]


def test_bad_range_of_another_pool_refuses_this_one() -> None:
    text = "invalid CIDR address: x, a valid example is 192.168.1.0/24"
    (refusal,) = refusals(pool("mine", A, subnets=ONE), [pool("theirs", B, subnets=("x",))])
    assert (refusal.pool, refusal.text) == ("theirs", text)
    assert refusal.value == "x"
    assert "theirs" in refusal.remedy


def test_missing_ranges_of_another_pool_refuse_this_one() -> None:
    text = "range can't be empty"
    assert refused(pool("mine", A, subnets=ONE), pool("theirs", B)) == [("theirs", text)]


def test_ranges_that_overlap_within_a_pool_are_refused() -> None:
    mine = pool("mine", A, subnets=("10.0.1.0/24", "10.0.9.0/24", "10.0.1.128/25"))
    text = "there are overlaps between range 10.0.1.1-10.0.1.254 and 10.0.1.129-10.0.1.254"
    assert refused(mine) == [("mine", text)]


def test_neighbouring_entries_that_overlap_are_refused() -> None:
    mine = pool("mine", A, subnets=("10.0.1.0/24", "10.0.1.0/30"))
    text = "there are overlaps between range 10.0.1.1-10.0.1.254 and 10.0.1.1-10.0.1.2"
    assert refused(mine) == [("mine", text)]


def test_overlap_within_another_pool_is_that_pools_own_affair() -> None:
    theirs = pool("theirs", B, subnets=("10.0.2.0/24", "10.0.2.128/25"))
    assert refused(pool("mine", A, subnets=ONE), theirs) == []


def test_ranges_that_overlap_with_another_pool_are_refused() -> None:
    mine, theirs = pool("mine", A, subnets=ONE), pool("theirs", B, subnets=("10.0.1.128/25",))
    text = "the ranges 10.0.1.1-10.0.1.254 overlap with other pools (theirs: 10.0.1.129-10.0.1.254)"
    assert refused(mine, theirs) == [("theirs", text)]


def test_overlap_with_another_pool_counts_regardless_of_network_and_scope() -> None:
    mine = pool("mine", A, subnets=ONE, network="default/vlan1")
    theirs = pool("theirs", subnets=ONE, network="default/vlan2", priority=7)
    assert [name for name, _ in refused(mine, theirs)] == ["theirs"]


def test_ranges_of_one_subnet_that_are_disjoint_are_accepted() -> None:
    low = IPPool(name="low", scopes=(A,), ranges=(Range("10.0.1.0/24", end="10.0.1.99"),))
    high = IPPool(name="high", scopes=(B,), ranges=(Range("10.0.1.0/24", start="10.0.1.100"),))
    assert refused(low, high) == []


def test_second_global_pool_is_refused() -> None:
    mine = pool("mine", EVERYONE, subnets=ONE)
    twin = pool("twin", EVERYONE, subnets=TWO, is_global=True)
    assert refused(mine, twin) == [("twin", "there is already a global IP pool: twin")]


def test_global_pool_is_no_twin_of_itself() -> None:
    assert refused(pool("mine", EVERYONE, subnets=ONE, is_global=True)) == []


def test_twin_goes_by_its_label() -> None:
    mine = pool("mine", EVERYONE, subnets=ONE, is_global=True)
    unlabelled = pool("twin", EVERYONE, subnets=TWO)
    narrowed = pool("twin", A, subnets=TWO, is_global=True)
    assert refused(mine, unlabelled) == []
    assert [name for name, _ in refused(mine, narrowed)] == ["twin"]


def test_global_pool_may_have_the_priority_of_another() -> None:
    mine = pool("mine", EVERYONE, subnets=ONE, priority=7, is_global=True)
    theirs = pool("theirs", A, subnets=TWO, priority=7)
    assert refused(mine, theirs) == []
    assert refused(theirs, mine) == []


def test_scopes_that_overlap_within_a_pool_are_refused() -> None:
    for scopes in ((A, A), (A, EVERYONE), (EVERYONE, A), (B, A, A)):
        mine = pool("mine", *scopes, subnets=ONE)
        texts = {text for _, text in refused(mine)}
        assert texts == {"selector is invalid: scope overlaps"}, scopes


def test_refusal_of_a_scope_says_which() -> None:
    (refusal,) = refusals(pool("mine", B, A, A, subnets=ONE), [])
    assert refusal.field == "spec.selector.scope[1]"
    assert refusal.value == "project=* namespace=a guestCluster=*"


def test_scopes_that_differ_in_one_field_do_not_overlap() -> None:
    assert refused(pool("mine", Scope("p", "a", "g"), Scope("p", "a", "h"), subnets=ONE)) == []


def test_same_priority_above_zero_is_refused_whatever_scope_and_network() -> None:
    mine = pool("mine", A, subnets=ONE, priority=7)
    theirs = pool("theirs", B, subnets=TWO, priority=7, network="default/vlan9")
    text = "the priority can't be the same as the pool theirs"
    assert refused(mine, theirs) == [("theirs", text)]


def test_another_priority_is_accepted_for_the_same_scope() -> None:
    mine = pool("mine", A, subnets=ONE, priority=7)
    assert refused(mine, pool("theirs", A, subnets=TWO, priority=8)) == []
    assert refused(mine, pool("theirs", A, subnets=TWO, priority=0)) == []


def test_same_scope_at_priority_zero_is_refused() -> None:
    for scope in (A, Scope("*", "*", "g")):
        ((name, text),) = refused(pool("mine", scope, subnets=ONE), pool("theirs", A, subnets=TWO))
        assert name == "theirs"
        assert text.startswith("scope selector is same as the pool theirs with priority 0")


def test_same_scope_at_priority_zero_is_accepted_in_another_network() -> None:
    mine = pool("mine", A, subnets=ONE, network=NET)
    assert refused(mine, pool("theirs", A, subnets=TWO, network="")) == []


def test_scopeless_pools_at_priority_zero_do_not_clash() -> None:
    assert refused(pool("mine", subnets=ONE), pool("theirs", subnets=TWO)) == []


def test_all_that_is_wrong_is_named() -> None:
    mine = pool("mine", A, A, subnets=ONE, priority=7)
    theirs = pool("theirs", B, subnets=ONE, priority=7)
    bad = pool("bad", B, subnets=("x",))
    assert len(refused(mine, theirs, bad)) == 4
