"""The cluster of ``lbdoctor demo``: Harvester's own controller is led into the race in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Final

from lbdoctor.cluster.api import GROUP, Manifest
from lbdoctor.cluster.manifest import load_balancer
from lbdoctor.cluster.memory.clock import ManualClock
from lbdoctor.cluster.memory.controller.run import Controller, Task
from lbdoctor.cluster.memory.controller.steps import Step
from lbdoctor.cluster.memory.provider import provide
from lbdoctor.cluster.memory.server import MemoryServer
from lbdoctor.domain import keys
from lbdoctor.domain.controller import Version
from lbdoctor.domain.refs import Kind, Owner

NOON: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
VERSION: Final = Version(0, 4, 4)
"""The last one that heals nothing by itself (Harvester 1.4.1 to 1.4.3)."""

HEALTHY: Final = ("nginx-ad26e814", "grafana-c8777748", "keycloak-10c4a60e")
STUCK: Final = ("shop-ce2a9135", "search-c3fb5eac", "mail-a5455bc5")
GONE: Final = tuple(f"web-{index}-{index + 11:08x}" for index in range(9))


@dataclass(frozen=True, slots=True)
class Act:
    """Who did what, in the order of the story."""

    who: str
    what: str


class Demo:
    """A cluster, the controller, and the guest clusters' cloud provider."""

    def __init__(self) -> None:
        self._clock = ManualClock(NOON)
        numbers = count(1)
        self.cluster = MemoryServer(
            self._clock, name="demo", new_uid=lambda: f"5f0c1c39-8b1a-4b4e-9a34-{next(numbers):012}"
        )
        for manifest in _surroundings():
            self.cluster.load(Kind(manifest["kind"]), manifest)
        self._controller = Controller(self.cluster, VERSION, now=self._clock.now)
        self._providers: list[Iterator[float]] = []
        self._work(2)

    def now(self) -> datetime:
        return self._clock.now()

    def rest(self, seconds: float) -> None:
        """Let time pass, in which everybody goes about their work."""
        self._work(seconds)
        self._providers = [item for item in self._providers if next(item, None) is not None]
        self._work(seconds)
        self.cluster.load(Kind.LEASE, _lease(self._clock.now()))

    def play(self) -> list[Act]:
        """Run the controller into the race, the same way each time; return how it went."""
        for name in HEALTHY:
            for seconds in provide(self.cluster, _wanted(f"prod-default-{name}")):
                self._work(seconds)
        acts = list(self._race(f"prod-default-{STUCK[0]}"))
        for name in STUCK[1:]:
            list(self._race(f"prod-default-{name}"))
        for name in GONE:
            self._lose(f"test-default-{name}")
        acts.append(Act("guest cluster", "is deleted while nine more are at 2: their records stay"))
        self._work(60)
        self.cluster.load(Kind.LEASE, _lease(self._clock.now()))
        return acts

    def _race(self, name: str) -> Iterator[Act]:
        """Let the cloud provider lose its patience between two writes of the controller."""
        owner = Owner("edge", name)
        waiting = provide(self.cluster, _wanted(name))
        next(waiting)
        yield Act("cloud provider", f"creates {owner}")
        task = self._begin(owner)
        self._controller.advance(task)
        yield Act("controller", f"takes {self._last_taken()} for it from edge-pool, and is slow")
        first = self._uid(owner)
        while self.cluster.get(Kind.LOAD_BALANCER, name, owner.namespace):
            self._clock.advance(next(waiting))
        self._clock.advance(next(waiting))
        self._providers.append(waiting)
        yield Act("cloud provider", "has waited ten seconds: deletes it, and creates it again")
        now = self._uid(owner)
        while task in self._controller.tasks:
            self._controller.advance(task)
        text = f"for UID ...{first[-3:]}, and is refused: the UID is ...{now[-3:]} by now"
        yield Act("controller", f"writes the booking {text}")
        self._work(2)
        found = self.cluster.get(Kind.LOAD_BALANCER, name, owner.namespace)
        message = load_balancer(found).message if found else ""
        yield Act("controller", f"tries again, for good: {message}")

    def _lose(self, name: str) -> None:
        """Delete a LoadBalancer between the two writes: nobody gives its address back."""
        owner = Owner("edge", name)
        self.cluster.create(Kind.LOAD_BALANCER, _wanted(name))
        task = self._begin(owner)
        self._controller.advance(task)
        self.cluster.delete(Kind.LOAD_BALANCER, name, owner.namespace)
        while task in self._controller.tasks:
            self._controller.advance(task)
        self._work(1)

    def _begin(self, owner: Owner) -> Task:
        """Return the controller's handling of a new LoadBalancer, up to its first write."""
        self._controller.listen()
        task = self._controller.begin(owner.ref)
        assert task.next is Step.W1, task  # noqa: S101 - or the story is another one
        return task

    def _work(self, seconds: float) -> None:
        self._controller.run_for(seconds, self._clock.advance)

    def _uid(self, owner: Owner) -> str:
        found = self.cluster.get(Kind.LOAD_BALANCER, owner.name, owner.namespace)
        return str(found["metadata"]["uid"]) if found else ""

    def _last_taken(self) -> str:
        found = self.cluster.get(Kind.IP_POOL, "edge-pool")
        return str(found["status"]["lastAllocated"]) if found else ""


