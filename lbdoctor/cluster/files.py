"""Objects from a file, a directory or standard input, taken at their word.

What the input does not hold does not exist, with one exception: input that holds neither a
LoadBalancer nor an empty List did not read LoadBalancers, and the same for pools.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final, TextIO, Unpack

from lbdoctor.cluster.api import RESOURCES, Api, Manifest, Page, PageOptions, Wrapper
from lbdoctor.cluster.directories import files_below
from lbdoctor.cluster.lists import MOST_OBJECTS, EmptyList, objects
from lbdoctor.cluster.manifest import lightened, namespaced_name, times
from lbdoctor.cluster.objects import Objects
from lbdoctor.cluster.text import TextError
from lbdoctor.diagnosis.port import ReadError, Unread
from lbdoctor.domain.errors import UnreadableError
from lbdoctor.domain.refs import Kind
from lbdoctor.domain.snapshot import Origin, OriginKind

SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})
MUST_BE_HELD: Final = frozenset({Kind.IP_POOL, Kind.LOAD_BALANCER})
NEVER: Final = datetime.min.replace(tzinfo=UTC)
HINT: Final = "kubectl get ippools.loadbalancer.harvesterhci.io,lb,svc -A -o yaml > FILE"

Opened = tuple[str, Callable[[], IO[bytes]]]
"""What it is called, and how to open it."""


def open_path(path: Path) -> Api:
    """Return the objects of a file, or of every YAML and JSON file of a directory.

    Raises:
        UnreadableError: There is nothing there, or it is not YAML or JSON.
    """
    try:
        files = _files_of(path)
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}", hint=HINT) from error
    return _open(str(path), [(str(file), _opener(file)) for file in files])


def open_stream(stream: TextIO) -> Api:
    """Return the objects of standard input.

    Raises:
        UnreadableError: It holds nothing, or is not YAML or JSON.
    """
    binary = getattr(stream, "buffer", None)
    if binary is None:
        binary = io.BytesIO(stream.read().encode("utf-8", "surrogatepass"))
    return _open("standard input", [("standard input", lambda: binary)])


def kind_of(manifest: Manifest) -> Kind | None:
    """Return the kind of an object; None for one that lbdoctor does not read.

    Other groups have IPPools too; an object without apiVersion is taken for ours.
    """
    api_version, name = manifest.get("apiVersion"), manifest.get("kind")
    for kind, resource in RESOURCES.items():
        if name != kind:
            continue
        if api_version is None or str(api_version).rpartition("/")[0] == resource.group:
            return kind
    return None


class FileApi(Wrapper):
    """An ``Api`` over manifests that were read before; nothing can be written to it."""

    def __init__(self, objects: Objects, held: frozenset[Kind]) -> None:
        super().__init__(objects)
        self._held = held

    def get(self, kind: Kind, name: str, namespace: str = "") -> Manifest | None:
        self._check(kind)
        return super().get(kind, name, namespace)

    def page(self, kind: Kind, namespace: str = "", **options: Unpack[PageOptions]) -> Page:
        if kind in MUST_BE_HELD:
            self._check(kind)
        return super().page(kind, namespace, **options)

    def _check(self, kind: Kind) -> None:
        if kind not in self._held:
            raise ReadError(
                Unread.NOT_HELD, f"{self.origin.name} holds no {kind} and no empty List", hint=HINT
            )


class Gathering:
    """Objects as they come in, whole only once all were read."""

    def __init__(self, origin: Origin) -> None:
        self.cluster = Objects(origin)
        self.held: set[Kind] = set()
        self.latest = NEVER
        """The latest time that any object names."""

    def add(self, found: Manifest | EmptyList) -> None:
        """Take one object in; what is not of our kinds counts only for the time.

        Raises:
            TextError: It was there before, in another state, or there are too many.
        """
        if isinstance(found, EmptyList):
            self.held |= _emptily_held(found)
            return
        self.latest = max((self.latest, *times(found)))
        if (kind := kind_of(found)) is None:
            return
        self.held.add(kind)
        manifest = lightened(found)
        namespace, name = namespaced_name(manifest)
        before = self.cluster.get(kind, name, namespace)
        if before is None and len(self.cluster) >= MOST_OBJECTS:
            raise TextError(f"more than {MOST_OBJECTS} objects")
        if before is not None and before != manifest:
            subject = f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"
            raise TextError(f"{subject} was there before in another state; which one is meant?")
        self.cluster.put(kind, manifest)

    def finish(self, taken_at: datetime | None = None) -> Objects:
        """Return the objects; the time of the look is the latest one, if not given."""
        self.cluster.now = taken_at or (None if self.latest is NEVER else self.latest)
        return self.cluster


def _files_of(path: Path) -> list[Path]:
    if not path.is_dir():
        if not path.exists():
            raise UnreadableError(f"there is no file {path}", hint=HINT)
        return [path]
    found = [file for file in files_below(path) if file.suffix in SUFFIXES]
    if not found:
        zips = sorted(path.glob("*.zip"))
        hint = f"lbdoctor scan --from {zips[0]}" if zips else HINT
        raise UnreadableError(f"{path} holds no .yaml, .yml or .json file", hint=hint)
    return found


def _opener(path: Path) -> Callable[[], IO[bytes]]:
    return lambda: path.open("rb")


def _open(name: str, sources: Iterable[Opened]) -> Api:
    gathering = Gathering(Origin(OriginKind.FILE, name))
    for source, open_it in sources:
        try:
            with open_it() as stream:
                for found in objects(stream):
                    gathering.add(found)
        except TextError as error:
            text = f"{source} is not what kubectl writes: {error}"
            raise UnreadableError(text, hint=HINT) from error
        except RecursionError as error:
            raise UnreadableError(f"{source} is nested too deeply", hint=HINT) from error
        except OSError as error:
            raise UnreadableError(f"{source}: {error.strerror}", hint=HINT) from error
    held = frozenset(gathering.held)
    if not held & MUST_BE_HELD:
        raise UnreadableError(f"{name} holds no IPPool and no LoadBalancer", hint=HINT)
    return FileApi(gathering.finish(), held)


def _emptily_held(found: EmptyList) -> frozenset[Kind]:
    """Return the kinds that an empty List tells to have no objects."""
    if found.kind == "List":
        return MUST_BE_HELD
    return frozenset(kind for kind in MUST_BE_HELD if found.kind == f"{kind}List")
