"""Objects from a file, a directory or standard input, taken at their word.

What the input does not hold does not exist, with one exception: input that holds neither a
LoadBalancer nor an empty List did not read LoadBalancers, and the same for pools.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import Final, TextIO, Unpack

from lbdoctor.cluster.api import RESOURCES, Api, Manifest, Page, PageOptions, Wrapper
from lbdoctor.cluster.manifest import times
from lbdoctor.cluster.objects import Objects
from lbdoctor.cluster.yamltext import TextError, documents
from lbdoctor.diagnosis.port import ReadError, Unread
from lbdoctor.domain.errors import UnreadableError
from lbdoctor.domain.refs import Kind
from lbdoctor.domain.snapshot import Origin, OriginKind

SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})
MUST_BE_HELD: Final = frozenset({Kind.IP_POOL, Kind.LOAD_BALANCER})
NEVER: Final = datetime.min.replace(tzinfo=UTC)
HINT: Final = "kubectl get ippools.loadbalancer.harvesterhci.io,lb,svc -A -o yaml > FILE"


def open_path(path: Path) -> Api:
    """Return the objects of a file, or of every YAML and JSON file of a directory.

    Raises:
        UnreadableError: There is nothing there, or it is not YAML or JSON.
    """
    try:
        files = _files_of(path)
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}", hint=HINT) from error
    texts = ((str(file), _text(file)) for file in files)
    return _open(str(path), texts)


def open_stream(stream: TextIO) -> Api:
    """Return the objects of standard input.

    Raises:
        UnreadableError: It holds nothing, or is not YAML or JSON.
    """
    try:
        binary = getattr(stream, "buffer", None)
        text = stream.read() if binary is None else _all_of(binary).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableError("standard input is not UTF-8 text", hint=HINT) from error
    return _open("standard input", [("standard input", text)])


def _files_of(path: Path) -> list[Path]:
    if not path.is_dir():
        if not path.exists():
            raise UnreadableError(f"there is no file {path}", hint=HINT)
        return [path]
    found = sorted(item for item in path.rglob("*") if item.suffix in SUFFIXES and item.is_file())
    if not found:
        raise UnreadableError(f"{path} holds no .yaml, .yml or .json file", hint=HINT)
    return found


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


def objects_of(document: object) -> Iterator[Manifest]:
    """Yield the objects of a document, those in a List one by one."""
    if isinstance(document, list):
        for item in document:
            yield from objects_of(item)
    elif isinstance(document, dict):
        items, kind = document.get("items"), document.get("kind")
        if isinstance(items, list) and not isinstance(kind, str):
            # kubectl writes the kind behind the items: without it the end is missing.
            raise TextError("a List without a kind; it looks cut off")
        if not isinstance(items, list) or not str(kind).endswith("List"):
            yield document
            return
        meta = document.get("metadata")
        if isinstance(meta, dict) and (meta.get("continue") or meta.get("remainingItemCount")):
            raise TextError("a List that says it is only a part (metadata.continue)")
        for item in items:
            if not isinstance(item, dict):
                raise TextError("a List with an item that is no object")
            yield from objects_of(_typed(item, str(kind), document.get("apiVersion")))


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


def _typed(item: Manifest, list_kind: str, api_version: object) -> Manifest:
    """Return an item of a typed list with the kind that the list gives it."""
    if "kind" in item or list_kind in ("", "List"):
        return item
    return {"apiVersion": api_version, "kind": list_kind.removesuffix("List"), **item}


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return _all_of(file).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{path} is not UTF-8 text", hint=HINT) from error
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}", hint=HINT) from error


def _all_of(file: BufferedReader) -> bytes:
    """Read to the end, piece by piece: Ctrl-C between two pieces of one read would be lost."""
    return b"".join(iter(lambda: file.read1(1 << 16), b""))


def _open(name: str, texts: Iterable[tuple[str, str]]) -> Api:
    cluster = Objects(Origin(OriginKind.FILE, name))
    held: set[Kind] = set()
    latest = NEVER
    for source, text in texts:
        try:
            for document in documents(text):
                held |= _emptily_held(document)
                for manifest in objects_of(document):
                    latest = max((latest, *times(manifest)))
                    if kind := kind_of(manifest):
                        held.add(kind)
                        cluster.put(kind, manifest)
        except (TextError, RecursionError) as error:
            why = error if isinstance(error, TextError) else "it contains itself"
            raise UnreadableError(
                f"{source} is not what kubectl writes: {why}", hint=HINT
            ) from error
    if not held & MUST_BE_HELD:
        raise UnreadableError(f"{name} holds no IPPool and no LoadBalancer", hint=HINT)
    cluster.now = None if latest is NEVER else latest
    return FileApi(cluster, frozenset(held))


def _emptily_held(document: object) -> frozenset[Kind]:
    """Return the kinds that an empty List tells to have no objects."""
    if not isinstance(document, dict) or document.get("items") != []:
        return frozenset()
    named = document.get("kind")
    if named == "List":
        return MUST_BE_HELD
    return frozenset(kind for kind in MUST_BE_HELD if named == f"{kind}List")
