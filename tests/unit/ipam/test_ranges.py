"""What each shape of range gives out, line by line."""

from __future__ import annotations

import pytest

from lbdoctor.domain.pools import Range
from lbdoctor.ipam.ranges import expected_counters, parse_range
from tests.unit.ipam.builders import ip, ranges, usable

NET = "192.168.5.0"
SUBNET = f"{NET}/24"
WHOLE = range(256)


@pytest.mark.parametrize(
    "item, expected, total",
    [
        (Range(SUBNET), range(2, 255), 253),
        (Range(SUBNET, gateway="192.168.5.254"), range(1, 254), 253),
        (Range(SUBNET, "192.168.5.10", "192.168.5.20"), range(10, 21), 11),
        (Range("192.168.5.0/30"), [2], 1),
        (Range("192.168.5.4/30"), [6], 1),
        (Range("192.168.5.0/31"), [0], 1),
        (Range("192.168.5.8/31"), [8], 1),
        (Range("192.168.5.7/32"), [7], 1),
    ],
    ids=lambda value: str(getattr(value, "subnet", value)),
)
def test_line_of_the_table_holds_for_ipv4(
    item: Range, expected: range | list[int], total: int
) -> None:
    found = ranges(item)
    assert usable(found, NET, WHOLE) == list(expected)
    assert found.total == total
    assert found.capacity == len(expected)


def test_gateway_inside_the_range_is_skipped_and_subtracted() -> None:
    found = ranges(Range(SUBNET, "192.168.5.10", "192.168.5.20", "192.168.5.15"))
    assert usable(found, NET, WHOLE) == [10, 11, 12, 13, 14, 16, 17, 18, 19, 20]
    assert (found.total, found.capacity) == (10, 10)


def test_gateway_of_a_range_is_contained_but_not_usable() -> None:
    found = ranges(Range(SUBNET))
    assert found.contains(ip("192.168.5.1"))
    assert found.is_gateway(ip("192.168.5.1"))
    assert not found.is_usable(ip("192.168.5.1"))


def test_default_gateway_outside_the_range_is_not_one_of_it() -> None:
    found = ranges(Range(SUBNET, "192.168.5.10", "192.168.5.20"))
    assert not found.contains(ip("192.168.5.1"))
    assert not found.is_gateway(ip("192.168.5.1"))


def test_swapped_ends_mean_the_same_range() -> None:
    swapped = ranges(Range(SUBNET, "192.168.5.20", "192.168.5.10"))
    assert swapped == ranges(Range(SUBNET, "192.168.5.10", "192.168.5.20"))
    assert str(swapped) == "192.168.5.10-192.168.5.20"


def test_start_alone_runs_to_the_end_of_the_subnet() -> None:
    found = ranges(Range(SUBNET, start="192.168.5.250"))
    assert usable(found, NET, WHOLE) == [250, 251, 252, 253, 254]


def test_end_alone_runs_from_the_beginning_of_the_subnet() -> None:
    found = ranges(Range(SUBNET, end="192.168.5.4"))
    assert usable(found, NET, WHOLE) == [2, 3, 4]


def test_one_address_range_that_is_its_gateway_has_nothing_to_give() -> None:
    found = ranges(Range(SUBNET, "192.168.5.9", "192.168.5.9", "192.168.5.9"))
    assert (found.total, found.capacity) == (0, 0)
    assert usable(found, NET, WHOLE) == []


def test_point_to_point_has_no_gateway() -> None:
    found = ranges(Range("192.168.5.7/32"))
    assert found.ranges[0].gateway is None
    assert not found.is_gateway(ip("192.168.5.7"))


def test_subnet_with_host_bits_is_the_subnet() -> None:
    assert ranges(Range("192.168.5.77/24")) == ranges(Range(SUBNET))
    assert usable(ranges(Range("192.168.5.77/24")), NET, WHOLE) == list(range(2, 255))


def test_network_and_broadcast_are_not_in_the_default_range() -> None:
    found = ranges(Range(SUBNET))
    assert not found.contains(ip("192.168.5.0"))
    assert not found.contains(ip("192.168.5.255"))


def test_ipv6_120_keeps_its_last_address() -> None:
    found = ranges(Range("fd00::/120"))
    assert usable(found, "fd00::", range(258)) == list(range(2, 256))
    assert (found.total, found.capacity) == (254, 254)


