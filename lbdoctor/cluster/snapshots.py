"""Snapshot directories: what ``collect`` writes, and reading it back to the same report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Unpack

from lbdoctor import __version__
from lbdoctor.cluster.api import RESOURCES, Api, Manifest, Page, PageOptions, Wrapper
from lbdoctor.cluster.fields import Fields, MalformedError
from lbdoctor.cluster.files import kind_of
from lbdoctor.cluster.lists import EmptyList, documents, objects
from lbdoctor.cluster.objects import Objects
from lbdoctor.cluster.recorder import Call, Recorder
from lbdoctor.cluster.text import TextError
from lbdoctor.cluster.yamltext import dump
from lbdoctor.diagnosis.port import Earlier, ReadError, Unread
from lbdoctor.domain.errors import UnreadableError
from lbdoctor.domain.pools import Record
from lbdoctor.domain.refs import Kind
from lbdoctor.domain.snapshot import Gap, Origin, OriginKind, Snapshot

INDEX: Final = "snapshot.yaml"
API_VERSION: Final = "lbdoctor.io/v1"
KIND: Final = "Snapshot"
HINT: Final = "lbdoctor collect DIR"


def is_snapshot(path: Path) -> bool:
    try:
        return (path / INDEX).is_file()
    except OSError:
        return False  # whoever opens the path says what is wrong with it


def write_snapshot(recorder: Recorder, directory: Path, snapshot: Snapshot) -> tuple[Path, ...]:
    """Write what was read for a snapshot into an empty or new directory; return the files.

    Raises:
        UnreadableError: The directory cannot be written, or holds something already.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise UnreadableError(
                f"{directory} is not empty", hint=f"lbdoctor collect {directory}-2"
            )
        written = [
            _write(directory / f"{RESOURCES[kind].plural}.yaml", _list_of(recorder, kind))
            for kind in Kind
            if any(call.kind is kind for call in recorder.recording.listed)
            or any(call.kind is kind for call in recorder.recording.objects)
        ]
        # Last, so that a directory with an index is a whole snapshot.
        written.append(_write(directory / INDEX, _index(recorder, snapshot)))
    except OSError as error:
        raise UnreadableError(f"{directory}: {error.strerror}", hint=HINT) from error
    return tuple(written)


def open_snapshot(directory: Path) -> Api:
    """Return the objects of a snapshot; what failed when it was taken fails again.

    Raises:
        UnreadableError: The index or a file is missing or damaged.
    """
    try:
        index = _read_index(directory)
        cluster = Objects(
            Origin(OriginKind.SNAPSHOT, str(directory), index.text("context")),
            now=index.time("takenAt"),
            default_namespace=index.text("defaultNamespace"),
        )
        told = Told(
            listed=frozenset(_call(item) for item in index.maps("listed")),
            absent=frozenset(_call(item) for item in index.maps("absent")),
            failed={_call(item): _failure(item) for item in index.maps("failed")},
        )
        for kind, manifest in _objects(directory, index.texts("kinds")):
            cluster.put(kind, manifest)
    except (MalformedError, ValueError) as error:
        raise UnreadableError(f"{directory / INDEX}: {error}", hint=HINT) from error
    return SnapshotApi(cluster, told)


def read_earlier(directory: Path) -> Earlier:
    """Return what the look that wrote a snapshot had seen before, and failed to see again.

    Raises:
        UnreadableError: The index is missing or damaged.
    """
    try:
        index = _read_index(directory)
        failed = ((_call(item), item.text("reason")) for item in index.maps("failed"))
        return Earlier(
            frozenset(
                Record(item.text("pool"), item.text("key"), item.text("owner"))
                for item in index.maps("sightings")
            ),
            tuple(
                Gap(call.kind, reason, call.namespace, call.name)
                for call, reason in failed
                if call.name and call.kind in (Kind.IP_POOL, Kind.LOAD_BALANCER)
            ),
            frozenset(index.texts("namespaces")) if "namespaces" in index else None,
        )
    except (MalformedError, ValueError) as error:
        raise UnreadableError(f"{directory / INDEX}: {error}", hint=HINT) from error


def _read_index(directory: Path) -> Fields:
    index = Fields(_only_document(directory / INDEX))
    if index.text("kind") != KIND or index.text("apiVersion") != API_VERSION:
        raise MalformedError(f"it is not a {KIND} of {API_VERSION}")
    return index


