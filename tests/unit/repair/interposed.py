"""An API between lbdoctor and the cluster: others act at any call, answers get lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Unpack

from lbdoctor.cluster.api import Event, Manifest, Page, PageOptions, Patch, Wrapper, WritableApi
from lbdoctor.domain.refs import Kind
from lbdoctor.repair.port import Unwritten, WriteError


@dataclass(frozen=True)
class Call:
    """One request, as far as a test asks for it."""

    verb: str
    kind: Kind
    name: str = ""
    namespace: str = ""


Hook = Callable[[Call], None]
"""May act on the cluster, or raise instead of the call, or of its answer."""


def nothing(_call: Call) -> None:
    """Let the call be."""


class Interposed(Wrapper):
    """Passes every call on; hooks run right before and right after each."""

    def __init__(self, api: WritableApi) -> None:
        super().__init__(api)
        self._below = api
        self.calls: list[Call] = []
        self.before: Hook = nothing
        self.after: Hook = nothing
        self.bodies: list[Patch] = []
        self.changes_answer: Callable[[Manifest], Manifest] = lambda answer: answer

    def get(self, kind: Kind, name: str, namespace: str = "") -> Manifest | None:
        call = self._begin("get", kind, name, namespace)
        found = self._below.get(kind, name, namespace)
        self.after(call)
        return found

    def page(self, kind: Kind, namespace: str = "", **options: Unpack[PageOptions]) -> Page:
        call = self._begin("list", kind, "", namespace)
        found = self._below.page(kind, namespace, **options)
        self.after(call)
        return found

    def patch(
        self, kind: Kind, name: str, namespace: str = "", *, body: Patch, dry_run: bool = False
    ) -> Manifest:
        call = self._begin("patch", kind, name, namespace)
        self.bodies.append(body)
        found = self._below.patch(kind, name, namespace, body=body, dry_run=dry_run)
        self.after(call)
        return self.changes_answer(found)

    def create(self, kind: Kind, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        raise AssertionError("a repair creates nothing")

    def replace(self, kind: Kind, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        raise AssertionError("a repair replaces nothing")

    def delete(self, kind: Kind, name: str, namespace: str = "", *, uid: str = "") -> None:
        raise AssertionError("a repair deletes nothing")

    def watch(
        self, kind: Kind, namespace: str = "", *, since: str, seconds: float
    ) -> Iterator[Event]:
        return self._below.watch(kind, namespace, since=since, seconds=seconds)

    def writes(self, kind: Kind | None = None) -> list[Call]:
        return [call for call in self.calls if call.verb == "patch" and kind in (None, call.kind)]

    def _begin(self, verb: str, kind: Kind, name: str, namespace: str) -> Call:
        call = Call(verb, kind, name, namespace)
        self.calls.append(call)
        self.before(call)
        return call


def at(number: int, act: Callable[[], None], verb: str = "", kind: Kind | None = None) -> Hook:
    """Return a hook that acts once, at the n-th call of this sort."""
    count = 0

    def hook(call: Call) -> None:
        nonlocal count
        if verb in ("", call.verb) and kind in (None, call.kind):
            count += 1
            if count == number:
                act()

    return hook


def always(act: Callable[[], None], verb: str, kind: Kind, times: int = 10**6) -> Hook:
    """Return a hook that acts at the first so many calls of this sort."""
    left = times

    def hook(call: Call) -> None:
        nonlocal left
        if (verb, kind) == (call.verb, call.kind) and left > 0:
            left -= 1
            act()

    return hook


def lost() -> None:
    """Lose the answer to a write that was carried out."""
    raise WriteError(Unwritten.FAILED, "no answer within 10 s")
