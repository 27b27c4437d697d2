"""The memory of earlier looks: it saves a wait, and never makes one too short."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lbdoctor.repair.stamps import Stamp
from lbdoctor.state.seen import Seen

NOON = datetime(2026, 8, 20, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(seconds=30)
A, B = Stamp("LBD101", "u1", ("10.0.0.5", "a/gone")), Stamp("LBD201", "u1", ("10.0.0.6",))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "seen.json"


def test_the_first_look_is_kept(path: Path) -> None:
    seen = Seen(path, "prod")
    assert seen.note([A], NOON, everything=True) == {A: NOON}
    assert seen.note([A, B], LATER, everything=True) == {A: NOON, B: LATER}
    assert Seen(path, "prod").first() == {A: NOON, B: LATER}


def test_what_is_gone_is_forgotten_and_begins_anew(path: Path) -> None:
    seen = Seen(path, "prod")
    seen.note([A], NOON, everything=True)
    assert seen.note([], NOON + timedelta(seconds=10), everything=True) == {}
    assert seen.note([A], LATER, everything=True) == {A: LATER}


def test_a_look_at_a_part_forgets_nothing(path: Path) -> None:
    seen = Seen(path, "prod")
    seen.note([A], NOON, everything=True)
    assert seen.note([B], LATER, everything=False) == {A: NOON, B: LATER}


def test_clusters_do_not_mix(path: Path) -> None:
    Seen(path, "prod").note([A], NOON, everything=True)
    assert Seen(path, "test").note([A], LATER, everything=True) == {A: LATER}
    assert Seen(path, "prod").first() == {A: NOON}


def test_a_clock_that_went_back_makes_no_grace_longer_than_it_was(path: Path) -> None:
    seen = Seen(path, "prod")
    seen.note([A], LATER, everything=True)
    assert seen.note([A], NOON, everything=True) == {A: NOON}


def test_a_cluster_that_nobody_looks_at_is_forgotten(path: Path) -> None:
    Seen(path, "old").note([A], NOON, everything=True)
    Seen(path, "prod").note([A], NOON + timedelta(days=31), everything=True)
    assert Seen(path, "old").first() == {}


ODD = {"code": "LBD101", "pool": "u1", "parts": ["x"], "first": "0001-01-01T00:00:00+14:00"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        '{"clusters": []}',
        '{"clusters": {"prod": []}}',
        '{"clusters": {"prod": 5}}',
        '{"clusters": {"prod": {"seen": 5}}}',
        '{"clusters": {"prod": {"seen": [5]}}}',
        '{"clusters": {"prod": {"seen": [{"code": 1}]}}}',
        json.dumps({"clusters": {"prod": {"seen": [ODD]}}}),
        "[" * 100_000,
    ],
)
def test_a_damaged_file_counts_as_empty(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    seen = Seen(path, "prod")
    assert seen.first() == {}
    assert seen.note([A], NOON, everything=True) == {A: NOON}
    assert seen.first() == {A: NOON}


def test_bytes_that_are_no_text_count_as_empty(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe")
    assert Seen(path, "prod").first() == {}


def test_only_its_owner_may_read_it(path: Path) -> None:
    Seen(path, "prod").note([A], NOON, everything=True)
    assert path.stat().st_mode & 0o777 == 0o600


def test_it_is_written_whole_and_leaves_no_scratch(path: Path) -> None:
    Seen(path, "prod").note([A], NOON, everything=True)
    assert [item.name for item in path.parent.iterdir()] == ["seen.json"]


def test_what_cannot_be_written_raises(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="Not a directory"):
        Seen(tmp_path / "file" / "state" / "seen.json", "prod").note([A], NOON, everything=True)


NOTE = """
import sys
from pathlib import Path
from lbdoctor.repair.stamps import Stamp
from lbdoctor.state.seen import Seen
from tests.unit.state.test_seen import NOON
for number in range(50):
    stamp = Stamp("LBD101", sys.argv[2], (str(number),))
    Seen(Path(sys.argv[1]), "prod").note([stamp], NOON, everything=False)
"""


def test_several_processes_note_at_once(path: Path) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", NOTE, str(path), pool]) for pool in ("u1", "u2")
    ]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    assert len(Seen(path, "prod").first()) == 100
