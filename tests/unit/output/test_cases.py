"""The reports of all case files, in every format."""

from __future__ import annotations

import json

import jsonschema
import pytest
import yaml

from lbdoctor.domain.addresses import parse_address
from lbdoctor.domain.refs import parse_owner
from lbdoctor.output import Format
from lbdoctor.output.schema import schema_text
from lbdoctor.rules import CATALOGUE
from tests.unit.output.reports import lines, rendered
from tests.unit.rules.cases import Case, all_cases

VALIDATOR = jsonschema.Draft202012Validator(json.loads(schema_text()))
CASES = all_cases()
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def test_every_code_has_a_case_that_finds_something() -> None:
    found = {item.code for case in CASES for item in case.look().findings}
    assert found == {rule.code for rule in CATALOGUE}


@every_case
def test_json_and_yaml_fit_the_schema_and_are_the_same(case: Case) -> None:
    report = case.look()
    document = json.loads(rendered(report, Format.JSON))
    VALIDATOR.validate(document)
    assert yaml.safe_load(rendered(report, Format.YAML)) == document
    assert len(document["findings"]) == len(report.findings)


@every_case
def test_every_name_is_one_that_the_command_line_takes(case: Case) -> None:
    names = lines(case.look(), Format.NAME)
    assert len(set(names)) == len(names)
    for name in names:
        short = name.removeprefix("lb/").removeprefix("service/")
        is_pool = name.startswith("pool/") and " " not in name
        assert is_pool or parse_address(name) or parse_owner(short), name


@every_case
def test_a_table_has_a_line_for_each_group_and_tells_what_to_do_next(case: Case) -> None:
    report = case.look()
    table = lines(report)
    groups = {(item.severity, item.code, item.pool) for item in report.counted}
    found = [line for line in table if line.startswith(("error ", "warning ", "info "))]
    assert len(groups) <= len(found) <= len(report.counted)
    assert table[-1].startswith("next: ")


@every_case
def test_markdown_has_a_row_for_each_finding(case: Case) -> None:
    report = case.look()
    rows = [line for line in lines(report, Format.MARKDOWN) if line.startswith("| ")]
    assert len(rows) == (len(report.findings) + 1 if report.findings else 0)
