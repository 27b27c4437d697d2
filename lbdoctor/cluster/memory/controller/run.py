"""Drives the handlers: queue, workers and back-off, one step at a time or on a clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from lbdoctor.cluster.api import WritableApi
from lbdoctor.cluster.memory.controller.balancers import LoadBalancerHandler, Surroundings
from lbdoctor.cluster.memory.controller.cache import Cache, Feed, PolledFeed
from lbdoctor.cluster.memory.controller.pools import PoolHandler
from lbdoctor.cluster.memory.controller.shapes import Shape
from lbdoctor.cluster.memory.controller.steps import HandlerError, Pick, Step, Steps
from lbdoctor.domain.controller import Version
from lbdoctor.domain.refs import Kind, ObjectRef

WORKERS: Final = 2
"""Objects of a kind that are handled at a time (load-balancer-harvester main.go:44-49)."""


def first(choices: Sequence[str]) -> str:
    return choices[0]


@dataclass(slots=True)
class Task:
    """An object that is being handled, up to the write that comes next."""

    ref: ObjectRef
    steps: Steps[None] = field(repr=False)
    next: Step | None = None


class Controller:
    """One running controller; when it crashes a new one takes its place.

    Raises:
        ReadError: The pools and LoadBalancers cannot be listed.
    """

    def __init__(
        self,
        api: WritableApi,
        version: Version,
        *,
        now: Callable[[], datetime],
        feed: Feed | None = None,
        lag: timedelta = timedelta(),
        pick: Pick = first,
    ) -> None:
        self._now = now
        shape = Shape(version)
        self.cache = Cache(feed or PolledFeed(api), lag)
        pools = PoolHandler(api, self.cache, shape, pick, now)
        around = Surroundings(api, self.cache, shape, pick, now, self._look_again)
        self._handlers = {
            Kind.IP_POOL: pools.handle,
            Kind.LOAD_BALANCER: LoadBalancerHandler(around, pools).handle,
        }
        self._queue = {ref: now() for ref in self.cache.refs()}
        self._failures: dict[ObjectRef, int] = {}
        self.tasks: list[Task] = []

    def listen(self) -> None:
        """Hear what happened, and believe what the lag lets through."""
        self.cache.listen(self._now())
        for ref in self.cache.believe(self._now()):
            self.enqueue(ref)

    def enqueue(self, ref: ObjectRef) -> None:
        """Handle an object as soon as a worker is free, whatever its back-off."""
        self._look_again(ref, 0.0)

    def ready(self) -> list[ObjectRef]:
        """Return the objects that a worker could begin with now, longest due first."""
        now, busy = self._now(), {task.ref for task in self.tasks}
        free = {
            kind: WORKERS - sum(task.ref.kind is kind for task in self.tasks)
            for kind in self._handlers
        }
        due = sorted((when, ref) for ref, when in self._queue.items() if when <= now)
        return [ref for _, ref in due if ref not in busy and free[ref.kind] > 0]

    def begin(self, ref: ObjectRef) -> Task:
        """Handle an object up to its first write."""
        del self._queue[ref]
        task = Task(ref, self._handlers[ref.kind](ref))
        self.tasks.append(task)
        self.advance(task)
        return task

    def advance(self, task: Task) -> Step | None:
        """Send the write that a task stands before, and go on to the next; None: it is over."""
        try:
            task.next = next(task.steps)
        except (StopIteration, HandlerError) as over:
            self.tasks.remove(task)
            task.next = None
            if isinstance(over, HandlerError):
                count = self._failures[task.ref] = self._failures.get(task.ref, 0) + 1
                self._look_again(task.ref, _back_off(count - 1))
            else:
                self._failures.pop(task.ref, None)
        return task.next

    @property
    def waiting(self) -> frozenset[ObjectRef]:
        """The objects that are to be handled again, now or later."""
        return frozenset(self._queue)

    @property
    def next_due(self) -> datetime | None:
        """When something is to be done again, with nothing heard until then."""
        times = [*self._queue.values(), *([self.cache.next_due] if self.cache.next_due else [])]
        return min(times, default=None)

    def work(self) -> bool:
        """Do all that can be done now; say whether anything was."""
        self.listen()
        worked = False
        while ready := self.ready():
            self.begin(ready[0])
            worked = True
            while self.tasks:
                self.advance(self.tasks[0])
                self.listen()
        return worked

    def run_for(self, seconds: float, wait: Callable[[float], None]) -> None:
        """Work for so long; ``wait`` passes the time when there is nothing to do."""
        ends = self._now() + timedelta(seconds=seconds)
        while self._now() < ends:
            if not self.work():
                due = min(self.next_due or ends, ends)
                wait((due - self._now()).total_seconds())

    def _look_again(self, ref: ObjectRef, seconds: float) -> None:
        when = self._now() + timedelta(seconds=seconds)
        self._queue[ref] = min(when, self._queue.get(ref, when))


def _back_off(failures: int) -> float:
    """Return how many seconds to wait after so many failures before this one.

    Source: rancher lasso pkg/controller/controller.go:99-115.
    """
    slow = 0.001 if failures < 30 else 120.0
    return max(min(0.005 * 2.0 ** min(failures, 20), 30.0), slow)
