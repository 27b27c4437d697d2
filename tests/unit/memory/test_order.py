"""Which address is given out next, and what the booking says of it."""

from __future__ import annotations

import pytest

from tests.unit.memory.world import World, every_version, lb, lb_ref, pool, said

Range = dict[str, str]
WIDE = {"subnet": "10.0.0.0/24"}


def span(subnet: str, start: str, end: str, gateway: str = "") -> Range:
    return {
        "subnet": subnet,
        "rangeStart": start,
        "rangeEnd": end,
        **({"gateway": gateway} if gateway else {}),
    }


def given_out(world: World, names: str) -> list[str]:
    for name in names:
        world.create(lb(name))
        world.settle()
    return [world.ip(name) for name in names]


@every_version
def test_addresses_go_round_and_a_released_one_waits_for_its_turn(tag: str) -> None:
    world = World(tag, pool("edge", span("10.0.0.0/24", "10.0.0.10", "10.0.0.12")))
    assert given_out(world, "ab") == ["10.0.0.10", "10.0.0.11"]
    world.delete("a")
    world.settle()
    assert given_out(world, "cd") == ["10.0.0.12", "10.0.0.10"]


@every_version
def test_history_comes_before_the_turn(tag: str) -> None:
    world = World(tag, pool(status={"allocatedHistory": {"10.0.0.17": "default/a"}}))
    assert given_out(world, "ab") == ["10.0.0.17", "10.0.0.18"]


@every_version
def test_what_others_had_reserves_nothing(tag: str) -> None:
    world = World(tag, pool(status={"allocatedHistory": {"10.0.0.10": "default/other"}}))
    assert given_out(world, "a") == ["10.0.0.10"]
    assert world.history() == {}


@every_version
def test_the_turn_goes_on_after_the_last_one_in_its_range(tag: str) -> None:
    world = World(
        tag,
        pool(
            "edge",
            span("10.0.0.0/24", "10.0.0.10", "10.0.0.11"),
            span("10.0.1.0/24", "10.0.1.10", "10.0.1.12"),
            status={"lastAllocated": "10.0.1.11"},
        ),
    )
    assert given_out(world, "abcde") == [
        "10.0.1.12",
        "10.0.0.10",
        "10.0.0.11",
        "10.0.1.10",
        "10.0.1.11",
    ]


@every_version
def test_the_ranges_after_the_last_one_come_before_those_in_front_of_it(tag: str) -> None:
    three = (span(f"10.0.{net}.0/24", f"10.0.{net}.10", f"10.0.{net}.10") for net in (1, 2, 3))
    world = World(tag, pool("edge", *three, status={"lastAllocated": "10.0.2.10"}))
    assert given_out(world, "abc") == ["10.0.3.10", "10.0.1.10", "10.0.2.10"]


@every_version
def test_a_last_one_outside_the_ranges_begins_at_the_first(tag: str) -> None:
    world = World(tag, pool(status={"lastAllocated": "10.0.9.9"}))
    assert given_out(world, "a") == ["10.0.0.10"]


@every_version
@pytest.mark.parametrize(
    "last, expected",
    [("", ["10.0.0.10", "10.0.0.12"]), ("10.0.0.10", ["10.0.0.12", "10.0.0.10"])],
)
def test_the_gateway_is_left_out(tag: str, last: str, expected: list[str]) -> None:
    ranges = span("10.0.0.0/24", "10.0.0.10", "10.0.0.12", "10.0.0.11")
    world = World(tag, pool("edge", ranges, status={"lastAllocated": last}))
    assert given_out(world, "ab") == expected
    assert world.booking("a")["gateway"] == "10.0.0.11"
    assert (world.status()["total"], world.status()["available"]) == (2, 0)


@every_version
def test_the_gateway_is_left_out_of_its_own_range_only(tag: str) -> None:
    world = World(
        tag,
        pool(
            "edge",
            span("10.0.0.0/24", "10.0.0.10", "10.0.0.10", "10.0.0.20"),
            span("10.0.0.0/24", "10.0.0.20", "10.0.0.20"),
        ),
    )
    assert given_out(world, "ab") == ["10.0.0.10", "10.0.0.20"]
    assert [world.booking(name)["gateway"] for name in "ab"] == ["10.0.0.20", "10.0.0.1"]


@every_version
@pytest.mark.parametrize(
    "ranges, total, booking",
    [
        (WIDE, 253, ("10.0.0.2", "255.255.255.0", "10.0.0.1")),
        ({**WIDE, "gateway": "10.0.0.254"}, 253, ("10.0.0.1", "255.255.255.0", "10.0.0.254")),
        ({"subnet": "10.0.0.0/30"}, 1, ("10.0.0.2", "255.255.255.252", "10.0.0.1")),
        ({"subnet": "10.0.0.0/31"}, 1, ("10.0.0.0", "255.255.255.254", "10.0.0.1")),
        ({"subnet": "10.0.0.7/32"}, 1, ("10.0.0.7", "255.255.255.255", "<nil>")),
        (
            span("10.0.0.0/24", "10.0.0.20", "10.0.0.10"),
            11,
            ("10.0.0.10", "255.255.255.0", "10.0.0.1"),
        ),
        (
            {"subnet": "fd00::/120"},
            254,
            ("fd00::2", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff00", "fd00::1"),
        ),
        (
            {"subnet": "fd00::7/128"},
            2,
            ("fd00::7", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fd00::8"),
        ),
    ],
)
def test_total_and_first_booking_of_a_range(
    tag: str, ranges: Range, total: int, booking: tuple[str, str, str]
) -> None:
    world = World(tag, pool("edge", ranges))
    assert world.status()["total"] == total
    given_out(world, "a")
    ip, mask, gateway = booking
    assert world.booking("a") == {"ipPool": "edge", "ip": ip, "mask": mask, "gateway": gateway}


@every_version
@pytest.mark.parametrize(
    "ranges, last",
    [
        ([WIDE], "10.0.0.254"),
        ([{"subnet": "fd00::/120"}], "fd00::ff"),
    ],
)
def test_the_last_address_of_a_range(tag: str, ranges: list[Range], last: str) -> None:
    before = last[:-1] + {"4": "3", "f": "e"}[last[-1]]
    world = World(tag, pool("edge", *ranges, status={"lastAllocated": before}))
    found = given_out(world, "ab")
    assert found == [last, "10.0.0.2" if "." in last else "fd00::2"]


@every_version
def test_exhaustion_names_every_range(tag: str) -> None:
    world = World(
        tag, pool("edge", {"subnet": "10.0.0.0/30"}, span("10.0.1.0/24", "10.0.1.10", "10.0.1.10"))
    )
    given_out(world, "abc")
    assert world.ready("c") == (
        "False",
        said(
            tag,
            "no IP addresses available in range set: 10.0.0.1-10.0.0.2,10.0.1.10-10.0.1.10",
            "c",
        ),
    )
    assert world.status()["available"] == 0


@every_version
def test_a_key_that_is_not_canonical_does_not_protect_its_address(tag: str) -> None:
    world = World(tag, pool(records={"::ffff:10.0.0.10": "default/other"}))
    assert given_out(world, "a") == ["10.0.0.10"]


@every_version
def test_a_duplicate_is_named_as_go_prints_it(tag: str) -> None:
    world = World(tag, pool(records={"::ffff:10.0.0.10": "default/a"}))
    world.create(lb("a"))
    world.sync(lb_ref("a"))
    assert "10.0.0.10 has been allocated to default/a" in world.message("a")
