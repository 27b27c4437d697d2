"""The annotation manuallyReleaseIP: what is carried out, what is refused, and what is left."""

from __future__ import annotations

import pytest

from lbdoctor.cluster.memory.controller.steps import Step
from lbdoctor.domain.refs import Kind
from tests.unit.memory.world import (
    FOUR,
    LB_FINALIZER,
    POOL_FINALIZER,
    RESELECTING,
    World,
    booked,
    lb,
    pool,
    pool_ref,
    reading_requests,
)

STALE = {"10.0.0.10": "default/gone"}
TWO = {"10.0.0.10": "default/gone", "10.0.0.15": "default/gone"}
ASKED = "10.0.0.10: default/gone"


@pytest.mark.parametrize("tag", [*RESELECTING, *FOUR])
def test_before_v1_5_0_nobody_reads_it(tag: str) -> None:
    world = World(tag, pool(records=STALE))
    world.request(ASKED)
    world.run(600)
    assert (world.requested(), world.records()) == (ASKED, STALE)


@reading_requests
def test_one_that_nobody_read_is_carried_out_after_the_upgrade(tag: str) -> None:
    world = World("v0.4.4", pool(records=STALE))
    world.request(ASKED)
    world.settle()
    world.restart(tag)
    world.run(1)
    assert (world.requested(), world.records()) == (None, {})


@reading_requests
def test_the_release_makes_the_removal_conflict_and_the_second_pass_removes(tag: str) -> None:
    world = World(tag, pool(records=STALE))
    world.request(ASKED)
    assert world.sync(pool_ref()) == [Step.R1, Step.REQUEST_DONE]
    assert len(world.server.refused) == 1
    assert (world.requested(), world.records()) == (ASKED, {})
    assert world.sync(pool_ref()) == [Step.REQUEST_DONE]
    assert (world.requested(), world.history()) == (None, STALE)
    assert world.status()["available"] == 10
    assert world.sync(pool_ref()) == []


@reading_requests
@pytest.mark.parametrize(
    "value",
    [
        "nonsense",
        "10.0.0.10",
        "10.0.0.10: gone",
        "10.0.0.10: default/gone/b",
        "fd00::10: default/gone",
        "10.0.0.10: default/gone, 10.0.0.15: default/gone",
    ],
)
def test_what_is_not_valid_is_removed_and_does_nothing(tag: str, value: str) -> None:
    world = World(tag, pool(records=STALE))
    world.request(value)
    assert world.sync(pool_ref()) == [Step.REQUEST_DONE]
    assert (world.requested(), world.records()) == (None, STALE)


@reading_requests
@pytest.mark.parametrize(
    "value",
    [
        "10.0.0.10 : default/gone",
        "10.0.0.10\t: default/gone",
        "\n10.0.0.10: default/gone",
        "10.0.0.10: default/gone\n",
        "10.0.0.11: default/gone",
        "10.0.0.10: default/other",
        "10.0.0.10: other/gone",
        "10.0.0.010: default/gone",
    ],
)
def test_what_names_no_record_is_removed_and_does_nothing(tag: str, value: str) -> None:
    world = World(tag, pool(records=STALE))
    world.request(value)
    assert world.sync(pool_ref()) == [Step.REQUEST_DONE]
    assert (world.requested(), world.records()) == (None, STALE)


@reading_requests
def test_an_owner_is_not_released_by_an_address_of_another(tag: str) -> None:
    records = {**STALE, "10.0.0.11": "default/lost"}
    world = World(tag, pool(records=records))
    world.request("10.0.0.10: default/lost")
    assert world.sync(pool_ref()) == [Step.REQUEST_DONE]
    assert (world.requested(), world.records()) == (None, records)


@reading_requests
@pytest.mark.parametrize(
    "value", ["10.0.0.10:default/gone", "10.0.0.10:   default/gone", "  10.0.0.10: default/gone "]
)
def test_blanks_at_the_ends_and_after_the_colon_do_not_matter(tag: str, value: str) -> None:
    world = World(tag, pool(records=STALE))
    world.request(value)
    world.run(1)
    assert (world.requested(), world.records()) == (None, {})


@reading_requests
def test_an_empty_value_is_left_in_place(tag: str) -> None:
    world = World(tag, pool(records=STALE))
    world.request("")
    assert world.sync(pool_ref()) == []
    world.run(600)
    assert (world.requested(), world.records()) == ("", STALE)


@reading_requests
@pytest.mark.parametrize(
    "living",
    [
        lb("gone", ipPool="nowhere"),
        lb("gone", ipam="dhcp"),
        booked("10.0.1.10", "west") | {"metadata": lb("gone")["metadata"]},
    ],
    ids=["unbooked", "dhcp", "booked elsewhere"],
)
def test_one_for_a_living_load_balancer_is_refused(tag: str, living: dict[str, object]) -> None:
    world = World(tag, pool(records=STALE))
    world.create(living)
    world.settle()
    world.request(ASKED)
    assert world.sync(pool_ref()) == [Step.REQUEST_DONE]
    assert (world.requested(), world.records()) == (None, STALE)


