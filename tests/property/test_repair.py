"""Random defects, random others: a repair ends, harms nobody, and can be taken back."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from lbdoctor.cluster.api import Manifest
from lbdoctor.domain.refs import Kind
from lbdoctor.repair.outcomes import Result
from tests.cli.manifests import lb, pool
from tests.unit.repair.interposed import Call
from tests.unit.repair.test_undo import told
from tests.unit.repair.world import World

VERSIONS = ("v0.4.0", "v0.4.4", "v1.5.0", "v1.5.1", "v1.9.0")
NAMES = ("web", "shop", "mail")
names = st.sampled_from(NAMES)
hosts = st.integers(2, 9)
LIFTED = frozenset({"pool/p1"})
DUPLICATE = "duplicate allocation is not allowed"


class Defects:
    """Ways to break a cluster, as edits with the webhook off and restored backups do."""

    def __init__(self, cluster: World) -> None:
        self._cluster = cluster

    def _edit(self, part: str, entries: dict[str, str | None], **counters: int) -> None:
        found = self._cluster.pool()
        status = found["status"]
        new = {**(status.get(part) or {}), **entries}
        status[part] = {key: owner for key, owner in new.items() if owner is not None}
        status["available"] = 253 - len(status.get("allocated") or {})
        # History that names a record for its own owner is refused by design, for good.
        both = set(status.get("allocated") or {}) & set(status.get("allocatedHistory") or {})
        for key in both:
            del status["allocatedHistory"][key]
        self._cluster.server.load(Kind.IP_POOL, {**found, "status": status | counters})

    def is_free(self, host: int) -> bool:
        return f"10.0.0.{host}" not in self._cluster.records()

    def stale(self, host: int) -> None:
        if self.is_free(host):
            self._edit("allocated", {f"10.0.0.{host}": f"a/gone{host}"})

    def stuck(self, name: str, host: int) -> None:
        if self.is_free(host) and self._cluster.lb(name) is None:
            made = lb(name)
            made["status"]["conditions"][0]["message"] = DUPLICATE
            self._cluster.put(made)
            self._edit("allocated", {f"10.0.0.{host}": f"a/{name}"})

    def healthy(self, name: str, host: int) -> None:
        if self.is_free(host) and self._cluster.lb(name) is None:
            self._cluster.put(lb(name, ip=f"10.0.0.{host}"))
            self._edit("allocated", {f"10.0.0.{host}": f"a/{name}"})

    def second(self, name: str, host: int) -> None:
        if self.is_free(host) and self._cluster.booking(name):
            self._edit("allocated", {f"10.0.0.{host}": f"a/{name}"})

    def unrecorded(self, name: str) -> None:
        if booked := self._cluster.booking(name):
            self._edit("allocated", {booked: None})

    def history(self, name: str) -> None:
        self._edit("allocatedHistory", {"10.0.0.1": f"a/{name}"})

    def drift(self, available: int) -> None:
        self._edit("allocated", {}, available=available)

    def outside(self) -> None:
        self._edit("allocated", {"10.9.9.9": "a/gone"})


class Repairs(RuleBasedStateMachine):
    """A cluster that breaks, others who write to it, and repairs in between."""

    @initialize(version=st.sampled_from(VERSIONS))
    def begin(self, version: str) -> None:
        self.cluster = World(pool(), lb("other", ip="10.0.0.100"), version=version)
        self.defects = Defects(self.cluster)
        self.cluster.put(pool(allocated={"10.0.0.100": "a/other"}))
        self.cluster.with_controller()
        self.rest(5)

    def rest(self, seconds: float) -> None:
        while self.cluster.running.tasks:
            self.cluster.running.advance(self.cluster.running.tasks[0])
        self.cluster.running.run_for(seconds, self.cluster.clock.advance)

    @rule(host=hosts)
    def stale(self, host: int) -> None:
        self.defects.stale(host)

    @rule(name=names, host=hosts)
    def stuck(self, name: str, host: int) -> None:
        self.defects.stuck(name, host)

    @rule(name=names, host=hosts)
    def healthy(self, name: str, host: int) -> None:
        self.defects.healthy(name, host)

    @rule(name=names, host=hosts)
    def second(self, name: str, host: int) -> None:
        self.defects.second(name, host)

    @rule(name=names)
    def unrecorded(self, name: str) -> None:
        self.defects.unrecorded(name)

    @rule(name=names)
    def history(self, name: str) -> None:
        self.defects.history(name)

    @rule(available=st.integers(-5, 300))
    def drift(self, available: int) -> None:
        self.defects.drift(available)

    @rule()
    def outside(self) -> None:
        self.defects.outside()

    @rule(name=names)
    def operator_touches(self, name: str) -> None:
        if self.cluster.lb(name):
            self.cluster.touch(name)

    @rule(name=names)
    def operator_deletes(self, name: str) -> None:
        if self.cluster.lb(name):
            self.cluster.server.delete(Kind.LOAD_BALANCER, name, "a")

    @rule(name=names)
    def provider_creates(self, name: str) -> None:
        self.create(name)

    def create(self, name: str) -> None:
        new = lb(name)
        del new["status"], new["metadata"]["finalizers"], new["metadata"]["uid"]
        if self.cluster.lb(name) is None:
            self.cluster.server.create(Kind.LOAD_BALANCER, new)

    @rule(steps=st.integers(1, 4))
    def controller_writes(self, steps: int) -> None:
        controller = self.cluster.running
        for _ in range(steps):
            controller.listen()
            if controller.tasks:
                controller.advance(controller.tasks[0])
            elif ready := controller.ready():
                controller.begin(ready[0])

    @precondition(lambda self: hasattr(self, "cluster"))
    @rule(every=st.integers(2, 12))
    def repair_among_others(self, every: int) -> None:
        """Repair while the controller writes at every n-th request."""
        count = 0

        def writes(_call: Call) -> None:
            nonlocal count
            count += 1
            if count % every == 0:
                self.controller_writes(1)

        alive = self.alive()
        first = {item.stamp for item in self.cluster.plan(subjects=LIFTED).items}
        self.rest(30)
        alive = {name: ip for name, ip in alive.items() if self.alive().get(name) == ip}
        self.cluster.api.before = writes
        self.cluster.pace.meanwhile = self.rest
        self.cluster.carry_out(first, subjects=LIFTED)
        self.cluster.api.before = lambda _call: None
        self.check_alive(alive)

    def alive(self) -> dict[str, str]:
        """Return every LoadBalancer that has its address and the record of it."""
        records = self.cluster.records()
        found = {name: self.cluster.booking(name) for name in (*NAMES, "other")}
        going = {name for name in found if "deletionTimestamp" in _metadata(self.cluster.lb(name))}
        return {
            name: ip
            for name, ip in found.items()
            if ip and name not in going and records.get(ip) == f"a/{name}"
        }

    def check_alive(self, before: dict[str, str]) -> None:
        after = self.alive()
        assert {name: after.get(name) for name in before} == before

    def teardown(self) -> None:
        if not hasattr(self, "cluster"):
            return
        self.rest(300)
        self.cluster.pace.meanwhile = self.rest
        for _ in range(8):
            alive = self.alive()
            first = {item.stamp for item in self.cluster.plan(subjects=LIFTED).items}
            if not first:
                return
            self.rest(40)
            self.cluster.carry_out(first, subjects=LIFTED)
            self.check_alive(alive)
            self.rest(130)
        left = self.cluster.plan(subjects=LIFTED).items
        assert [(item.finding.code, item.finding.message) for item in left] == []


def _metadata(found: Manifest | None) -> Manifest:
    return found["metadata"] if found else {}


TestRepairs = Repairs.TestCase
TestRepairs.settings = settings(max_examples=200, stateful_step_count=12)

defects = st.one_of(
    st.tuples(st.just("stale"), hosts),
    st.tuples(st.just("stuck"), names, hosts),
    st.tuples(st.just("healthy"), names, hosts),
    st.tuples(st.just("second"), names, hosts),
    st.tuples(st.just("unrecorded"), names),
    st.tuples(st.just("drift"), st.integers(-5, 300)),
)


def _without_counters(told_: Any) -> Any:
    pools, lbs = told_
    for _spec, status, _annotations in pools:
        for counter in ("total", "available"):
            status.pop(counter, None)
    return pools, lbs


@given(st.lists(defects, max_size=8), st.sampled_from(VERSIONS))
@settings(max_examples=150)
def test_undone_backwards_the_start_is_there_again(
    broken: list[tuple[Any, ...]], version: str
) -> None:
    cluster = World(pool(), lb("other", ip="10.0.0.100"), version=version)
    cluster.put(pool(allocated={"10.0.0.100": "a/other"}))
    for name, *values in broken:
        getattr(Defects(cluster), name)(*values)
    before = _without_counters(told(cluster))
    cluster.repair(subjects=LIFTED)
    for intent in reversed(list(cluster.journal.intents)):
        if cluster.journal.outcomes[str(intent.id)] == "done":
            undone = cluster.undo(intent)
            assert undone.result in (Result.DONE, Result.ALREADY), undone
    assert _without_counters(told(cluster)) == before