def test_ipv6_64_has_a_total_of_minus_two_and_still_works() -> None:
    found = ranges(Range("fd00::/64"))
    assert found.total == found.ranges[0].total == -2
    assert found.capacity == 2**64 - 2
    assert found.is_usable(ip("fd00::2"))
    assert found.is_usable(ip("fd00::ffff:ffff:ffff:ffff"))
    assert not found.is_usable(ip("fd00::1"))
    assert not found.contains(ip("fd00:0:0:1::"))


def test_ipv6_65_overflows_nothing() -> None:
    found = ranges(Range("fd00::/65"))
    assert found.total == found.capacity == 2**63 - 2


def test_ipv6_128_counts_two_and_has_one() -> None:
    found = ranges(Range("fd00::5/128"))
    assert (found.total, found.capacity) == (2, 1)
    assert usable(found, "fd00::", range(16)) == [5]
    assert not found.contains(ip("fd00::6"))


def test_sums_run_over_all_ranges() -> None:
    found = ranges(
        Range(SUBNET, "192.168.5.10", "192.168.5.20"), Range("10.0.0.0/30"), Range("10.0.1.7/32")
    )
    assert (found.total, found.capacity) == (13, 13)
    assert str(found) == "192.168.5.10-192.168.5.20,10.0.0.1-10.0.0.2,10.0.1.7-10.0.1.7"
    assert found.is_usable(ip("10.0.1.7"))
    assert found.is_usable(ip("192.168.5.20"))
    assert not found.contains(ip("192.168.5.21"))


def test_sum_of_overflowing_ranges_is_the_sum_of_what_go_makes_of_each() -> None:
    found = ranges(Range("fd00::/64"), Range("fd01::/64"), Range("10.0.0.0/30"))
    assert found.total == -3
    assert found.capacity == 2 * (2**64 - 2) + 1


def test_sum_that_leaves_int64_wraps_around() -> None:
    found = ranges(Range("fd00::/65"), Range("fd01::/65"))
    assert found.total == -4


def test_gateway_is_excluded_only_in_its_own_entry() -> None:
    low = Range(SUBNET, "192.168.5.10", "192.168.5.19", "192.168.5.25")
    high = Range(SUBNET, "192.168.5.20", "192.168.5.29", "192.168.5.15")
    found = ranges(low, high)
    assert usable(found, NET, WHOLE) == list(range(10, 30))
    assert (found.total, found.capacity) == (20, 20)
    assert not found.is_gateway(ip("192.168.5.25"))
    assert not found.is_gateway(ip("192.168.5.15"))


def test_families_do_not_mix() -> None:
    four, six = ranges(Range("0.0.0.0/24")), ranges(Range("::/120"))
    assert four.contains(ip("0.0.0.9"))
    assert not four.contains(ip("::9"))
    assert six.contains(ip("::9"))
    assert not six.contains(ip("0.0.0.9"))
    assert not six.is_gateway(ip("0.0.0.1"))
    assert not four.overlaps(six)
    assert six.ranges[0].is_gateway(ip("::1"))
    assert not six.ranges[0].is_gateway(ip("0.0.0.1"))


def test_ranges_that_share_one_address_overlap() -> None:
    low = ranges(Range(SUBNET, "192.168.5.10", "192.168.5.20"))
    touching = ranges(Range(SUBNET, "192.168.5.20", "192.168.5.30"))
    next_to = ranges(Range(SUBNET, "192.168.5.21", "192.168.5.30"))
    assert low.overlaps(touching)
    assert touching.overlaps(low)
    assert not low.overlaps(next_to)
    assert not next_to.overlaps(low)


def test_every_range_of_a_pool_is_looked_at_for_overlaps() -> None:
    mine = ranges(Range("10.0.0.0/24"), Range("10.0.1.0/24"))
    theirs = ranges(Range("10.0.9.0/24"), Range("10.0.1.128/25"))
    assert mine.overlaps(theirs)
    assert theirs.overlaps(mine)


def test_available_is_the_total_less_the_records() -> None:
    assert expected_counters(ranges(Range(SUBNET)), ["a", "b", "c"]) == (253, 250)


def test_available_of_an_ipv6_64_is_negative() -> None:
    assert expected_counters(ranges(Range("fd00::/64")), ["a"]) == (-2, -3)


def test_an_ipv4_subnet_in_ipv6_notation_is_the_ipv4_subnet() -> None:
    assert parse_range(Range("::ffff:10.0.0.0/120")) == parse_range(Range("10.0.0.0/24"))


def test_the_very_last_address_of_ipv6_can_be_printed() -> None:
    last = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
    assert str(parse_range(Range(f"{last}/128"))) == f"{last}-{last}"
