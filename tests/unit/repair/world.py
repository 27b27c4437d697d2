"""A cluster in memory, its controller, and lbdoctor at work on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lbdoctor.cluster.api import Manifest
from lbdoctor.cluster.memory.clock import ManualClock
from lbdoctor.cluster.memory.controller.run import Controller
from lbdoctor.cluster.memory.server import MemoryServer
from lbdoctor.cluster.writer import Writer
from lbdoctor.diagnosis.look import look
from lbdoctor.diagnosis.report import Report
from lbdoctor.domain.controller import parse_version
from lbdoctor.domain.keys import CONTROLLER, SYSTEM_NAMESPACE
from lbdoctor.domain.refs import Kind
from lbdoctor.repair.outcomes import Outcome, Result
from lbdoctor.repair.plan import Item, Plan, Wishes, plan
from lbdoctor.repair.port import Intent, JournalError, StoppedError
from lbdoctor.repair.run import carry_out
from lbdoctor.repair.undo import Undone, Written, undo
from lbdoctor.repair.writing import Pen
from lbdoctor.rules import CATALOGUE
from tests.unit.repair.interposed import Interposed

NOON = datetime(2026, 8, 20, 12, 0, tzinfo=UTC)


@dataclass
class Notes:
    """A ``Journal`` that can be full."""

    intents: list[Intent] = field(default_factory=list)
    outcomes: dict[str, str] = field(default_factory=dict)
    before_fails_at: int = 0
    after_fails: bool = False

    def before(self, intent: Intent) -> None:
        if self.before_fails_at and len(self.intents) + 1 >= self.before_fails_at:
            raise JournalError("the journal is full")
        self.intents.append(intent)

    def after(self, intent: Intent, outcome: str) -> None:
        if self.after_fails:
            raise JournalError("the journal is full")
        self.outcomes[str(intent.id)] = outcome


class ManualPace:
    """A ``Pace`` on a clock that stands still; others work while lbdoctor waits."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.meanwhile: Callable[[float], None] = clock.advance
        self.waits = 0
        self.stops_at = 0
        """The wait, counted from one, at which the run is told to end."""

        self.stopped = False

    def now(self) -> datetime:
        return self._clock.now()

    def wait(self, seconds: float) -> None:
        self.waits += 1
        if self.waits == self.stops_at:
            self.stopped = True
        self.check()
        self.meanwhile(seconds)

    def check(self) -> None:
        if self.stopped:
            raise StoppedError

    def jitter(self, seconds: float) -> float:
        return seconds / 2


def deployment(tag: str) -> Manifest:
    image = f"rancher/harvester-load-balancer:{tag}"
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": CONTROLLER, "namespace": SYSTEM_NAMESPACE},
        "spec": {"template": {"spec": {"containers": [{"image": image}]}}},
        "status": {"replicas": 1, "availableReplicas": 1},
    }


class World:
    """Everything a repair meets; ``version`` empty: nobody knows the controller's."""

    def __init__(self, *manifests: Manifest, version: str = "v0.4.4") -> None:
        self.clock = ManualClock(NOON)
        self.server = MemoryServer(self.clock, name="prod")
        self.server.add_namespace("a")
        if version:
            self.put(deployment(version))
        for manifest in manifests:
            self.put(manifest)
        self.version = version
        self.api = Interposed(self.server)
        self.writer = Writer(self.api)
        self.journal = Notes()
        self.pace = ManualPace(self.clock)
        self.controller: Controller | None = None
        self._runs = 0

    def put(self, manifest: Manifest) -> None:
        self.server.load(Kind(manifest["kind"]), manifest)

    def with_controller(self) -> World:
        """Let Harvester's controller work whenever lbdoctor waits."""
        version = parse_version(self.version)
        assert version is not None
        self.controller = Controller(self.server, version, now=self.clock.now)
        self.pace.meanwhile = lambda s: self.running.run_for(s, self.clock.advance)
        return self

    @property
    def running(self) -> Controller:
        assert self.controller is not None
        return self.controller

    def look(self) -> Report:
        return look(self.writer, scope=None, rules=CATALOGUE, pause=self.clock.advance)

    def plan(self, **wishes: Any) -> Plan:
        return plan(self.look(), Wishes(**wishes))

    def pen(self) -> Pen:
        self._runs += 1
        return Pen(self.writer, self.journal, self.pace, f"run{self._runs}")

    def repair(self, *codes: str, **wishes: Any) -> list[Outcome]:
        """Take two looks, and carry out what stands in both."""
        first = {item.stamp for item in self.plan(**wishes).items}
        self.clock.advance(30)
        return self.carry_out(first, *codes, **wishes)

    def carry_out(self, first: Iterable[object], *codes: str, **wishes: Any) -> list[Outcome]:
        known, report = set(first), self.look()
        items = [item for item in plan(report, Wishes(**wishes)).items if item.stamp in known]
        items = [item for item in items if not codes or item.finding.code in codes]
        self.api.calls.clear()
        return list(carry_out(self.pen(), report.snapshot, items))

    def item(self, code: str) -> tuple[Report, Item]:
        """Return the one item of a code, and the look that it is of."""
        report = self.look()
        made = plan(report, Wishes(disruptive=True, subjects=frozenset()))
        (found,) = [item for item in made.items if item.finding.code == code]
        self.api.calls.clear()
        return report, found

    def undo(self, intent: Intent) -> Undone:
        write = Written(intent.id, intent.cause, intent.change, intent.inverse)
        return undo(self.pen(), self.look(), write)

    def pool(self, name: str = "p1") -> Manifest:
        found = self.server.get(Kind.IP_POOL, name)
        assert found is not None
        return found

    def records(self, name: str = "p1") -> dict[str, str]:
        return dict(self.pool(name)["status"].get("allocated") or {})

    def history(self, name: str = "p1") -> dict[str, str]:
        return dict(self.pool(name)["status"].get("allocatedHistory") or {})

    def lb(self, name: str = "web") -> Manifest | None:
        return self.server.get(Kind.LOAD_BALANCER, name, "a")

    def booking(self, name: str = "web") -> str:
        found = self.lb(name)
        status = (found or {}).get("status") or {}
        return str((status.get("allocatedAddress") or {}).get("ip", ""))

    def patch_pool(self, body: Manifest, name: str = "p1") -> None:
        self.server.patch(Kind.IP_POOL, name, body=body)

    def touch_pool(self, name: str = "p1") -> None:
        """Write to a pool, as others do all the time."""
        version = self.pool(name)["metadata"]["resourceVersion"]
        self.patch_pool({"metadata": {"annotations": {"somebody": version}}}, name)

    def touch(self, name: str = "web") -> None:
        found = self.lb(name)
        assert found is not None
        version = found["metadata"]["resourceVersion"]
        self.patch_lb({"metadata": {"annotations": {"somebody": version}}}, name)

    def patch_lb(self, body: Manifest, name: str = "web") -> None:
        self.server.patch(Kind.LOAD_BALANCER, name, "a", body=body)

    def delete(self, name: str = "web") -> None:
        """Take a LoadBalancer away as it is, its finalizer not asked."""
        self.patch_lb({"metadata": {"finalizers": None}}, name)
        self.server.delete(Kind.LOAD_BALANCER, name, "a")

    def codes(self) -> list[str]:
        return sorted(item.code for item in self.look().counted)


def results(outcomes: Iterable[Outcome]) -> list[Result]:
    return [outcome.result for outcome in outcomes]
