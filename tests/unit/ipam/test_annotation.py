"""The release request, in each spelling that Harvester treats its own way."""

from __future__ import annotations

import pytest

from lbdoctor.domain.refs import Owner
from lbdoctor.ipam.annotation import ReleaseRequest, format_request, parse_request

WANTED = ReleaseRequest("10.0.0.5", "default", "web")


@pytest.mark.parametrize(
    "value",
    [
        "10.0.0.5:default/web",
        "10.0.0.5: default/web",
        "10.0.0.5:   default/web",
        "  10.0.0.5: default/web  ",
    ],
)
def test_blanks_at_the_ends_and_after_the_colon_do_not_matter(value: str) -> None:
    assert parse_request(value) == WANTED


def test_blank_before_the_colon_stays_part_of_the_address() -> None:
    assert parse_request("10.0.0.5 : default/web") == ReleaseRequest("10.0.0.5 ", "default", "web")


@pytest.mark.parametrize(
    "value, expected",
    [
        ("\t10.0.0.5: default/web", ReleaseRequest("\t10.0.0.5", "default", "web")),
        ("10.0.0.5: default/web\n", ReleaseRequest("10.0.0.5", "default", "web\n")),
        ("10.0.0.5:\tdefault/web", ReleaseRequest("10.0.0.5", "\tdefault", "web")),
        ("10.0.0.5\n: default/web", ReleaseRequest("10.0.0.5\n", "default", "web")),
        ("10.0.0.5: default /web", ReleaseRequest("10.0.0.5", "default ", "web")),
        ("10.0.0.5: default/ web", ReleaseRequest("10.0.0.5", "default", " web")),
    ],
)
def test_tab_newline_and_inner_blank_are_kept(value: str, expected: ReleaseRequest) -> None:
    assert parse_request(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "10.0.0.5",
        "default/web",
        "10.0.0.5 default/web",
        "10.0.0.5: default",
        "10.0.0.5: ",
        "10.0.0.5: default/a/b",
        "10.0.0.5: default/web/",
        "10.0.0.5:: default/web",
        "fd00::5: default/web",
        "::1:default/web",
        "10.0.0.5: default/web, 10.0.0.6: default/api",
        "10.0.0.5: default/web\n10.0.0.6: default/api",
    ],
)
def test_value_that_harvester_calls_not_valid_is_none(value: str) -> None:
    assert parse_request(value) is None


@pytest.mark.parametrize("value", [":/", "10.0.0.5:/", ":default/web", "10.0.0.5: /web"])
def test_empty_parts_are_parts(value: str) -> None:
    key, _, owner = value.partition(":")
    request = parse_request(value)
    assert request is not None
    assert (request.key, request.owner_text) == (key, owner.strip())


def test_owner_text_is_what_the_record_has_to_say() -> None:
    assert WANTED.owner_text == "default/web"


def test_request_is_written_in_the_documented_form() -> None:
    assert format_request("10.0.0.5", Owner("default", "web")) == "10.0.0.5: default/web"
