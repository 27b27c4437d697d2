"""lbdoctor's production code, stopped before every call of its port."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from greenlet import getcurrent, greenlet

from lbdoctor.cluster.memory.clock import ManualClock
from lbdoctor.cluster.memory.server import MemoryServer
from lbdoctor.cluster.writer import Writer
from lbdoctor.diagnosis.look import look
from lbdoctor.domain.changes import LoadBalancerChange, PoolChange
from lbdoctor.repair.outcomes import Outcome
from lbdoctor.repair.plan import Wishes, plan
from lbdoctor.repair.port import Intent
from lbdoctor.repair.run import carry_out
from lbdoctor.repair.writing import Pen
from lbdoctor.rules import CATALOGUE

_VERSION = re.compile(r"resource_version='(\d+)'")
_TIMES = re.compile(r"datetime\.datetime\([^)]*\)+")


Entry = tuple[str, str, str]
"""Pool, key and owner of a record that lbdoctor took away, or wrote."""


@dataclass(frozen=True, slots=True)
class Guards:
    """Guards of the safety contract that a search can switch off, one by one."""

    fence: bool = True
    """A LoadBalancer that exists is touched before its record is taken."""

    version: bool = True
    """A pool is written at the version that it was read at."""

    live_owner: bool = True
    """The owner is looked up anew right before the write."""

    order: bool = True
    """Pools are read before LoadBalancers."""

    put_back: bool = True
    """An owner that came back is looked for after the write."""

    history: bool = True
    """A record that history names for the same owner is left alone."""

    pool_first: bool = True
    """The pool that is written was read before the fence."""


ALL_ON = Guards()


class Port:
    """A ``Cluster`` that stops before each call, and lets guards be switched off."""

    def __init__(
        self,
        server: MemoryServer,
        guards: Guards,
        ordinal: Callable[[str], str],
        taken: list[Entry],
        given: list[Entry],
    ) -> None:
        self._real = Writer(server)
        self._guards = guards
        self._ordinal = ordinal
        self._known: dict[object, object] = {}
        self._has_written = False
        self._read_behind = ""
        self.seen: list[str] = []
        self._taken = taken
        self._given = given

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if not callable(found):
            return found

        def stopped(*args: Any, **kwargs: Any) -> Any:
            pause()
            return self._noted(name, found(*args, **kwargs))

        return stopped

    def ip_pool(self, name: str) -> Any:
        if not self._guards.order:
            self._asked_before(name)
        pause()
        found = self._real.ip_pool(name)
        if found is not None and not self._guards.history:
            found = replace(found, history=())
        return self._noted("ip_pool", found)

    def load_balancer(self, owner: Any) -> Any:
        if owner in self._known and self._serves_what_it_knows():
            return self._known[owner]
        pause()
        found = self._real.load_balancer(owner)
        self._known[owner] = found
        return self._noted("load_balancer", found)

    def _serves_what_it_knows(self) -> bool:
        """Whether an owner is not asked for again: once it was written for, or never."""
        if self._has_written and not self._guards.put_back:
            return True
        return not self._guards.live_owner or not self._guards.order

    def _asked_before(self, name: str) -> None:
        """Look the owners of a pool's records up before the pool itself is read."""
        pool = self._real.ip_pool(name)
        for record in pool.records if pool else ():
            if record.owner:
                pause()
                self._known[record.owner] = self._real.load_balancer(record.owner)

    def change_pool(self, change: PoolChange, *, dry_run: bool = False) -> Any:
        pause()
        before = self._real.ip_pool(change.pool.name)
        assert before is not None
        if not self._guards.version:
            change = replace(change, resource_version=before.resource_version)
        elif not self._guards.pool_first and self._read_behind:
            change = replace(change, resource_version=self._read_behind)
        after = self._real.change_pool(change, dry_run=dry_run)
        self._has_written = True
        for key, owner in change.records.items():
            there = before.record(key)
            if owner is None and there is not None:
                _move((change.pool.name, key, there.owner_text), self._given, self._taken)
            elif owner is not None:
                _move((change.pool.name, key, owner), self._taken, self._given)
        return self._noted("change_pool", after)

    def change_load_balancer(self, change: LoadBalancerChange, *, dry_run: bool = False) -> Any:
        if not self._guards.fence and change.is_touch:
            return self._real.load_balancer(change.load_balancer.owner)
        pause()
        written = self._real.change_load_balancer(change, dry_run=dry_run)
        if not self._guards.pool_first:
            pause()
            pool = self._real.ip_pool("p")
            records = pool.records if pool else ()
            is_held = any(record.owner == written.owner for record in records)
            self._read_behind = pool.resource_version if pool and is_held else ""
        return self._noted("change_load_balancer", written)

    def _noted(self, name: str, found: Any) -> Any:
        """Remember what was answered: from here on all that lbdoctor does follows from it."""
        text = _VERSION.sub(lambda match: self._ordinal(match[1]), repr(found))
        self.seen.append(f"{name} {_TIMES.sub('', text)}")
        return found


def _move(entry: Entry, source: list[Entry], target: list[Entry]) -> None:
    if entry in source:
        source.remove(entry)
    if entry not in target:
        target.append(entry)


def pause() -> None:
    """Give the turn back to the search."""
    current = getcurrent()
    if current.parent is not None:
        current.parent.switch()


@dataclass(slots=True)
class Pace:
    """Time that passes only while lbdoctor waits."""

    clock: ManualClock

    def now(self) -> datetime:
        return self.clock.now()

    def wait(self, seconds: float) -> None:
        pause()
        self.clock.advance(seconds)

    def check(self) -> None:
        """Nobody wants it to end."""

    def jitter(self, seconds: float) -> float:
        return seconds / 2


@dataclass(slots=True)
class Notes:
    """A journal in memory."""

    intents: list[Intent] = field(default_factory=list)

    def before(self, intent: Intent) -> None:
        self.intents.append(intent)

    def after(self, intent: Intent, outcome: str) -> None:
        """What became of it the search sees itself."""


class Doctor:
    """One repair, from the first look to the last outcome."""

    def __init__(
        self,
        server: MemoryServer,
        clock: ManualClock,
        guards: Guards,
        ordinal: Callable[[str], str],
        taken: list[Entry],
        given: list[Entry],
    ) -> None:
        self.port = Port(server, guards, ordinal, taken, given)
        self.outcomes: list[Outcome] = []
        self._clock = clock
        self._guards = guards
        self._thread = greenlet(self._run)
        self.is_over = False
        self.steps = 0

    @property
    def position(self) -> str:
        """What decides all that it will do: how far it is, and what it was answered so far."""
        return f"{self.steps} {self.is_over} {hash(tuple(self.port.seen))}"

    def step(self) -> None:
        """Go on to the next call of the port."""
        self.steps += 1
        self._thread.switch()
        self.is_over = self._thread.dead

    def kill(self) -> None:
        """End it where it stands, as SIGKILL does."""
        if not self._thread.dead:
            self._thread.throw()
        self.is_over = True

    def _run(self) -> None:
        pace = Pace(self._clock)
        pen = Pen(self.port, Notes(), pace, "run")
        report = look(self.port, scope=None, rules=CATALOGUE)
        made = plan(report, Wishes(subjects=frozenset({"pool/p", "pool/q"})))
        pace.wait(30.0)
        known = {item.stamp for item in made.items}
        report = look(self.port, scope=None, rules=CATALOGUE)
        made = plan(report, Wishes(subjects=frozenset({"pool/p", "pool/q"})))
        items = [item for item in made.items if item.stamp in known]
        self.outcomes.extend(carry_out(pen, report.snapshot, items))
