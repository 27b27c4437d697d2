"""Harvester's webhook in memory: what it refuses of a pool, in its own words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lbdoctor.cluster.api import Manifest, Unwritten, WriteError
from lbdoctor.cluster.memory.clock import ManualClock
from lbdoctor.cluster.memory.server import MemoryServer
from lbdoctor.domain.refs import Kind
from tests.unit.memory.world import NOW, pool, scope

POOL = Kind.IP_POOL
VALIDATOR = (
    'admission webhook "validator.harvester-system.harvester-load-balancer-webhook" denied the '
    "request: Internal error occurred: "
)
MUTATOR = VALIDATOR.replace("validator.", "mutator.")
BECAUSE = "can't update IP pool edge because "


def server(*pools: Manifest) -> MemoryServer:
    made = MemoryServer(ManualClock(NOW))
    for item in pools:
        made.create(POOL, item)
    return made


def denial(write: Callable[[], object]) -> str:
    with pytest.raises(WriteError) as caught:
        write()
    assert caught.value.why is Unwritten.DENIED
    return str(caught.value)


def update(made: MemoryServer, body: Manifest, name: str = "edge") -> str:
    return denial(lambda: made.patch(POOL, name, body=body))


def ranged(*ranges: Manifest) -> Manifest:
    return {"spec": {"ranges": list(ranges)}}


def scoped(*scopes: Manifest, **selector: object) -> Manifest:
    return {"spec": {"selector": {"scope": list(scopes), **selector}}}


NET = {"subnet": "10.0.0.0/24"}


@pytest.mark.parametrize(
    "ranges, text",
    [
        ([], "range can't be empty"),
        (
            [{"subnet": "10.0.0.0"}],
            "invalid CIDR address: 10.0.0.0, a valid example is 192.168.1.0/24",
        ),
        (
            [{**NET, "rangeStart": "10.0.1.1"}],
            "invalid range start 10.0.1.1: IP 10.0.1.1 is out of subnet 10.0.0.0/24",
        ),
        (
            [{**NET, "rangeEnd": "10.0.0.0"}],
            "invalid range end 10.0.0.0: IP 10.0.0.0 is the network address",
        ),
        (
            [{**NET, "gateway": "10.0.0.255"}],
            "invalid gateway 10.0.0.255: IP 10.0.0.255 is the broadcast address",
        ),
        ([{**NET, "gateway": "x"}], "invalid gateway x: invalid IP x"),
        (
            [{**NET, "rangeEnd": "10.0.0.9"}, {**NET, "rangeStart": "10.0.0.9"}],
            "there are overlaps between range 10.0.0.1-10.0.0.9 and 10.0.0.9-10.0.0.254",
        ),
    ],
)
def test_ranges_that_harvester_cannot_use_are_refused(ranges: list[Manifest], text: str) -> None:
    made = server(pool())
    assert update(made, ranged(*ranges)) == VALIDATOR + BECAUSE + text
    new = pool("new")
    new["spec"]["ranges"] = ranges
    created = f"{VALIDATOR}can't create IP pool new because {text}"
    assert denial(lambda: server().create(POOL, new)) == created


def test_ranges_may_not_overlap_with_another_pool_of_any_network_or_scope() -> None:
    made = server(pool(), pool("west", third=1, priority=3, scopes=[scope(namespace="west")]))
    assert update(made, ranged({"subnet": "10.0.1.0/24", "rangeStart": "10.0.1.19"})) == (
        VALIDATOR + BECAUSE + "the ranges 10.0.1.19-10.0.1.254 overlap with other pools"
    )


def test_a_bad_range_of_another_pool_stops_every_write() -> None:
    made = server(pool())
    made.load(POOL, pool("west", {"subnet": "nonsense"}))
    assert update(made, {"metadata": {"annotations": {"a": "1"}}}) == (
        VALIDATOR + BECAUSE + "invalid CIDR address: nonsense, a valid example is 192.168.1.0/24"
    )


@pytest.mark.parametrize(
    "key, text",
    [
        ("10.0.0.20", "allocated IP 10.0.0.20 is excluded"),
        ("10.0.0.1", "allocated IP 10.0.0.1 is excluded"),
        ("nonsense", "invalid ip string nonsense"),
        ("10.0.0.010", "invalid ip string 10.0.0.010"),
    ],
)
def test_a_record_must_be_an_address_of_the_ranges(key: str, text: str) -> None:
    made = server(pool(records={"10.0.0.10": "default/web"}))
    body = {"status": {"allocated": {key: "default/other"}}}
    assert update(made, body) == VALIDATOR + BECAUSE + text


def test_a_range_may_not_shrink_below_a_record() -> None:
    made = server(pool(records={"10.0.0.10": "default/web"}))
    body = ranged({**NET, "rangeStart": "10.0.0.11", "rangeEnd": "10.0.0.19"})
    assert update(made, body) == f"{VALIDATOR}{BECAUSE}allocated IP 10.0.0.10 is excluded"


def test_a_frozen_pool_is_freed_only_by_one_write_that_removes_all_bad_keys() -> None:
    made = server()
    made.load(POOL, pool(records={"10.0.9.8": "default/a", "10.0.9.9": "default/b"}))
    text = f"{VALIDATOR}{BECAUSE}allocated IP 10.0.9.9 is excluded"
    assert update(made, {"status": {"allocated": {"10.0.9.8": None}}}) == text
    made.patch(POOL, "edge", body={"status": {"allocated": None}})


def test_what_is_not_looked_at_passes() -> None:
    made = server(pool("edge", {**NET, "gateway": "10.0.0.5"}))
    status: Manifest = {
        "available": -7,
        "total": 0,
        "lastAllocated": "nonsense",
        "allocated": {"10.0.0.5": "no owner", "::ffff:10.0.0.6": ""},
        "allocatedHistory": {"nonsense": "default/a", "10.0.9.9": "default/b"},
    }
    made.patch(POOL, "edge", body={"status": status})


def test_records_are_not_looked_at_when_a_pool_is_created() -> None:
    server(pool(records={"10.0.9.9": "default/web"}))


def test_ranges_are_looked_at_before_records_and_records_before_the_selector() -> None:
    made = server(pool(), pool("west", third=1, priority=3, scopes=[scope(namespace="west")]))
    all_wrong: Manifest = {
        "spec": {"ranges": [{"subnet": "x"}], "selector": {"priority": 3}},
        "status": {"total": 0, "available": 0, "lastAllocated": "", "allocated": {"x": "a/b"}},
    }
    assert "invalid CIDR address: x" in update(made, all_wrong)
    del all_wrong["spec"]["ranges"]
    assert update(made, all_wrong).endswith("because invalid ip string x")
    del all_wrong["status"]
    assert update(made, all_wrong).endswith("the priority can't be the same as the pool west")


def test_there_can_be_one_global_pool() -> None:
    made = server(pool("all", scopes=[scope(namespace="*")]), pool("edge", third=1))
    assert update(made, scoped(scope(namespace="*"))) == (
        f"{VALIDATOR}{BECAUSE}there is already a global IP pool: all"
    )
    made.patch(POOL, "all", body={"metadata": {"annotations": {"a": "1"}}})


def test_scopes_of_a_pool_may_not_overlap() -> None:
    made = server(pool())
    assert update(made, scoped(scope("p"), scope())) == (
        f"{VALIDATOR}{BECAUSE}selector {{Priority:0 Network: Scope:[{{Project:p Namespace:default "
        "GuestCluster:*} {Project:* Namespace:default GuestCluster:*}]} is invalid: "
        "scope overlaps"
    )
    made.patch(POOL, "edge", body=scoped(scope("p"), scope("q")))


def test_a_priority_but_zero_is_of_one_pool_only() -> None:
    made = server(
        pool("edge", priority=1), pool("west", third=1, priority=2, scopes=[scope(namespace="x")])
    )
    assert update(made, {"spec": {"selector": {"priority": 2}}}) == (
        f"{VALIDATOR}{BECAUSE}the priority can't be the same as the pool west"
    )


def test_at_priority_zero_scopes_of_a_network_may_not_meet() -> None:
    made = server(pool(), pool("west", third=1, scopes=[scope(namespace="west")]))
    assert update(made, scoped(scope("p", "a", "c"), scope("p", "west", "c"))) == (
        f"{VALIDATOR}{BECAUSE}scope selector is same as the pool west with priority 0 Project p "
        "Namespace west GuestCluster c, set a different priority or scope"
    )


def test_at_priority_zero_pools_of_other_networks_may_have_the_same_scopes() -> None:
    made = server(pool())
    made.create(Kind.NETWORK, {"metadata": {"name": "vlan5", "namespace": "default"}})
    made.create(POOL, pool("west", third=1, network="default/vlan5"))


def test_a_global_pool_is_no_rival() -> None:
    made = server(pool("all", scopes=[scope(namespace="*")]), pool("edge", third=1))
    made.patch(POOL, "edge", body={"metadata": {"annotations": {"a": "1"}}})


@pytest.mark.parametrize("network", ["vlan5", "a/b/c", "default/"])
def test_a_network_has_a_namespace_and_a_name(network: str) -> None:
    made = server(pool())
    assert update(made, {"spec": {"selector": {"network": network}}}) == (
        f"{MUTATOR}{BECAUSE}invalid network {network}"
    )


def test_a_network_must_be_there() -> None:
    made = server(pool())
    assert update(made, {"spec": {"selector": {"network": "default/vlan5"}}}) == (
        f'{MUTATOR}{BECAUSE}network-attachment-definitions.k8s.cni.cncf.io "vlan5" not found'
    )


def test_a_pool_is_labelled_with_its_vlan_and_whether_it_is_global() -> None:
    made = server(pool("all", scopes=[scope(namespace="*")]))
    labels = {"network.harvesterhci.io/vlan-id": "5"}
    network = {"metadata": {"name": "vlan5", "namespace": "default", "labels": labels}}
    made.create(Kind.NETWORK, network)
    new = pool(network="default/vlan5", third=1)
    new["metadata"]["labels"] = {"mine": "1"}
    assert made.create(POOL, new)["metadata"]["labels"] == {
        "mine": "1",
        "loadbalancer.harvesterhci.io/vid": "5",
        "loadbalancer.harvesterhci.io/global-ip-pool": "false",
    }
    found = made.get(POOL, "all")
    assert found is not None
    assert found["metadata"]["labels"] == {
        "loadbalancer.harvesterhci.io/vid": "0",
        "loadbalancer.harvesterhci.io/global-ip-pool": "true",
    }


def test_a_pool_with_records_is_not_deleted() -> None:
    made = server(pool(records={"10.0.0.10": "default/web"}))
    assert denial(lambda: made.delete(POOL, "edge")) == (
        f"{VALIDATOR}can't delete pool before releasing all the allocated IP"
    )


def test_a_pool_with_history_only_is_deleted() -> None:
    made = server(pool(status={"allocatedHistory": {"10.0.0.10": "default/web"}}))
    made.delete(POOL, "edge")
    assert made.get(POOL, "edge") is None


def test_a_terminating_pool_may_become_anything() -> None:
    made = server(pool())
    made.patch(POOL, "edge", body={"metadata": {"finalizers": ["x.io/holds"]}})
    made.delete(POOL, "edge")
    body = {"spec": {"ranges": [], "selector": {"network": "nonsense"}}}
    made.patch(POOL, "edge", body=body)


def test_a_dry_run_is_refused_like_a_write() -> None:
    made = server(pool())
    text = denial(lambda: made.patch(POOL, "edge", body=ranged(), dry_run=True))
    assert text == f"{VALIDATOR}{BECAUSE}range can't be empty"


def test_without_the_webhook_everything_passes() -> None:
    made = server(pool()).without_webhook()
    made.patch(POOL, "edge", body=ranged())
