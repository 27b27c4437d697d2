"""The table: one line a finding, many of one kind on one line, and what it never says."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from lbdoctor.diagnosis.report import Skipped
from lbdoctor.domain.findings import Subject, SubjectKind
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import Condition, Record
from lbdoctor.domain.refs import Kind
from lbdoctor.domain.snapshot import Gap, OriginKind
from lbdoctor.output import Format, renderer
from lbdoctor.rules import CATALOGUE, find
from tests.unit.output.reports import (
    FILE,
    LIVE,
    NOON,
    finding,
    lines,
    rendered,
    report,
    small_report,
)

PEOPLE = [Format.TABLE, Format.WIDE, Format.MARKDOWN]


def found_lines(text_lines: list[str]) -> list[str]:
    return [line for line in text_lines if line.startswith(("error ", "warning ", "info "))]


def many(count: int, **more: str) -> list[str]:
    items = (finding(address=f"10.0.0.{index}", **more) for index in range(1, count + 1))
    return found_lines(list(lines(report(*items))))


def test_ten_findings_of_one_code_in_one_pool_are_ten_lines() -> None:
    found = many(10)
    assert len(found) == 10
    assert "10.0.0.10  held for a/gone-10" in found[-1]


def test_eleven_findings_of_one_code_in_one_pool_are_one_line() -> None:
    (line,) = many(11)
    assert line.startswith("error    LBD101  p1  11 stale")
    assert line.endswith(": 10.0.0.1 .2 .3 and 8 more")


def test_two_pools_are_not_counted_together() -> None:
    items = [finding(address=f"10.0.0.{index}", pool="p1") for index in range(11)]
    items += [finding(address=f"10.1.0.{index}", pool="p2") for index in range(3)]
    assert len(found_lines(list(lines(report(*items))))) == 1 + 3


def test_findings_without_an_address_are_counted_by_name() -> None:
    names = [f"web.{index}" for index in range(11)]
    subjects = [Subject(SubjectKind.LOAD_BALANCER, name, "a") for name in names]
    items = [finding("LBD206", "", pool="", subject=subject) for subject in subjects]
    assert "a/web.0 a/web.1 a/web.2 and 8 more" in rendered(report(*items))


def test_wide_lists_every_one_with_its_evidence_and_remedy() -> None:
    items = [finding(address=f"10.0.0.{index}", remedy="run this") for index in range(1, 13)]
    text = list(lines(report(*items), Format.WIDE))
    assert len(found_lines(text)) == 12
    assert sum("status.allocated[" in line for line in text) == 12
    assert sum(line.endswith("remedy: run this") for line in text) == 12


@pytest.mark.parametrize("output", [Format.TABLE, Format.WIDE])
def test_the_last_line_says_what_to_type_next(output: Format) -> None:
    reports = [
        small_report(),
        report(),
        report(origin=FILE),
        report(gaps=(Gap(Kind.SERVICE, "x"),)),
    ]
    for found in reports:
        assert lines(found, output)[-1].startswith("next: ")


@pytest.mark.parametrize("output", [Format.TABLE, Format.WIDE])
def test_no_line_ends_with_a_blank(output: Format) -> None:
    odd = finding(message="ends with a blank ", short="so does this ", remedy="and this ")
    for found in (small_report(), report(odd), report(finding("LBD206", "", pool=""))):
        assert [line for line in lines(found, output) if line != line.rstrip()] == []


def test_an_unconfirmed_finding_is_counted_apart_and_listed_by_wide() -> None:
    found = report(finding(address="10.0.0.99", confirmed=False))
    table = rendered(found)
    assert "10.0.0.99" not in table
    assert "1 finding not confirmed" in table
    assert "no confirmed problems" in table
    assert "10.0.0.99" in rendered(found, Format.WIDE)
    assert "10.0.0.99" in rendered(found, Format.MARKDOWN)
    assert rendered(found, Format.NAME) == ""


def test_a_long_pool_name_is_shortened_and_the_columns_stay() -> None:
    items = (finding(pool="p" * 40), finding(pool="short", address="10.0.0.6"))
    first, second = found_lines(list(lines(report(*items))))
    assert first.index("10.0.0.5") == second.index("10.0.0.6")
    assert "…" in first


def test_a_settling_load_balancer_is_named() -> None:
    ready = Condition("False", "", NOON)
    young = LoadBalancer(namespace="a", name="new", ipam="pool", created_at=NOON, ready=ready)
    pool = replace(report().snapshot.ip_pools[0], records=(Record("p1", "10.0.0.5", "a/new"),))
    found = report(load_balancers=(young,), ip_pools=(pool,))
    for output in PEOPLE:
        assert "a/new" in rendered(found, output)


GAPS = st.builds(
    Gap,
    st.sampled_from(Kind),
    st.sampled_from(["forbidden", "malformed: x"]),
    st.sampled_from(["", "a"]),
    st.sampled_from(["", "web"]),
)
SKIPPED = st.builds(Skipped, st.sampled_from(CATALOGUE), st.just("no Service could be read"))
ORIGINS = st.sampled_from(OriginKind).map(lambda kind: replace(LIVE, kind=kind))


@given(
    st.lists(GAPS, max_size=3),
    st.lists(SKIPPED, max_size=2),
    st.lists(st.booleans(), max_size=2),
    ORIGINS,
    st.sampled_from(PEOPLE),
)
def test_no_problems_is_never_said_of_what_was_not_read_or_not_well(
    gaps: list[Gap], skipped: list[Skipped], confirmed: list[bool], origin: object, output: Format
) -> None:
    findings = [finding(confirmed=item) for item in confirmed]
    found = replace(report(*findings, gaps=tuple(gaps), origin=origin), skipped=tuple(skipped))
    text = rendered(found, output).lower()
    claims = "no problems found" in text
    assert claims == (not gaps and not skipped and not findings)
    if gaps or skipped:
        assert "not everything could be read" in text
    for gap in gaps:
        assert gap.reason in text


@pytest.mark.parametrize("rule", CATALOGUE, ids=lambda rule: rule.code)
def test_a_finding_of_every_code_is_one_line_with_code_and_severity(rule: object) -> None:
    code = getattr(rule, "code", "")
    (line,) = found_lines(list(lines(report(finding(code)))))
    assert line.split()[:2] == [str(find(code).severity), code]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("output", [Format.TABLE, Format.WIDE])
@pytest.mark.parametrize("pool", ["p1", "p" * 40, "漢" * 30], ids=["short", "long", "wide"])
def test_on_a_terminal_no_line_is_longer_than_the_terminal_is_wide(
    monkeypatch: pytest.MonkeyPatch, pool: str, output: Format
) -> None:
    monkeypatch.setenv("TERM", "dumb")  # 80 columns, no escapes
    stream, long = Terminal(), {"short": "字" * 90, "message": "x" * 200, "remedy": "y " * 99}
    findings = (finding(), finding(pool=pool, **long), finding("LBD206", "", pool=pool, **long))
    renderer(output)(replace(small_report(), findings=findings), stream)
    assert max(map(cell_len, stream.getvalue().splitlines())) <= 80
