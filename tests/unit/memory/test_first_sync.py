"""The first sync of a LoadBalancer: which writes, in which order, and what they leave."""

from __future__ import annotations

from lbdoctor.cluster.memory.controller.steps import Step
from lbdoctor.domain.refs import Kind
from tests.unit.memory.world import (
    LB_FINALIZER,
    POOL_FINALIZER,
    World,
    every_version,
    lb,
    lb_ref,
    pool,
    pool_ref,
    reselecting,
    said,
    sticky,
)


@every_version
def test_the_address_is_taken_before_the_finalizer(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb())
    assert world.sync(lb_ref()) == [Step.W1, Step.W3, Step.W4]


@every_version
def test_between_taking_and_booking_there_is_no_finalizer(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb())
    world.stop_before(Step.W3, lb_ref())
    assert world.records() == {"10.0.0.10": "default/web"}
    assert "finalizers" not in world.lb()["metadata"]
    assert world.booking() == {}


@every_version
def test_a_booking_names_pool_address_mask_and_gateway(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb())
    world.settle()
    assert world.lb()["status"] == {
        "allocatedAddress": {
            "ipPool": "edge",
            "ip": "10.0.0.10",
            "mask": "255.255.255.0",
            "gateway": "10.0.0.1",
        },
        "conditions": [
            {"type": "Ready", "status": "True", "lastUpdateTime": "2026-08-20T00:00:00Z"}
        ],
    }
    assert world.lb()["metadata"]["finalizers"] == [LB_FINALIZER]


@every_version
def test_a_record_is_written_with_the_cursor_and_the_counter(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb())
    world.settle()
    status = world.status()
    assert status["allocated"] == {"10.0.0.10": "default/web"}
    assert (status["total"], status["available"]) == (10, 9)
    assert status["lastAllocated"] == "10.0.0.10"


@every_version
def test_a_booked_load_balancer_is_not_written_again(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb())
    world.settle()
    assert world.sync(lb_ref()) == []


@every_version
def test_what_else_a_condition_says_stays(tag: str) -> None:
    condition = {"type": "Ready", "status": "False", "message": "x", "reason": "Mine"}
    world = World(tag, pool())
    world.create(lb(status={"conditions": [condition]}))
    world.settle()
    assert world.lb()["status"]["conditions"] == [
        {
            "type": "Ready",
            "status": "True",
            "reason": "Mine",
            "lastUpdateTime": "2026-08-20T00:00:00Z",
        }
    ]


@every_version
def test_a_deletion_moves_the_record_to_history(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb())
    world.settle()
    world.delete()
    assert world.sync(lb_ref()) == [Step.R1, Step.R2]
    assert not world.has()
    assert world.records() == {}
    assert world.history() == {"10.0.0.10": "default/web"}
    assert world.status()["available"] == 10


@every_version
def test_what_comes_back_gets_its_old_address_and_history_forgets_it(tag: str) -> None:
    world = World(tag, pool())
    for name in ("web", "other"):
        world.create(lb(name))
        world.settle()
    world.delete()
    world.settle()
    for name in ("third", "web"):
        world.create(lb(name))
        world.settle()
    assert (world.ip("third"), world.ip()) == ("10.0.0.12", "10.0.0.10")
    assert world.history() == {}


@every_version
def test_without_an_allocation_only_the_message_and_the_finalizer_are_written(tag: str) -> None:
    world = World(tag)
    world.create(lb())
    assert world.sync(lb_ref()) == [Step.W3, Step.W4]
    assert world.lb()["metadata"]["finalizers"] == [LB_FINALIZER]
    assert world.ready()[0] == "False"


@sticky
def test_no_pool_is_said_with_the_requirement(tag: str) -> None:
    world = World(tag)
    world.create(lb(annotations={"loadbalancer.harvesterhci.io/cluster": "prod"}))
    world.settle()
    assert world.message() == (
        "no matched IPPool with requirement &{Network: Project: Namespace:default Cluster:prod}"
    )


@reselecting
def test_no_pool_has_an_older_wording(tag: str) -> None:
    world = World(tag)
    world.create(lb())
    world.settle()
    assert world.message() == (
        "allocate ip for lb default/web failed, error: fail to select the pool for lb "
        "default/web, error: no matching IP pool with requirement "
        "&{Network: Project: Namespace:default Cluster:}"
    )


@sticky
def test_a_pool_that_is_not_there_has_no_allocator(tag: str) -> None:
    world = World(tag)
    world.create(lb(ipPool="nowhere"))
    world.settle()
    assert world.message() == "fail to get allocator nowhere"


@reselecting
def test_a_missing_allocator_has_an_older_wording(tag: str) -> None:
    world = World(tag)
    world.create(lb(ipPool="nowhere"))
    world.settle()
    assert world.message() == said(tag, "could not get the allocator nowhere")


@every_version
def test_a_pool_gets_its_counters_and_then_its_finalizer(tag: str) -> None:
    world = World(tag)
    world.server.create(Kind.IP_POOL, pool())
    # The second write is made with what was read before the first.
    assert world.sync(pool_ref()) == [Step.POOL_STATUS, Step.POOL_FINALIZER]
    assert "finalizers" not in world.pool()["metadata"]
    assert world.sync(pool_ref()) == [Step.POOL_FINALIZER]
    assert world.pool()["metadata"]["finalizers"] == [POOL_FINALIZER]
    assert world.status() == {
        "total": 10,
        "available": 10,
        "lastAllocated": "",
        "conditions": [
            {"type": "Ready", "status": "True", "lastUpdateTime": "2026-08-20T00:00:00Z"}
        ],
    }


@every_version
def test_a_load_balancer_of_dhcp_books_no_pool(tag: str) -> None:
    world = World(tag, pool())
    world.create(lb(ipam="dhcp"))
    world.settle()
    assert world.booking() == {"ip": "0.0.0.0"}
    assert world.records() == {}
    world.delete()
    assert world.sync(lb_ref()) == [Step.R2]
