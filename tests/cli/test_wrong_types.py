"""YAML that reads oddly, and fields of the wrong type: told by name, never a crash."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from lbdoctor.cli.exit_codes import ExitCode
from tests.cli.manifests import (
    deployment,
    endpoint_slice,
    healthy,
    lb,
    listed,
    pool,
    service,
    stale,
    stream,
)
from tests.cli.program import Program, assert_one_line_of_help, spawn

Write = Callable[[str], Path]

TRAPS = """
apiVersion: loadbalancer.harvesterhci.io/v1beta1
kind: IPPool
metadata: {name: no, creationTimestamp: 2026-08-20T10:00:00Z, uid: 0x10, resourceVersion: "7"}
spec:
  ranges: [{subnet: fd00::/112, gateway: fd00::1}]
  selector: {network: on/yes, scope: [{project: n, namespace: y, guestCluster: off}]}
status:
  total: 65534
  available: 65532
  lastAllocated: 1:20:30:40:50:60:7:8
  allocated:
    fd00::2: no/yes
    1:20:30:40:50:60:7:8: y/n
    12:30:45: on/off
  conditions: [{type: Ready, lastUpdateTime: 2026-08-20 10:00:05Z}]
---
apiVersion: loadbalancer.harvesterhci.io/v1beta1
kind: LoadBalancer
metadata: {name: yes, namespace: no}
spec: {ipPool: no, ipam: pool}
status: {allocatedAddress: {ipPool: no, ip: fd00::2}, address: =}
"""


def test_what_yaml_1_1_would_read_otherwise_stays_text(program: Program, file: Write) -> None:
    document = program.report(file(TRAPS)).document
    assert [gap["reason"] for gap in document["gaps"]] == []
    assert document["takenAt"] == "2026-08-20T10:00:05Z"
    found = {item["address"] for item in document["findings"] if item["code"] == "LBD104"}
    assert found == {"1:20:30:40:50:60:7:8", "12:30:45"}


TAGGED = [
    "!!timestamp x",
    "!!bool x",
    "!!int ''",
    "!!int _",
    "!!float ''",
    "!!binary x",
    "!!set {a}",
]
HOSTILE_YAML = {
    **{tag: f"kind: IPPool\nmetadata: {tag}" for tag in TAGGED},
    "a list that holds itself": "&a [*a]",
    "a mapping that holds itself": "&a {kind: IPPool, metadata: *a}",
    "times that hold themselves": "{kind: IPPool, metadata: {name: p}, status: {conditions: 0}}\n"
    "---\nkind: IPPool\nmetadata: {name: p}\nstatus: {conditions: &a [*a]}",
    "an unknown tag": "!!python/object/apply:os.system [x]",
    "an unhashable key": "? [a]\n: b",
    "a merge of nothing": "kind: IPPool\n<<: *missing",
    "depth": "[" * 5000,
    "depth in YAML": "a: " + "[" * 3000 + "]" * 3000,
}


@pytest.mark.parametrize("text", HOSTILE_YAML.values(), ids=HOSTILE_YAML)
def test_hostile_yaml_is_refused_or_told_but_no_bug(
    program: Program, file: Write, text: str
) -> None:
    run = program.scan(file(text))
    assert run.code in (ExitCode.UNREADABLE, ExitCode.INCOMPLETE)
    if run.code == ExitCode.UNREADABLE:
        assert_one_line_of_help(run)


@pytest.mark.parametrize("depth", [100, 300, 600, 900, 1200, 5000])
def test_any_depth_is_refused_or_told_but_no_bug(program: Program, file: Write, depth: int) -> None:
    nested = "[" * depth + "]" * depth
    for text in (nested, f'{{"kind": "IPPool", "status": {{"conditions": {nested}}}}}'):
        assert program.scan(file(text)).code in (ExitCode.UNREADABLE, ExitCode.INCOMPLETE)


ODD: list[Any] = [[], [1], {"a": 1}, "text", "", 5, -1, 1.5, True, False, None]


def _set(manifest: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    inner: Any = manifest
    *parents, last = path.split(".")
    for key in parents:
        inner = inner[int(key)] if key.isdigit() else inner[key]
    inner[last] = value
    return manifest


@pytest.mark.parametrize("value", ODD, ids=json.dumps)
@pytest.mark.parametrize("path", ["metadata", "metadata.labels", "spec", "status"])
@pytest.mark.parametrize("make", [pool, lb, service, deployment, endpoint_slice])
def test_a_part_of_any_type_is_told_but_no_bug(
    program: Program, file: Write, make: Callable[[], dict[str, Any]], path: str, value: object
) -> None:
    broken = _set(_set(make(), "metadata.name", "odd"), path, value)
    run = program.report(file(listed([*stale(), broken])))
    assert run.code in (ExitCode.OK, ExitCode.FINDINGS, ExitCode.INCOMPLETE)


@pytest.mark.parametrize(
    "path,value,field",
    [
        ("spec.ranges", {"subnet": "10.9.0.0/24"}, "spec.ranges"),
        ("spec.ranges", [["10.9.0.0/24"]], "spec.ranges[0]"),
        ("spec.selector.scope", "*", "spec.selector.scope"),
        ("spec.selector.priority", "1", "spec.selector.priority"),
        ("status.allocated", ["10.9.0.5"], "status.allocated"),
        ("status.allocated", {"10.9.0.5": 5}, "status.allocated[10.9.0.5]"),
        ("status.total", "253", "status.total"),
        ("status.total", 2.5, "status.total"),
        ("status.total", True, "status.total"),
        ("metadata.creationTimestamp", "yesterday", "metadata.creationTimestamp"),
        ("metadata.uid", 5, "metadata.uid"),
        ("metadata.labels", ["x"], "metadata.labels"),
        ("metadata.annotations", "x", "metadata.annotations"),
    ],
)
def test_a_field_of_the_wrong_type_is_named_with_its_object(
    program: Program, file: Write, path: str, value: object, field: str
) -> None:
    broken = _set(pool("odd", net="10.9.0"), path, value)
    run = program.report(file(listed([*healthy(), broken])))
    assert run.code == ExitCode.INCOMPLETE
    assert run.gaps == [("IPPool", None, "odd")]
    assert field in run.document["gaps"][0]["reason"]


def test_null_is_the_same_as_left_out(program: Program, file: Write) -> None:
    bare: dict[str, Any] = {"labels": None, "annotations": None, "finalizers": None}
    objects = healthy()
    for item in objects:
        item["metadata"].update(bare)
    objects[0]["status"].update(allocatedHistory=None)
    objects[1]["status"].update(conditions=None)
    run = program.report(file(listed(objects)))
    assert (run.code, run.gaps) == (ExitCode.OK, [])


@pytest.mark.parametrize("path", ["metadata.name", "metadata.namespace", "metadata"])
def test_no_record_is_stale_while_some_load_balancer_has_no_readable_name(
    program: Program, file: Write, path: str
) -> None:
    nameless = _set(lb("5"), path, 5)
    run = program.report(file(stream([pool(allocated={"10.0.0.5": "a/5"}), nameless])))
    assert "LBD101" not in run.codes
    assert run.code == ExitCode.INCOMPLETE


def test_a_malformed_load_balancer_is_unknown_and_not_absent(program: Program, file: Write) -> None:
    broken = _set(lb("broken"), "status.address", 5)
    run = program.report(file(stream([pool(allocated={"10.0.0.5": "a/broken"}), broken])))
    assert (run.code, run.codes) == (ExitCode.INCOMPLETE, [])
    assert run.gaps == [("LoadBalancer", "a", "broken")]


@pytest.mark.parametrize("items", [None, {}, "text", 5], ids=json.dumps)
def test_a_list_of_something_else_is_no_bug(program: Program, file: Write, items: object) -> None:
    text = stream([*healthy(), {"apiVersion": "v1", "kind": "List", "items": items}])
    assert program.scan(file(text)).code == ExitCode.OK


@pytest.mark.parametrize("items", [[None], ["x"], [[]]], ids=json.dumps)
def test_a_list_that_lost_an_item_is_refused(program: Program, file: Write, items: object) -> None:
    text = stream([*healthy(), {"apiVersion": "v1", "kind": "List", "items": items}])
    assert program.scan(file(text)).code == ExitCode.UNREADABLE


def test_a_list_that_says_it_is_only_a_part_is_refused(program: Program, file: Write) -> None:
    part = {"kind": "LoadBalancerList", "metadata": {"continue": "abc"}, "items": healthy()[1:]}
    assert program.scan(file(stream([part]))).code == ExitCode.UNREADABLE


def test_a_list_in_a_list_is_read(program: Program, file: Write) -> None:
    inner = {"apiVersion": "v1", "kind": "List", "items": healthy()}
    text = stream([{"apiVersion": "v1", "kind": "List", "items": [inner]}])
    assert program.scan(file(text)).code == ExitCode.OK


def test_aliases_that_unfold_to_billions_do_not_hang() -> None:
    names = "abcdefghij"
    rows = [f"{name}: &{name} [{', '.join([f'*{last}'] * 9)}]" for last, name in pairwise(names)]
    text = ["kind: IPPool", "metadata: {name: p}", "a: &a [x]", *rows, "status: {conditions: *j}"]
    run = spawn("scan", "--from", "-", stdin="\n".join(text))
    assert run.code in (ExitCode.UNREADABLE, ExitCode.INCOMPLETE)