@reading_requests
def test_one_for_a_terminating_load_balancer_is_refused(tag: str) -> None:
    world = World(tag, pool(records=STALE))
    world.create(lb("gone", ipPool="nowhere", finalizers=[LB_FINALIZER, "x.io/holds"]))
    world.delete("gone")
    world.settle()
    world.request(ASKED)
    assert world.sync(pool_ref()) == [Step.REQUEST_DONE]
    assert (world.requested(), world.records()) == (None, STALE)


@reading_requests
def test_without_an_allocator_it_is_tried_again_and_stays(tag: str) -> None:
    world = World(tag)
    world.server.without_webhook()
    given = pool(
        records=STALE, annotations={"loadbalancer.harvesterhci.io/manuallyReleaseIP": ASKED}
    )
    ranges = given["spec"]["ranges"]
    given["spec"]["ranges"] = [{"subnet": "nonsense"}]
    world.server.create(Kind.IP_POOL, given)
    world.run(60)
    assert (world.requested(), world.records()) == (ASKED, STALE)
    world.patch_pool({"spec": {"ranges": ranges}})
    world.run(60)
    assert (world.requested(), world.records()) == (None, {})


@reading_requests
def test_while_the_pool_cannot_be_written_it_stays(tag: str) -> None:
    world = World(tag, pool(records=STALE))
    world.request(ASKED)
    world.server.denied.add(Kind.IP_POOL)
    world.run(60)
    assert (world.requested(), world.records()) == (ASKED, STALE)
    world.server.denied.clear()
    world.run(60)
    assert (world.requested(), world.records()) == (None, {})


@reading_requests
def test_on_a_terminating_pool_it_is_not_read(tag: str) -> None:
    world = World(tag, pool(records=STALE))
    world.server.without_webhook()
    world.patch_pool({"metadata": {"finalizers": [POOL_FINALIZER, "x.io/holds"]}})
    world.server.delete(Kind.IP_POOL, "edge")
    world.request(ASKED)
    assert world.sync(pool_ref()) == [Step.POOL_FINALIZER]
    assert world.sync(pool_ref()) == []
    assert (world.requested(), world.records()) == (ASKED, STALE)


@reading_requests
def test_of_two_records_the_right_pick_spares_the_other(tag: str) -> None:
    world = World(tag, pool(records=TWO), pick=lambda among: among[0])
    world.request(ASKED)
    world.run(1)
    assert world.requested() is None
    assert (world.records(), world.history()) == ({"10.0.0.15": "default/gone"}, STALE)


@reading_requests
def test_of_two_records_the_wrong_pick_takes_both(tag: str) -> None:
    """The owner is released, not the address: the request comes round again for the other."""
    world = World(tag, pool(records=TWO), pick=lambda among: among[-1])
    world.request(ASKED)
    assert world.sync(pool_ref()) == [Step.R1, Step.REQUEST_DONE]
    assert world.history() == {"10.0.0.15": "default/gone"}
    assert world.sync(pool_ref()) == [Step.R1, Step.REQUEST_DONE]
    assert world.sync(pool_ref()) == [Step.REQUEST_DONE]
    assert (world.requested(), world.records(), world.history()) == (None, {}, TWO)
    assert world.status()["available"] == 10


@reading_requests
def test_a_second_request_before_the_first_is_read_replaces_it(tag: str) -> None:
    records = {**STALE, "10.0.0.11": "default/lost"}
    world = World(tag, pool(records=records))
    world.request(ASKED)
    world.request("10.0.0.11: default/lost")
    world.run(1)
    assert (world.requested(), world.records()) == (None, STALE)


@reading_requests
def test_one_that_comes_between_release_and_removal_is_not_lost(tag: str) -> None:
    records = {**STALE, "10.0.0.11": "default/lost"}
    world = World(tag, pool(records=records))
    world.request(ASKED)
    task = world.stop_before(Step.REQUEST_DONE, pool_ref())
    world.request("10.0.0.11: default/lost")
    world.finish(task)
    world.run(1)
    assert (world.requested(), world.records()) == (None, {})


@reading_requests
def test_other_annotations_stay(tag: str) -> None:
    world = World(tag, pool(annotations={"mine": "1"}, records=STALE))
    world.request(ASKED)
    world.run(1)
    assert world.pool()["metadata"]["annotations"] == {"mine": "1"}


@reading_requests
def test_a_crash_after_the_release_leaves_only_the_removal(tag: str) -> None:
    world = World(tag, pool(records=STALE))
    world.request(ASKED)
    world.stop_before(Step.REQUEST_DONE, pool_ref())
    world.restart(tag)
    world.run(1)
    assert (world.requested(), world.records(), world.history()) == (None, {}, STALE)
