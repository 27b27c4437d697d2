"""Notes everything that is read, and everything that could not be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Unpack

from lbdoctor.cluster.api import Api, Manifest, Page, PageOptions, Wrapper
from lbdoctor.cluster.fields import MalformedError
from lbdoctor.cluster.manifest import namespaced_name, trimmed
from lbdoctor.diagnosis.port import ReadError, Unread
from lbdoctor.domain.refs import Kind


@dataclass(frozen=True, slots=True)
class Call:
    """A list (no name) or a get of one object."""

    kind: Kind
    namespace: str = ""
    name: str = ""


@dataclass(slots=True)
class Recording:
    """What was read, newest state of each object, and which calls failed."""

    objects: dict[Call, Manifest] = field(default_factory=dict)
    listed: set[Call] = field(default_factory=set)
    absent: set[Call] = field(default_factory=set)
    failed: dict[Call, tuple[Unread, str]] = field(default_factory=dict)


class Recorder(Wrapper):
    """An ``Api`` that hands everything through and remembers it."""

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self.recording = Recording()

    def get(self, kind: Kind, name: str, namespace: str = "") -> Manifest | None:
        call = Call(kind, namespace, name)
        try:
            found = super().get(kind, name, namespace)
        except ReadError as error:
            self.recording.failed[call] = (error.why, str(error))
            raise
        self.recording.failed.pop(call, None)
        if found is None:
            self.recording.objects.pop(call, None)
            self.recording.absent.add(call)
        else:
            self.recording.absent.discard(call)
            self._note(kind, found)
        return found

    def page(self, kind: Kind, namespace: str = "", **options: Unpack[PageOptions]) -> Page:
        call = Call(kind, namespace)
        try:
            page = super().page(kind, namespace, **options)
        except ReadError as error:
            self.recording.failed[call] = (error.why, str(error))
            raise
        self.recording.failed.pop(call, None)
        if not options.get("continue_token"):
            self._forget(call)
        self.recording.listed.add(call)
        for item in page.items:
            self._note(kind, item)
        return page

    def _forget(self, listed: Call) -> None:
        """Drop what an earlier list of the same objects had: it may be gone by now."""
        objects = self.recording.objects
        for call in list(objects):
            if call.kind is listed.kind and listed.namespace in ("", call.namespace):
                del objects[call]

    def _note(self, kind: Kind, manifest: Manifest) -> None:
        namespace, name = namespaced_name(manifest)
        key = Call(kind, namespace, name or f" unnamed {len(self.recording.objects)}")
        try:
            self.recording.objects[key] = trimmed(kind, manifest)
        except MalformedError:
            self.recording.objects[key] = manifest