@dataclass(frozen=True, slots=True)
class Told:
    """What the cluster answered when the snapshot was taken."""

    listed: frozenset[Call]
    absent: frozenset[Call]
    failed: Mapping[Call, tuple[Unread, str]]


class SnapshotApi(Wrapper):
    """An ``Api`` that answers as the cluster did when the snapshot was taken."""

    def __init__(self, objects: Objects, told: Told) -> None:
        super().__init__(objects)
        self._told = told

    def get(self, kind: Kind, name: str, namespace: str = "") -> Manifest | None:
        call = Call(kind, namespace, name)
        self._check(call)
        found = super().get(kind, name, namespace)
        covered = {call, Call(kind, namespace), Call(kind)} & (
            self._told.listed | self._told.absent
        )
        if found is None and not covered:
            raise ReadError(Unread.NOT_HELD, "it was not read when the snapshot was taken")
        return found

    def page(self, kind: Kind, namespace: str = "", **options: Unpack[PageOptions]) -> Page:
        call = Call(kind, namespace)
        self._check(call)
        if not self._told.listed & {call, Call(kind)}:
            raise ReadError(Unread.NOT_HELD, "it was not read when the snapshot was taken")
        return super().page(kind, namespace, **options)

    def _check(self, call: Call) -> None:
        if call in self._told.failed:
            why, reason = self._told.failed[call]
            raise ReadError(why, reason, hint=HINT)


def _index(recorder: Recorder, snapshot: Snapshot) -> Manifest:
    recording, origin = recorder.recording, recorder.origin
    scope, taken_at = snapshot.scope, snapshot.taken_at
    kinds = {call.kind for call in (*recording.objects, *recording.listed)}
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "lbdoctor": __version__,
        "takenAt": taken_at.isoformat().replace("+00:00", "Z") if taken_at else None,
        "context": origin.name,
        "defaultNamespace": recorder.default_namespace,
        "namespaces": None if scope is None else sorted(scope),
        "kinds": [str(kind) for kind in Kind if kind in kinds],
        "listed": [_named(call) for call in sorted(recording.listed, key=str)],
        "sightings": [
            {"pool": item.pool, "key": item.key, "owner": item.owner_text}
            for item in sorted(snapshot.sightings, key=str)
        ],
        "absent": [_named(call) for call in sorted(recording.absent, key=str)],
        "failed": [
            {**_named(call), "why": why.name, "reason": reason}
            for call, (why, reason) in recording.failed.items()
        ],
    }


def _named(call: Call) -> Manifest:
    found = {"kind": str(call.kind), "namespace": call.namespace, "name": call.name}
    return {key: value for key, value in found.items() if value}


def _call(item: Fields) -> Call:
    return Call(Kind(item.text("kind")), item.text("namespace"), item.text("name"))


def _failure(item: Fields) -> tuple[Unread, str]:
    why = item.text("why")
    if why not in Unread.__members__:
        raise MalformedError(f"failed.why is {why!r}")
    return Unread[why], item.text("reason")


def _list_of(recorder: Recorder, kind: Kind) -> Manifest:
    items = [item for call, item in recorder.recording.objects.items() if call.kind is kind]
    # The kind comes last, as kubectl writes it: a file that was cut off has none.
    return {"apiVersion": "v1", "items": items, "kind": "List"}


def _write(path: Path, content: Manifest) -> Path:
    with path.open("w", encoding="utf-8") as file:
        dump(content, file)
    return path


def _objects(directory: Path, kinds: tuple[str, ...]) -> Iterator[tuple[Kind, Manifest]]:
    for kind in map(Kind, kinds):
        path = directory / f"{RESOURCES[kind].plural}.yaml"
        is_list = False
        with _readable(path) as file:
            for item in objects(file):
                is_list = True
                if isinstance(item, EmptyList):
                    continue
                if kind_of(item) is not kind:
                    raise MalformedError(f"{path.name} holds something else than {kind}s")
                yield kind, item
        if not is_list:
            raise MalformedError(f"{path.name} holds no List; it looks cut off")


def _only_document(path: Path) -> object:
    with _readable(path) as file:
        found = list(documents(file))
    if len(found) != 1:
        raise MalformedError(f"{path.name} does not hold one document")
    return found[0]


@contextmanager
def _readable(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, and name it in whatever is wrong with it.

    Raises:
        MalformedError: It cannot be read, or not understood.
    """
    try:
        with path.open("rb") as file:
            yield file
    except TextError as error:
        raise MalformedError(f"{path.name}: {error}") from error
    except OSError as error:
        raise MalformedError(f"{path.name}: {error.strerror}") from error
