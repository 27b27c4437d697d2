"""The other states that objects can be in, and what the controller makes of them."""

from __future__ import annotations

import pytest

from lbdoctor.cluster.memory.controller.steps import Step
from tests.unit.memory.world import (
    World,
    booked,
    every_version,
    healing,
    lb,
    lb_ref,
    pool,
    reselecting,
    said,
    sticky,
)

GONE = "default/gone"
TWO = {"10.0.0.12": "default/web", "10.0.0.15": "default/web"}


@every_version
def test_s2_nobody_collects_a_stale_record(tag: str) -> None:
    world = World(tag, pool(records={"10.0.0.10": GONE}))
    world.run(86400)
    world.restart(tag)
    world.run(600)
    assert world.records() == {"10.0.0.10": GONE}


@every_version
def test_s3_a_booking_without_a_record_stays_ready(tag: str) -> None:
    world = World(tag, pool())
    world.create(booked())
    world.run(3600)
    assert (world.ready(), world.records()) == (("True", ""), {})


@every_version
def test_s4_its_address_goes_to_another_and_its_deletion_spares_that(tag: str) -> None:
    world = World(tag, pool())
    world.create(booked())
    world.settle()
    world.create(lb("other"))
    world.settle()
    assert (world.ip(), world.ip("other")) == ("10.0.0.10", "10.0.0.10")
    assert (world.ready(), world.ready("other")) == (("True", ""), ("True", ""))
    world.delete()
    world.settle()
    assert world.records() == {"10.0.0.10": "default/other"}


@every_version
def test_s4_a_cleared_booking_is_allocated_anew(tag: str) -> None:
    world = World(tag, pool(records={"10.0.0.10": "default/other"}))
    world.create(booked())
    world.settle()
    world.patch_lb({"status": {"allocatedAddress": None}})
    world.settle()
    assert world.ip() == "10.0.0.11"


@every_version
def test_s5_history_hides_the_record_that_is_there(tag: str) -> None:
    status = {"allocatedHistory": {"10.0.0.15": "default/web"}}
    world = World(tag, pool(records={"10.0.0.12": "default/web"}, status=status))
    world.create(lb())
    world.settle()
    assert (world.ip(), world.records()) == ("10.0.0.15", TWO)


@sticky
@pytest.mark.parametrize("which", [0, 1])
def test_s5_a_deletion_frees_one_at_random(tag: str, which: int) -> None:
    world = World(tag, pool(records=TWO), pick=lambda among: among[which])
    world.create(booked("10.0.0.12"))
    world.settle()
    world.delete()
    world.settle()
    freed = list(TWO)[which]
    assert world.history() == {freed: "default/web"}
    assert world.records() == {ip: who for ip, who in TWO.items() if ip != freed}
    assert world.status()["available"] == 9


@reselecting
def test_s5_up_to_v0_4_0_a_deletion_frees_all(tag: str) -> None:
    world = World(tag, pool(records=TWO))
    world.create(booked("10.0.0.12"))
    world.settle()
    world.delete()
    world.settle()
    assert (world.records(), world.history(), world.status()["available"]) == ({}, TWO, 10)


@healing
@pytest.mark.parametrize("which", [0, 1])
def test_s5_auto_release_takes_the_one_that_it_freed(tag: str, which: int) -> None:
    world = World(tag, pool(records=TWO), pick=lambda among: among[which % len(among)])
    world.create(lb())
    world.settle()
    assert (world.ip(), world.records()) == (list(TWO)[which], TWO)


@every_version
def test_s6_a_record_in_another_pool_is_not_seen(tag: str) -> None:
    world = World(
        tag, pool(records={"10.0.0.10": "default/web"}), pool("west", third=1, priority=1)
    )
    world.create(lb(ipPool="west"))
    world.settle()
    assert (world.ip(), world.ready()) == ("10.0.1.10", ("True", ""))
    world.delete()
    world.settle()
    assert world.records() == {"10.0.0.10": "default/web"}


@every_version
@pytest.mark.parametrize(
    "key, text",
    [
        ("10.0.9.9", "10.0.9.9 not in range set 10.0.0.10-10.0.0.19"),
        ("10.0.0.15", "requested ip 10.0.0.15 is subnet's gateway"),
        (
            "10.0.0.12",
            "requested IP address 10.0.0.12 is not available in range set 10.0.0.10-10.0.0.19",
        ),
    ],
)
def test_s8_a_bad_entry_of_history_is_tried_for_ever(tag: str, key: str, text: str) -> None:
    ten = {"subnet": "10.0.0.0/24", "rangeStart": "10.0.0.10", "rangeEnd": "10.0.0.19"}
    given = pool("edge", {**ten, "gateway": "10.0.0.15"}, records={"10.0.0.12": GONE})
    world = World(tag, given)
    world.patch_pool({"status": {"allocatedHistory": {key: "default/web"}}})
    world.create(lb())
    world.run(3600)
    assert world.ready() == ("False", said(tag, text))
    assert (world.records(), world.booking()) == ({"10.0.0.12": GONE}, {})
    world.patch_pool({"status": {"allocatedHistory": None}})
    world.run(121)
    assert world.ready() == ("True", "")


@every_version
def test_s8_of_several_entries_one_is_picked(tag: str) -> None:
    status = {"allocatedHistory": {"10.0.0.12": "default/web", "10.0.0.15": "default/web"}}
    world = World(tag, pool(status=status), pick=lambda among: among[-1])
    world.create(lb())
    world.settle()
    assert (world.ip(), world.history()) == ("10.0.0.15", {"10.0.0.12": "default/web"})


@every_version
def test_s8_a_key_that_is_no_address_asks_for_nothing(tag: str) -> None:
    world = World(tag, pool())
    world.patch_pool({"status": {"allocatedHistory": {"nonsense": "default/web"}}})
    world.create(lb())
    world.settle()
    assert world.ip() == "10.0.0.10"


@sticky
def test_s8_its_own_record_is_taken_through_history(tag: str) -> None:
    own = {"10.0.0.12": "default/web"}
    world = World(tag, pool(records=own, status={"allocatedHistory": own}))
    world.create(lb())
    assert world.sync(lb_ref()) == [Step.W3, Step.W4]
    assert (world.ip(), world.records()) == ("10.0.0.12", own)


@reselecting
def test_s8_up_to_v0_4_0_even_its_own_record_is_refused(tag: str) -> None:
    own = {"10.0.0.12": "default/web"}
    world = World(tag, pool(records=own, status={"allocatedHistory": own}))
    world.create(lb())
    world.run(600)
    assert world.message() == said(
        tag, "requested IP address 10.0.0.12 is not available in range set 10.0.0.10-10.0.0.19"
    )
