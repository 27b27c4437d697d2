"""Everybody who acts, and the moves that each can make next."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from lbdoctor.cluster.api import Event, Manifest, WriteError
from lbdoctor.cluster.memory.clock import ManualClock
from lbdoctor.cluster.memory.controller.cache import KINDS, Cache
from lbdoctor.cluster.memory.controller.run import Controller, Task
from lbdoctor.cluster.memory.server import MemoryServer
from lbdoctor.cluster.writer import Writer
from lbdoctor.domain.controller import Version
from lbdoctor.domain.refs import Kind, ObjectRef
from tests.model.doctor import Doctor, Pace
from tests.model.findings import Found, standing
from tests.model.port import Deeds, Entry, Guards, Port
from tests.unit.repair.world import deployment

NOON = datetime(2026, 8, 20, 12, 0, tzinfo=UTC)
Move = tuple[str, ...]
Act = Callable[[MemoryServer], object]
"""Something that a person, or a guest's cloud provider, does in one go."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Where a search begins, and who else acts."""

    name: str
    version: Version
    prepare: Callable[[World], None]
    acts: tuple[Act, ...] = ()
    """What others do, in this order, at any time."""

    within: float | None = None
    """Seconds after which all of them have acted; none: perhaps much later."""

    is_known: bool = True
    """Whether lbdoctor can see which version the controller has."""

    guards: Guards = field(default_factory=Guards)
    crashes: bool = False
    """Whether the controller may crash, once, between any two writes."""

    kills: bool = False
    """Whether lbdoctor may be killed, once, between any two calls; it is then run again."""


