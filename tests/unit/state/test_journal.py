"""The journal: on the disk before a write, readable after every accident."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lbdoctor.domain.changes import PoolChange
from lbdoctor.domain.fixes import PoolId
from lbdoctor.repair.port import Cause, Intent, JournalError, WriteId
from lbdoctor.state import journal
from lbdoctor.state.journal import FileJournal, StreamJournal, read

NOON = datetime(2026, 8, 20, 12, 0, tzinfo=UTC)
CHANGE = PoolChange(pool=PoolId("p1", "u1"), resource_version="7", records={"10.0.0.5": None})
INVERSE = PoolChange(pool=PoolId("p1", "u1"), resource_version="", records={"10.0.0.5": "a/web"})


def intent(number: int = 1, run: str = "r1") -> Intent:
    cause = Cause("LBD101", "10.0.0.5", "p1", "10.0.0.5")
    return Intent(WriteId(run, number), NOON, cause, CHANGE, INVERSE)


def opened(path: Path) -> FileJournal:
    return FileJournal(path, "prod", lambda: NOON)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.jsonl"


def test_a_write_is_told_with_what_became_of_it(path: Path) -> None:
    kept = opened(path)
    kept.before(intent())
    kept.after(intent(), "done")
    (entry,) = read(path)
    assert (entry.id, entry.at, entry.cluster) == (WriteId("r1", 1), NOON, "prod")
    assert (entry.cause, entry.change, entry.inverse) == (intent().cause, CHANGE, INVERSE)
    assert (entry.outcome, entry.was_done) == ("done", True)


@pytest.mark.parametrize(
    "outcome, done", [("", True), ("done", True), ("failed: x", True), ("conflict: x", False)]
)
def test_what_may_have_been_done_counts_as_done(path: Path, outcome: str, done: bool) -> None:
    opened(path).before(intent())
    if outcome:
        opened(path).after(intent(), outcome)
    assert [entry.was_done for entry in read(path)] == [done]


def test_only_its_owner_may_read_it(path: Path) -> None:
    old = os.umask(0)
    try:
        opened(path).check()
    finally:
        os.umask(old)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_it_is_on_the_disk_before_the_write_is_sent(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_size)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    opened(path).before(intent())
    assert synced == [path.stat().st_size]


def test_a_torn_last_line_costs_no_other(path: Path) -> None:
    kept = opened(path)
    kept.before(intent(1))
    with path.open("a") as file:
        file.write(json.dumps({"run": "r1", "write": 2})[:9])
    assert [entry.id.number for entry in read(path)] == [1]
    kept.before(intent(3))
    assert [entry.id.number for entry in read(path)] == [1, 3]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        "\x00\x00",
        '{"run": [], "write": 1, "phase": "before"}',
        '{"run": "r", "write": 1, "phase": "before", "at": "never"}',
        '{"run": "r", "write": 1, "phase": "before", "at": 5}',
        '{"run": "r1", "write": 1, "phase": "after"}',
        "[" * 100_000,
    ],
)
def test_a_damaged_line_is_passed_over(path: Path, line: str) -> None:
    opened(path).before(intent(1))
    with path.open("a") as file:
        file.write(line + "\n")
    opened(path).before(intent(2))
    assert [entry.id.number for entry in read(path)] == [1, 2]


def test_bytes_that_are_no_text_are_passed_over(path: Path) -> None:
    opened(path).before(intent(1))
    with path.open("ab") as file:
        file.write(b"\xff\xfe\n")
    assert len(read(path)) == 1


def test_a_full_journal_is_put_aside_and_still_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert journal.MOST_BYTES == 10_000_000
    opened(path).before(intent(1))
    monkeypatch.setattr(journal, "MOST_BYTES", path.stat().st_size + 10)
    for number in range(2, 6):
        opened(path).before(intent(number))
    opened(path).after(intent(1), "done")
    names = sorted(item.name for item in path.parent.iterdir())
    assert names == ["journal.jsonl", *(f"journal.jsonl.{n}" for n in range(1, 6))][: len(names)]
    assert [entry.id.number for entry in read(path)] == [1, 2, 3, 4, 5]
    assert read(path)[0].outcome == "done"
    assert all(item.stat().st_mode & 0o777 == 0o600 for item in path.parent.iterdir())


def test_of_full_journals_nine_are_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "MOST_BYTES", 10)
    for number in range(1, 15):
        opened(path).before(intent(number))
    assert [entry.id.number for entry in read(path)] == list(range(5, 15))


APPEND = """
import sys
from pathlib import Path
from tests.unit.state.test_journal import intent, opened
for number in range(200):
    opened(Path(sys.argv[1])).before(intent(number, sys.argv[2]))
"""


def test_two_processes_append_at_once(path: Path) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", APPEND, str(path), run]) for run in ("r1", "r2")
    ]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    found = read(path)
    assert len(found) == 400
    assert len(path.read_text().splitlines()) == 400
    for run in ("r1", "r2"):
        assert [one.id.number for one in found if one.id.run == run] == list(range(200))


@pytest.fixture
def unreachable(tmp_path: Path) -> Path:
    """Return a path below something that is no directory: no rights help there."""
    (tmp_path / "file").write_text("")
    return tmp_path / "file" / "state" / "journal.jsonl"


def test_a_journal_that_cannot_be_had_is_said_in_one_line(unreachable: Path) -> None:
    for act in (opened(unreachable).check, lambda: opened(unreachable).before(intent())):
        with pytest.raises(JournalError) as caught:
            act()
        assert str(caught.value) == f"the journal {unreachable} cannot be written: Not a directory"
        assert caught.value.hint == "--journal FILE, or --journal - for stderr"


def test_a_directory_in_its_place_is_said(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(JournalError, match="Is a directory"):
        opened(path).check()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_lets_nothing_be_noted() -> None:
    with pytest.raises(JournalError, match="No space left on device"):
        opened(Path("/dev/full")).before(intent())


def test_a_journal_that_is_not_there_cannot_be_read(path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be read"):
        read(path)


def test_a_stream_takes_the_same_lines(path: Path) -> None:
    stream = io.StringIO()
    kept = StreamJournal(stream, "prod", lambda: NOON)
    kept.check()
    kept.before(intent())
    kept.after(intent(), "done")
    path.parent.mkdir()
    path.write_text(stream.getvalue())
    assert [entry.outcome for entry in read(path)] == ["done"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_stream_that_cannot_be_written_is_said() -> None:
    stream = Path("/dev/full").open("w")  # noqa: SIM115 - closing it fails as well
    with pytest.raises(JournalError, match="No space left"):
        StreamJournal(stream, "prod", lambda: NOON).before(intent())
    with pytest.raises(OSError, match="No space left"):
        stream.close()
