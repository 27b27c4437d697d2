"""JSON and YAML: one document, as the schema promises."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, get_args

import jsonschema
import pytest
import yaml

from lbdoctor.domain import fixes
from lbdoctor.domain.findings import Subject, SubjectKind
from lbdoctor.domain.fixes import Disposition, Fix
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.snapshot import Origin, OriginKind
from lbdoctor.output import Format
from lbdoctor.output.catalogue import render_json
from lbdoctor.output.schema import schema_text
from lbdoctor.rules import CATALOGUE
from tests.unit.output.reports import (
    ACTIONS,
    NOON,
    finding,
    fixed,
    rendered,
    report,
    small_report,
)

SCHEMA: dict[str, Any] = json.loads(schema_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def valid(found: Any) -> dict[str, Any]:
    """Return the document, which has to fit the schema in both formats."""
    document: dict[str, Any] = json.loads(rendered(found, Format.JSON))
    VALIDATOR.validate(document)
    assert yaml.safe_load(rendered(found, Format.YAML)) == document
    return document


def test_the_schema_is_a_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("rule", CATALOGUE, ids=lambda rule: rule.code)
def test_a_finding_of_every_code_fits(rule: Any) -> None:
    found = valid(report(finding(rule.code)))["findings"][0]
    assert (found["code"], found["name"]) == (rule.code, rule.name)
    assert found["remedy"] == rule.remedy


def test_a_finding_is_a_line_of_its_own() -> None:
    two = report(finding("LBD101"), finding("LBD102"))
    assert [item["code"] for item in valid(two)["findings"]] == ["LBD101", "LBD102"]
    lines = [line.strip().rstrip(",") for line in rendered(two, Format.JSON).splitlines()]
    assert [json.loads(line)["code"] for line in lines if line.startswith('{"code"')] == [
        "LBD101",
        "LBD102",
    ]
    assert valid(report())["findings"] == []


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: type(action).__name__)
def test_a_fix_of_every_action_fits(action: Any) -> None:
    fix = valid(report(fixed(action)))["findings"][0]["fix"]
    name = type(action).__name__
    assert fix["action"] == name[0].lower() + name[1:]
    assert fix["disposition"] == "safe"


def test_no_action_is_forgotten() -> None:
    assert {type(action) for action in ACTIONS} == set(get_args(fixes.Action))


@pytest.mark.parametrize("kind", SubjectKind)
def test_a_subject_of_every_kind_fits(kind: SubjectKind) -> None:
    found = valid(report(finding(subject=Subject(kind, "10.0.0.5", "a", pool="p1"))))
    assert found["findings"][0]["subject"]["kind"] == kind


@pytest.mark.parametrize("kind", OriginKind)
def test_an_origin_of_every_kind_fits(kind: OriginKind) -> None:
    origin = Origin(kind, "somewhere", "something")
    assert valid(report(finding(), origin=origin))["source"]["type"] == kind


def test_a_report_with_something_of_everything_fits() -> None:
    document = valid(small_report())
    assert document["complete"] is False
    assert document["source"]["namespaces"] == ["a", "b"]
    assert document["takenAt"] == "2026-08-20T12:00:00Z"
    assert document["summary"] == {"error": 13, "warning": 1, "info": 1, "unconfirmed": 1}
    assert [gap["kind"] for gap in document["gaps"]] == ["IPPool", "Service"]
    assert document["skipped"] == [{"code": "LBD209", "reason": "no Service could be read"}]
    assert [item["confirmed"] for item in document["findings"]].count(False) == 1


def test_a_report_of_nothing_fits() -> None:
    document = valid(report(taken_at=None, ip_pools=(), load_balancers=()))
    assert (document["takenAt"], document["findings"]) == (None, [])
    assert document["complete"] is True


def test_what_an_earlier_look_saw_fits() -> None:
    young = LoadBalancer(namespace="a", name="web", ipam="pool", created_at=NOON)
    document = valid(report(finding(first_seen=NOON, ignored=""), load_balancers=(young,)))
    found = document["findings"][0]
    assert (found["firstSeen"], found["ignored"]) == ("2026-08-20T12:00:00Z", "")


def test_a_disruptive_fix_says_so() -> None:
    fix = Fix("clear", Disposition.DISRUPTIVE, ACTIONS[-1])
    document = valid(report(replace(finding(), fix=fix)))
    assert document["findings"][0]["fix"]["disposition"] == "disruptive"


def test_the_catalogue_fits_the_same_schema(capsys: pytest.CaptureFixture[str]) -> None:
    import sys

    render_json(CATALOGUE, sys.stdout)
    document = json.loads(capsys.readouterr().out)
    VALIDATOR.validate(document)
    assert [rule["code"] for rule in document["rules"]] == [rule.code for rule in CATALOGUE]


def _paths(schema: Any, path: str = "") -> list[str]:
    """Return where the schema describes an object but lets other keys in."""
    found = []
    if isinstance(schema, dict):
        if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
            found.append(path)
        for key, inner in schema.items():
            found.extend(_paths(inner, f"{path}/{key}"))
    elif isinstance(schema, list):
        for index, inner in enumerate(schema):
            found.extend(_paths(inner, f"{path}/{index}"))
    return found


def test_the_schema_lets_nothing_through_that_it_does_not_name() -> None:
    assert _paths(SCHEMA) == []


def test_json_and_yaml_are_plain_ascii_whatever_a_cluster_says() -> None:
    odd = finding(message="\x1b[31m ü \u202e \x7f \x85 \ud800 \0")
    for output in (Format.JSON, Format.YAML):
        text = rendered(report(odd), output)
        assert all(char == "\n" or " " <= char <= "~" for char in text)


def test_yaml_holds_the_same_text_as_json() -> None:
    odd = finding(message="no", short="", remedy="2026-08-20T12:00:00Z", address="12:30:45")
    assert valid(report(odd))["findings"][0]["message"] == "no"
