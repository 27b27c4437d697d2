"""A snapshot directory that somebody damaged is refused in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lbdoctor.cli.exit_codes import ExitCode
from tests.cli.program import Program, assert_one_line_of_help
from tests.unit.cluster.clusters import collected, stuck_demo

HEAD = "apiVersion: lbdoctor.io/v1\nkind: Snapshot\n"


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    collected(stuck_demo(), tmp_path / "snapshot")
    return tmp_path / "snapshot"


def test_a_whole_one_is_scanned(program: Program, snapshot: Path) -> None:
    run = program.report(snapshot)
    assert run.code == ExitCode.FINDINGS
    assert run.document["source"] == {
        "type": "snapshot",
        "name": str(snapshot),
        "server": "demo",
        "namespaces": None,
    }
    assert run.document["summary"]["unconfirmed"] == 0
    assert "snapshot" in program.scan(snapshot).stdout.splitlines()[0]


INDEXES = {
    "empty": "",
    "binary": "\x00",
    "not yaml": "kind: [",
    "another kind": "apiVersion: lbdoctor.io/v1\nkind: Report\n",
    "a newer version": "apiVersion: lbdoctor.io/v9\nkind: Snapshot\n",
    "a list": "- a\n- b\n",
    "a text": "text",
    "two documents": f"{HEAD}---\n{HEAD}",
    "a time that is none": f"{HEAD}takenAt: yesterday\n",
    "kinds of numbers": f"{HEAD}kinds: [1]\n",
    "an unknown kind": f"{HEAD}kinds: [Pod]\n",
    "a call without a kind": f"{HEAD}listed: [{{name: x}}]\n",
    "a call that is text": f"{HEAD}absent: [x]\n",
    "a failure without a reason": f"{HEAD}failed: [{{kind: IPPool}}]\n",
    "a failure of no kind": f"{HEAD}failed: [{{kind: IPPool, why: BORED}}]\n",
    "sightings of text": f"{HEAD}sightings: text\n",
    "sightings of lists": f"{HEAD}sightings: [[a]]\n",
}


@pytest.mark.parametrize("text", INDEXES.values(), ids=INDEXES)
def test_a_damaged_index_is_one_line(program: Program, snapshot: Path, text: str) -> None:
    (snapshot / "snapshot.yaml").write_text(text, encoding="utf-8")
    run = program.scan(snapshot)
    assert run.code == ExitCode.UNREADABLE
    assert "snapshot.yaml" in run.stderr
    assert_one_line_of_help(run)


Damage = Callable[[Path], object]
DAMAGES: dict[str, Damage] = {
    "missing": Path.unlink,
    "empty": lambda path: path.write_text("", encoding="utf-8"),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:300]),
    "binary": lambda path: path.write_bytes(b"\xff\x00"),
    "items of text": lambda path: path.write_text("items: [x]", encoding="utf-8"),
    "not a list": lambda path: path.write_text("items: {a: b}", encoding="utf-8"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("name", ["ippools.yaml", "loadbalancers.yaml"])
def test_a_damaged_list_is_one_line(
    program: Program, snapshot: Path, name: str, damage: Damage
) -> None:
    damage(snapshot / name)
    run = program.scan(snapshot)
    assert run.code == ExitCode.UNREADABLE
    assert name in run.stderr
    assert_one_line_of_help(run)


def test_a_snapshot_is_not_mixed_with_other_files(program: Program, snapshot: Path) -> None:
    before = program.report(snapshot).document
    (snapshot / "more.yaml").write_text("kind: [", encoding="utf-8")
    assert program.report(snapshot).document == before


def test_a_snapshot_read_file_by_file_is_an_ordinary_directory(
    program: Program, snapshot: Path
) -> None:
    whole = program.report(snapshot).codes
    (snapshot / "snapshot.yaml").unlink()
    assert program.report(snapshot).codes == whole