def _surroundings() -> Iterator[Manifest]:
    """Yield what is there before the story begins."""
    yield _object("Namespace", "v1", "edge")
    for vlan in ("120", "130"):
        labels = {"network.harvesterhci.io/vlan-id": vlan}
        yield _object(
            "NetworkAttachmentDefinition", "k8s.cni.cncf.io/v1", f"vlan{vlan}", "edge", labels
        )
    yield _pool("edge-pool", "10.77.0", 25, "vlan120", "edge")
    yield _pool("lab-pool", "10.78.0", 19, "vlan130", "lab")
    image = f"rancher/harvester-load-balancer:{VERSION}"
    yield {
        **_object("Deployment", "apps/v1", keys.CONTROLLER, keys.SYSTEM_NAMESPACE),
        "spec": {"template": {"spec": {"containers": [{"image": image}]}}},
        "status": {"replicas": 1, "availableReplicas": 1},
    }
    of_webhook = {"kubernetes.io/service-name": keys.WEBHOOK}
    yield {
        **_object(
            "EndpointSlice",
            "discovery.k8s.io/v1",
            f"{keys.WEBHOOK}-x7k2p",
            keys.SYSTEM_NAMESPACE,
            of_webhook,
        ),
        "endpoints": [{"addresses": ["10.52.0.31"], "conditions": {"ready": True}}],
    }


def _object(
    kind: str, api_version: str, name: str, namespace: str = "", labels: Manifest | None = None
) -> Manifest:
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    kept = {key: value for key, value in metadata.items() if value}
    return {"apiVersion": api_version, "kind": kind, "metadata": kept}


def _pool(name: str, subnet: str, last: int, network: str, namespace: str) -> Manifest:
    ends = {"rangeStart": f"{subnet}.10", "rangeEnd": f"{subnet}.{last}"}
    scope = {"project": "*", "namespace": namespace, "guestCluster": "*"}
    return {
        **_object("IPPool", f"{GROUP}/v1beta1", name),
        "spec": {
            "ranges": [{"subnet": f"{subnet}.0/24", "gateway": f"{subnet}.1", **ends}],
            "selector": {"network": f"edge/{network}", "scope": [scope]},
        },
    }


def _lease(now: datetime) -> Manifest:
    renewed = now.isoformat().replace("+00:00", "Z")
    return {
        **_object("Lease", "coordination.k8s.io/v1", keys.CONTROLLER, keys.LEASE_NAMESPACE),
        "spec": {"leaseDurationSeconds": 45, "renewTime": renewed},
    }


def _wanted(name: str, network: str = "vlan120") -> Manifest:
    made = _object("LoadBalancer", f"{GROUP}/v1beta1", name, "edge")
    cluster = name.partition("-")[0]
    made["metadata"]["annotations"] = {
        keys.NETWORK_ANNOTATION: f"edge/{network}",
        keys.CLUSTER_ANNOTATION: cluster,
    }
    return {**made, "spec": {"ipam": "pool", "workloadType": "cluster"}}
