"""The journal: a line before and a line after each write, on the disk before it is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TextIO

from lbdoctor.domain.changes import Change
from lbdoctor.repair.port import Cause, Intent, JournalError, WriteId
from lbdoctor.state import paths
from lbdoctor.state.entries import Document, from_document, to_document

MOST_BYTES: Final = 10_000_000
OLD_ONES: Final = 9
"""How many full journals are kept beside the present one."""

VERSION: Final = 1
HINT: Final = "--journal FILE, or --journal - for stderr"


@dataclass(frozen=True, slots=True)
class Entry:
    """A write as the journal tells of it; an empty outcome: nobody noted what became of it."""

    id: WriteId
    at: datetime
    cluster: str
    cause: Cause
    change: Change
    inverse: Change
    outcome: str = ""

    @property
    def was_done(self) -> bool:
        """Whether it was carried out, or may have been."""
        return self.outcome in ("", "done") or self.outcome.startswith("failed")


class FileJournal:
    """A ``Journal`` in a file that several processes append to."""

    def __init__(self, path: Path, cluster: str, now: Callable[[], datetime]) -> None:
        self._path = path
        self._cluster = cluster
        self._now = now

    def check(self) -> None:
        """See that it can be written, before anything else is.

        Raises:
            JournalError: It cannot.
        """
        self._append("")

    def before(self, intent: Intent) -> None:
        self._append(_line(_before(intent, self._cluster)))

    def after(self, intent: Intent, outcome: str) -> None:
        self._append(_line(_after(intent, outcome, self._now())))

    def _append(self, text: str) -> None:
        try:
            with paths.locked(self._path.parent):
                if self._path.exists() and self._path.stat().st_size + len(text) > MOST_BYTES:
                    _rotate(self._path)
                paths.append(self._path, text)
        except OSError as error:
            text = f"the journal {self._path} cannot be written: {error.strerror}"
            raise JournalError(text, hint=HINT) from error


class StreamJournal:
    """A ``Journal`` on a stream."""

    def __init__(self, stream: TextIO, cluster: str, now: Callable[[], datetime]) -> None:
        self._stream = stream
        self._cluster = cluster
        self._now = now

    def check(self) -> None:
        """Nothing tells beforehand whether a stream can be written to."""

    def before(self, intent: Intent) -> None:
        self._write(_before(intent, self._cluster))

    def after(self, intent: Intent, outcome: str) -> None:
        self._write(_after(intent, outcome, self._now()))

    def _write(self, document: Document) -> None:
        try:
            self._stream.write(_line(document))
            self._stream.flush()
        except OSError as error:
            raise JournalError(f"the journal cannot be written: {error.strerror}") from error


def read(path: Path) -> list[Entry]:
    """Return every write that the journal and the full ones before it tell of, oldest first.

    A line that is torn or damaged is passed over: the others are worth no less for it.

    Raises:
        JournalError: There is none, or it cannot be read.
    """
    found: dict[WriteId, Entry] = {}
    try:
        for file in _files(path):
            with file.open(encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    _take(line, found)
    except OSError as error:
        raise JournalError(f"the journal {path} cannot be read: {error.strerror}") from error
    return list(found.values())


def _take(line: str, found: dict[WriteId, Entry]) -> None:
    try:
        document: Any = json.loads(line)
        id_ = WriteId(document["run"], document["write"])
        if document["phase"] == "before":
            found[id_] = Entry(
                id_,
                datetime.fromisoformat(document["at"]),
                document["cluster"],
                Cause(**document["cause"]),
                from_document(document["change"]),
                from_document(document["inverse"]),
            )
        elif id_ in found:
            found[id_] = replace(found[id_], outcome=str(document["outcome"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return


def _files(path: Path) -> Iterator[Path]:
    for number in range(OLD_ONES, 0, -1):
        old = path.with_name(f"{path.name}.{number}")
        if old.exists():
            yield old
    yield path


def _rotate(path: Path) -> None:
    for number in range(OLD_ONES, 0, -1):
        old = path.with_name(f"{path.name}.{number - 1}") if number > 1 else path
        if old.exists():
            old.replace(path.with_name(f"{path.name}.{number}"))


def _before(intent: Intent, cluster: str) -> Document:
    cause = intent.cause
    return {
        "version": VERSION,
        "run": intent.id.run,
        "write": intent.id.number,
        "phase": "before",
        "at": intent.at.isoformat(),
        "cluster": cluster,
        "cause": {
            "code": cause.code,
            "subject": cause.subject,
            "pool": cause.pool,
            "address": cause.address,
        },
        "change": to_document(intent.change),
        "inverse": to_document(intent.inverse),
    }


def _after(intent: Intent, outcome: str, at: datetime) -> Document:
    return {
        "version": VERSION,
        "run": intent.id.run,
        "write": intent.id.number,
        "phase": "after",
        "at": at.isoformat(),
        "outcome": outcome,
    }


def _line(document: Document) -> str:
    return json.dumps(document) + "\n"