class World:
    """One run, moved by the search."""

    def __init__(self, scenario: Scenario) -> None:
        self.clock = ManualClock(NOON)
        numbers = iter(range(1, 10_000))
        self.server = MemoryServer(self.clock, new_uid=lambda: f"uid-{next(numbers)}")
        self._scenario = scenario
        self._told = dict.fromkeys(KINDS, "0")
        self._counts: dict[str, int] = {}
        self._ordinals: dict[str, str] = {}
        if scenario.is_known:
            self.server.load(Kind.DEPLOYMENT, deployment(str(scenario.version)))
        self.controller = self.new_controller()
        self.announced: dict[str, str] = {}
        scenario.prepare(self)
        self.clock.advance(600)
        self._acts = list(scenario.acts)
        within = scenario.within
        self._acted_by = None if within is None else self.clock.now() + timedelta(seconds=within)
        self._traces: dict[int, list[str]] = {}
        self._crashes = int(scenario.crashes)
        self._kills = int(scenario.kills)
        self._guards = scenario.guards
        self.deeds = Deeds()
        self.at_first = self.standing()
        self.doctor = self._new_doctor()

    def new_controller(self) -> Controller:
        return Controller(self.server, self._scenario.version, now=self.clock.now)

    def _new_doctor(self) -> Doctor:
        port = Port(self.server, self._guards, self._ordinal, self.deeds)
        return Doctor(port, Pace(self.clock.now, self.advance), self._guards)

    def standing(self) -> Found:
        """Return what is wrong right now."""
        return standing(Writer(self.server))

    @property
    def is_quiet(self) -> bool:
        """Whether nobody but a healthy controller and lbdoctor does anything in it."""
        return not (self._scenario.acts or self._scenario.crashes or self._scenario.kills)

    def advance(self, seconds: float) -> None:
        """Let time pass; what has to be done by then others do on the way."""
        ends = self.clock.now() + timedelta(seconds=seconds)
        if self._acted_by is not None and self._acted_by <= ends:
            while self._acts:
                self._act()
        self.clock.advance(seconds)

    def _act(self) -> None:
        with contextlib.suppress(WriteError):
            self._acts.pop(0)(self.server)

    def settle(self) -> None:
        """Let the controller do all that it would do by itself."""
        for _ in range(4):
            while self.controller.tasks:
                self.controller.advance(self.controller.tasks[0])
            self.controller.run_for(300, self.clock.advance)

    def moves(self) -> list[Move]:
        """Return what can happen next; the order is always the same."""
        found: list[Move] = []
        if not self.doctor.is_over:
            found.append(("doctor",))
        found += [("advance", str(task.ref)) for task in self.controller.tasks]
        if self.controller.cache.next_due is not None:
            found.append(("believe",))
        found += [("begin", str(ref)) for ref in self.controller.ready()]
        if len(found) <= 1 and self.controller.next_due is not None:
            found.append(("timer",))
        if self._acts:
            found.append(("act", str(len(self._acts))))
        if self._crashes and self.controller.tasks:
            found.append(("crash",))
        if self._kills and self.doctor.steps and not self.doctor.is_over:
            found.append(("kill",))
        return found

    def make(self, move: Move) -> None:
        """Make a move; what it changed is told, but not believed yet."""
        self._make(move)
        if self.deeds.taken:
            self.deeds.forget(self._held())
        self.controller.cache.listen(self.clock.now())

    def _make(self, move: Move) -> None:
        match move:
            case ("doctor",):
                self.doctor.step()
            case ("act", _):
                self._act()
            case ("kill",):
                self._kills -= 1
                self.doctor.kill()
                self.doctor = self._new_doctor()
            case _:
                self._move_controller(move)

    def _move_controller(self, move: Move) -> None:
        match move:
            case ("advance", name):
                self._advance(next(t for t in self.controller.tasks if str(t.ref) == name))
            case ("believe",):
                self.controller.enqueue(self.controller.cache.believe_next())
            case ("begin", name):
                ref = next(r for r in self.controller.ready() if str(r) == name)
                task = self.controller.begin(ref)
                self._traces[id(task)] = [self._cached(ref)]
            case ("timer",):
                due = self.controller.next_due or self.clock.now()
                self.advance(max((due - self.clock.now()).total_seconds(), 0.0))
            case ("crash",):
                self._crashes -= 1
                self.controller = self.new_controller()
                self._traces.clear()
            case _:
                raise AssertionError(move)

    def _advance(self, task: Task) -> None:
        trace = self._traces.setdefault(id(task), [])
        self.controller.advance(task)
        trace.append(self._cached(task.ref))

    def _held(self) -> set[Entry]:
        pools = self.server.every(Kind.IP_POOL)
        return {
            (pool["metadata"]["name"], key, owner)
            for pool in pools
            for key, owner in ((pool.get("status") or {}).get("allocated") or {}).items()
        }

    def key(self) -> tuple[str, ...]:
        """Return what decides everything that can happen from here on."""
        objects = [self._plain(item) for kind in KINDS for item in self.server.every(kind)]
        tasks = sorted(
            f"{task.ref} {task.next} {self._traces.get(id(task))}" for task in self.controller.tasks
        )
        cache = self.controller.cache
        waiting = sorted(str(ref) for ref in self.controller.waiting)
        told = [f"{kind} {self._event(event)}" for kind, event in cache.unbelieved]
        believed = sorted(self._plain(item) for kind in KINDS for item in cache.all(kind))
        return (
            *objects,
            *tasks,
            *waiting,
            *told,
            *believed,
            str(len(self._acts)),
            str((self._crashes, self._kills)),
            self.deeds.told,
            self.doctor.position,
        )

    def _cached(self, ref: ObjectRef) -> str:
        cache: Cache = self.controller.cache
        pools = [self._plain(item) for item in cache.all(Kind.IP_POOL)]
        found = cache.get(ref)
        return json.dumps([pools, self._plain(found) if found else ""])

    def _event(self, event: Event) -> str:
        return f"{event.type} {self._plain(event.manifest)}"

    def _plain(self, manifest: Manifest) -> str:
        """Return an object without times, its version by how many writes it has seen."""
        copy = json.loads(json.dumps(manifest))
        meta = copy["metadata"]
        meta["resourceVersion"] = self._ordinal(meta.get("resourceVersion", ""))
        for field_ in ("creationTimestamp", "deletionTimestamp"):
            meta[field_] = field_ in meta
        (meta.get("annotations") or {}).pop("lbdoctor.io/touched", None)
        for condition in (copy.get("status") or {}).get("conditions", ()):
            condition.pop("lastUpdateTime", None)
        return json.dumps(copy, sort_keys=True)

    def _ordinal(self, version: str) -> str:
        """Return which write of its object a version stands for."""
        for kind in KINDS:
            for event in self.server.watch(kind, since=self._told[kind], seconds=0):
                self._told[kind] = event.version
                meta = event.manifest["metadata"]
                if "name" in meta:
                    key = f"{kind} {meta['name']}"
                    self._counts[key] = self._counts.get(key, 0) + 1
                    self._ordinals[event.version] = f"{key}#{self._counts[key]}"
        return self._ordinals.get(version, "?")
