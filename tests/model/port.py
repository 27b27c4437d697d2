"""The port of the search: stops before every call, and lets guards be switched off."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from greenlet import getcurrent

from lbdoctor.cluster.memory.server import MemoryServer
from lbdoctor.cluster.writer import Writer
from lbdoctor.domain.changes import LoadBalancerChange, PoolChange
from lbdoctor.domain.refs import Owner, parse_owner
from tests.model.findings import made, standing

_VERSION = re.compile(r"resource_version='(\d+)'")
_TIMES = re.compile(r"datetime\.datetime\([^)]*\)+")

Entry = tuple[str, str, str]
"""Pool, key and owner of a record."""


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

    grace: bool = True
    """What is repaired stood in two looks, with a time between them."""


ALL_ON = Guards()


@dataclass(slots=True)
class Deeds:
    """What the writes of lbdoctor came to, over all its runs in one world."""

    taken: list[Entry] = field(default_factory=list)
    given: list[Entry] = field(default_factory=list)
    touched: set[Owner] = field(default_factory=set)
    """The LoadBalancers that it wrote to, or to a record of."""

    made: set[object] = field(default_factory=set)
    """The findings that writes made, and that were not there before them."""

    @property
    def told(self) -> str:
        return str((self.taken, self.given, sorted(map(str, (*self.touched, *self.made)))))

    def forget(self, held: set[Entry]) -> None:
        """Records that are there again have been taken anew: what becomes of them is not ours."""
        self.taken[:] = [entry for entry in self.taken if entry not in held]

    def move(self, pool: str, key: str, before: str | None, after: str | None) -> None:
        """Note that a record was taken away or written."""
        self.touched.update(owner for text in (before, after) if (owner := parse_owner(text or "")))
        if before is not None and after is None:
            _move((pool, key, before), self.given, self.taken)
        elif after is not None:
            _move((pool, key, after), self.taken, self.given)


def _move(entry: Entry, source: list[Entry], target: list[Entry]) -> None:
    if entry in source:
        source.remove(entry)
    if entry not in target:
        target.append(entry)


class Port:
    """A ``Cluster`` that stops before each call, and lets guards be switched off."""

    def __init__(
        self, server: MemoryServer, guards: Guards, ordinal: Callable[[str], str], deeds: Deeds
    ) -> None:
        self._real = Writer(server)
        self._guards = guards
        self._ordinal = ordinal
        self._known: dict[object, object] = {}
        self._has_written = False
        self._read_behind = ""
        self.seen: list[str] = []
        self._deeds = deeds

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
        """Whether an owner is not asked for again: before the write, or after it."""
        if self._has_written:
            return not self._guards.put_back
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
        stood = standing(self._real)
        after = self._real.change_pool(change, dry_run=dry_run)
        self._has_written = True
        self._deeds.made.update(made(stood, standing(self._real)))
        for key, owner in change.records.items():
            there = before.record(key)
            held_for = there.owner_text if there else None
            self._deeds.move(change.pool.name, key, held_for, owner)
        return self._noted("change_pool", after)

    def change_load_balancer(self, change: LoadBalancerChange, *, dry_run: bool = False) -> Any:
        if not self._guards.fence and change.is_touch:
            return self._real.load_balancer(change.load_balancer.owner)
        pause()
        stood = standing(self._real)
        written = self._real.change_load_balancer(change, dry_run=dry_run)
        self._deeds.made.update(made(stood, standing(self._real)))
        self._deeds.touched.add(written.owner)
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


def pause() -> None:
    """Give the turn back to the search."""
    current = getcurrent()
    if current.parent is not None:
        current.parent.switch()
