"""A cluster in memory with its controller, and objects that name only what a test is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

import pytest

from lbdoctor.cluster.api import Manifest, Unwritten, WriteError
from lbdoctor.cluster.memory.clock import ManualClock
from lbdoctor.cluster.memory.controller.run import Controller, Task, first
from lbdoctor.cluster.memory.controller.steps import Pick, Step
from lbdoctor.cluster.memory.server import MemoryServer
from lbdoctor.domain.controller import parse_version
from lbdoctor.domain.keys import GROUP, RELEASE_ANNOTATION
from lbdoctor.domain.refs import Kind, ObjectRef

NOW: Final = datetime(2026, 8, 20, tzinfo=UTC)
API_VERSION: Final = f"{GROUP}/v1beta1"
LB_FINALIZER: Final = "wrangler.cattle.io/harvester-lb-controller"
POOL_FINALIZER: Final = "wrangler.cattle.io/harvester-ipam-controller"

RESELECTING: Final = ("v0.2.6", "v0.3.0", "v0.4.0")
FOUR: Final = ("v0.4.1", "v0.4.4")
HEALING: Final = ("v1.5.1", "v1.6.0", "v1.7.0", "v1.9.0")
STICKY: Final = (*FOUR, "v1.5.0", *HEALING)
ALL: Final = (*RESELECTING, *STICKY)

every_version = pytest.mark.parametrize("tag", ALL)
reselecting = pytest.mark.parametrize("tag", RESELECTING)
sticky = pytest.mark.parametrize("tag", STICKY)
without_release = pytest.mark.parametrize("tag", [*RESELECTING, *FOUR])
healing = pytest.mark.parametrize("tag", HEALING)
reading_requests = pytest.mark.parametrize("tag", ["v1.5.0", *HEALING])


class Server(MemoryServer):
    """Notes what it refuses, and refuses all writes of some kinds while it is told to."""

    def __init__(self, clock: ManualClock) -> None:
        numbers = count(1)
        super().__init__(clock, new_uid=lambda: f"uid-{next(numbers)}")
        self.refused: list[str] = []
        self.denied: set[Kind] = set()

    def replace(self, kind: Kind, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        try:
            if kind in self.denied:
                raise WriteError(Unwritten.DENIED, "the webhook is down")
            return super().replace(kind, manifest, dry_run=dry_run)
        except WriteError as error:
            self.refused.append(str(error))
            raise


class World:
    def __init__(
        self,
        tag: str = "v1.9.0",
        *pools: Manifest,
        lag: timedelta = timedelta(),
        pick: Pick = first,
    ) -> None:
        self.clock = ManualClock(NOW)
        self.server = Server(self.clock)
        for item in pools:
            self.server.create(Kind.IP_POOL, item)
        self._lag, self._pick = lag, pick
        self.restart(tag)
        self.settle()
        self.server.refused.clear()

    def restart(self, tag: str) -> None:
        """Crash, and begin with a new controller on what the server has."""
        version = parse_version(tag)
        assert version is not None
        self.controller = Controller(
            self.server, version, now=self.clock.now, lag=self._lag, pick=self._pick
        )

    def settle(self) -> None:
        """Do all that can be done at this moment."""
        for _ in range(2000):
            self.controller.listen()
            ready = self.controller.ready()
            if not ready:
                return
            self.finish(self.controller.begin(ready[0]))
        raise AssertionError("the controller does not come to rest")

    def run(self, seconds: float) -> None:
        self.controller.run_for(seconds, self.clock.advance)

    def create(self, *lbs: Manifest) -> None:
        for item in lbs:
            self.server.create(Kind.LOAD_BALANCER, item)

    def begin(self, ref: ObjectRef) -> Task:
        self.controller.listen()
        self.controller.enqueue(ref)
        return self.controller.begin(ref)

    def sync(self, ref: ObjectRef) -> list[Step]:
        """Handle an object once and return the writes."""
        return self.finish(self.begin(ref))

    def finish(self, task: Task) -> list[Step]:
        steps = []
        while task.next is not None:
            steps.append(task.next)
            self.controller.advance(task)
        return steps

    def stop_before(self, step: Step, ref: ObjectRef) -> Task:
        """Handle an object up to a write, which is not sent yet."""
        task = self.begin(ref)
        while task.next is not step:
            assert task.next is not None, f"never came to: {step}"
            self.controller.advance(task)
        return task

    def delete(self, name: str = "web") -> None:
        self.server.delete(Kind.LOAD_BALANCER, name, "default")

    def touch(self, name: str = "web", value: str = "1") -> None:
        body = {"metadata": {"annotations": {"touched": value}}}
        self.server.patch(Kind.LOAD_BALANCER, name, "default", body=body)

    def patch_lb(self, body: Manifest, name: str = "web") -> None:
        self.server.patch(Kind.LOAD_BALANCER, name, "default", body=body)

    def patch_pool(self, body: Manifest, name: str = "edge") -> None:
        self.server.patch(Kind.IP_POOL, name, body=body)

    def recreate_during_sync(self, name: str = "web") -> None:
        """Take an address for one object, and find another of its name when booking it."""
        task = self.stop_before(Step.W3, lb_ref(name))
        found = self.lb(name)
        self.delete(name)
        self.create(lb(name, **found["spec"]))
        self.finish(task)

    def request(self, value: str, pool: str = "edge") -> None:
        self.patch_pool({"metadata": {"annotations": {RELEASE_ANNOTATION: value}}}, pool)

    def requested(self, pool: str = "edge") -> str | None:
        annotations = self.pool(pool)["metadata"].get("annotations") or {}
        found: str | None = annotations.get(RELEASE_ANNOTATION)
        return found

    def has(self, name: str = "web") -> bool:
        return self.server.get(Kind.LOAD_BALANCER, name, "default") is not None

    def lb(self, name: str = "web") -> Manifest:
        found = self.server.get(Kind.LOAD_BALANCER, name, "default")
        assert found is not None
        return found

    def pool(self, name: str = "edge") -> Manifest:
        found = self.server.get(Kind.IP_POOL, name)
        assert found is not None
        return found

    def status(self, pool: str = "edge") -> dict[str, Any]:
        found: dict[str, Any] = self.pool(pool)["status"]
        return found

    def records(self, pool: str = "edge") -> dict[str, str]:
        return self.status(pool).get("allocated") or {}

    def history(self, pool: str = "edge") -> dict[str, str]:
        return self.status(pool).get("allocatedHistory") or {}

    def booking(self, name: str = "web") -> dict[str, str]:
        return (self.lb(name).get("status") or {}).get("allocatedAddress") or {}

    def ip(self, name: str = "web") -> str:
        return self.booking(name).get("ip", "")

    def ready(self, name: str = "web") -> tuple[str, str]:
        """Return status and message of Ready."""
        conditions = (self.lb(name).get("status") or {}).get("conditions") or [{}]
        return conditions[0].get("status", ""), conditions[0].get("message", "")

    def message(self, name: str = "web") -> str:
        return self.ready(name)[1]


def lb_ref(name: str = "web") -> ObjectRef:
    return ObjectRef(Kind.LOAD_BALANCER, name, "default")


def pool_ref(name: str = "edge") -> ObjectRef:
    return ObjectRef(Kind.IP_POOL, name)


def lb(
    name: str = "web",
    *,
    annotations: Mapping[str, str] | None = None,
    finalizers: Iterable[str] = (),
    status: Manifest | None = None,
    **spec: object,
) -> Manifest:
    """Return a LoadBalancer of a guest cluster; ``None`` leaves a field of its spec out."""
    full = {"ipam": "pool", "workloadType": "cluster", **spec}
    metadata: Manifest = {"name": name, "namespace": "default"}
    metadata |= {"annotations": dict(annotations)} if annotations else {}
    metadata |= {"finalizers": list(finalizers)} if finalizers else {}
    return {
        "apiVersion": API_VERSION,
        "kind": "LoadBalancer",
        "metadata": metadata,
        "spec": {key: value for key, value in full.items() if value is not None},
        **({"status": status} if status else {}),
    }


def booked(ip: str = "10.0.0.10", pool: str = "edge", **spec: Any) -> Manifest:
    """Return a LoadBalancer that has a booking, whatever the pool says."""
    status = {"allocatedAddress": {"ipPool": pool, "ip": ip}}
    return lb(finalizers=[LB_FINALIZER], status=status, **spec)


def pool(
    name: str = "edge",
    *ranges: Manifest,
    third: int = 0,
    records: Mapping[str, str] | None = None,
    scopes: Iterable[Manifest] | None = None,
    annotations: Mapping[str, str] | None = None,
    status: Manifest | None = None,
    **selector: object,
) -> Manifest:
    """Return a pool of ten addresses for LoadBalancers of the namespace ``default``."""
    net = f"10.0.{third}"
    ten = {"subnet": f"{net}.0/24", "rangeStart": f"{net}.10", "rangeEnd": f"{net}.19"}
    full: Manifest = {"total": 0, "available": 0, "lastAllocated": "", **(status or {})}
    full |= {"allocated": dict(records)} if records else {}
    return {
        "apiVersion": API_VERSION,
        "kind": "IPPool",
        "metadata": {"name": name, **({"annotations": dict(annotations)} if annotations else {})},
        "spec": {
            "ranges": list(ranges) or [ten],
            "selector": {"scope": list(scopes or [scope()]), **selector},
        },
        **({"status": full} if records or status else {}),
    }


def scope(project: str = "*", namespace: str = "default", cluster: str = "*") -> Manifest:
    return {"project": project, "namespace": namespace, "guestCluster": cluster}


def duplicate(tag: str, ip: str, name: str = "web", pool: str = "edge") -> str:
    """Return the message of a LoadBalancer whose address is recorded and not booked."""
    text = f"{ip} has been allocated to default/{name}, duplicate allocation is not allowed"
    return said(tag, text, name, pool)


def said(tag: str, text: str, name: str = "web", pool: str = "edge") -> str:
    """Return what a version makes of a text of its allocator."""
    if tag in RESELECTING:
        return f"allocate ip for lb default/{name} failed, error: {text}"
    return f"fail to get ip from pool {pool}, error: {text}" if tag >= "v1.7" else text
