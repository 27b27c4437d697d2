"""The controller beside a real API server: the same steps, the same objects as in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from lbdoctor.cluster import open_writable
from lbdoctor.cluster.api import GROUP, Event, Manifest, WritableApi
from lbdoctor.cluster.memory.clock import ManualClock
from lbdoctor.cluster.memory.controller.cache import KINDS
from lbdoctor.cluster.memory.controller.steps import Step
from lbdoctor.cluster.memory.server import MemoryServer
from lbdoctor.domain.keys import RELEASE_ANNOTATION
from lbdoctor.domain.refs import Kind, ObjectRef
from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.program import Program
from tests.apiserver.standin import Noted, StandIn, WatchedFeed

POOL = ObjectRef(Kind.IP_POOL, "edge")
LB = ObjectRef(Kind.LOAD_BALANCER, "web", "default")
IP = "10.9.0.10"
OWNER = "default/web"
DUPLICATE = f"{IP} has been allocated to {OWNER}, duplicate allocation is not allowed"
OF_A_RUN = ("uid", "resourceVersion", "creationTimestamp", "managedFields")


def pool() -> Manifest:
    ranges = [{"subnet": "10.9.0.0/24", "rangeStart": IP, "rangeEnd": "10.9.0.19"}]
    scope = [{"project": "*", "namespace": "default", "guestCluster": "*"}]
    return {
        "apiVersion": f"{GROUP}/v1beta1",
        "kind": "IPPool",
        "metadata": {"name": "edge", "labels": {f"{GROUP}/global-ip-pool": "false"}},
        "spec": {"ranges": ranges, "selector": {"scope": scope}},
    }


def load_balancer() -> Manifest:
    return {
        "apiVersion": f"{GROUP}/v1beta1",
        "kind": "LoadBalancer",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"ipam": "pool", "workloadType": "cluster"},
    }


@contextmanager
def in_memory(tag: str) -> Iterator[StandIn]:
    clock = ManualClock(datetime(2026, 8, 20, tzinfo=UTC))
    # Nobody admits anything on the API server of the tests.
    yield StandIn(MemoryServer(clock).without_webhook(), tag, clock.now)


@contextmanager
def beside(plane: ControlPlane, tag: str) -> Iterator[StandIn]:
    api = open_writable(kubeconfig=str(plane.kubeconfig()), context=None, timeout=30.0)
    with WatchedFeed(api) as feed:
        yield StandIn(api, tag, lambda: datetime.now(UTC), feed)


def with_pool(stand: StandIn) -> None:
    stand.api.create(Kind.IP_POOL, pool())
    assert stand.sync(POOL) == [Step.POOL_STATUS, Step.POOL_FINALIZER]
    assert stand.sync(POOL) == [Step.POOL_FINALIZER]
    stand.api.refused.clear()


def make_stuck(stand: StandIn) -> None:
    """Take an address for one LoadBalancer and find another of its name when booking it."""
    with_pool(stand)
    stand.api.create(Kind.LOAD_BALANCER, load_balancer())
    task = stand.stop_before(Step.W3, LB)
    before = uid(stand.api)
    stand.api.delete(Kind.LOAD_BALANCER, "web", "default")
    stand.api.create(Kind.LOAD_BALANCER, load_balancer())
    assert stand.finish(task) == [Step.W3, Step.W4]
    wanted = f"UID in precondition: {before}, UID in object meta: {uid(stand.api)}"
    assert [text.endswith(wanted) for text in stand.api.refused] == [True, True]


def stay_stuck(stand: StandIn) -> None:
    make_stuck(stand)
    assert stand.sync(LB) == [Step.W3, Step.W4]
    for _ in range(3):
        assert stand.sync(LB) == []


def heal(stand: StandIn) -> None:
    make_stuck(stand)
    assert stand.sync(LB) == [Step.R1, Step.W3, Step.W4]
    assert stand.sync(LB) == [Step.W1, Step.W3]
    assert stand.sync(LB) == []


def release(stand: StandIn) -> None:
    with_pool(stand)
    stand.api.create(Kind.LOAD_BALANCER, load_balancer())
    task = stand.stop_before(Step.W4, LB)
    stand.api.delete(Kind.LOAD_BALANCER, "web", "default")
    stand.finish(task)
    body = {"metadata": {"annotations": {RELEASE_ANNOTATION: f"{IP}: {OWNER}"}}}
    stand.api.patch(Kind.IP_POOL, "edge", body=body)
    assert stand.sync(POOL) == [Step.R1, Step.REQUEST_DONE]
    assert stand.sync(POOL) == [Step.REQUEST_DONE]
    assert stand.sync(POOL) == []


def live_and_die(stand: StandIn) -> None:
    with_pool(stand)
    stand.api.create(Kind.LOAD_BALANCER, load_balancer())
    assert stand.sync(LB) == [Step.W1, Step.W3, Step.W4]
    stand.api.delete(Kind.LOAD_BALANCER, "web", "default")
    assert stand.sync(LB) == [Step.R1, Step.R2]
    stand.hear()


def uid(api: WritableApi) -> str:
    found = api.get(Kind.LOAD_BALANCER, "web", "default")
    assert found is not None
    return str(found["metadata"]["uid"])


def objects(stand: StandIn) -> list[Manifest]:
    """Return all objects without what is of one run only."""
    return [_plain(item) for kind in KINDS for item in stand.api.page(kind, limit=0).items]


def _plain(item: Manifest) -> Manifest:
    conditions = (item.get("status") or {}).get("conditions") or []
    for condition in conditions:
        assert condition.pop("lastUpdateTime").endswith("Z")
    kept = {key: value for key, value in item["metadata"].items() if key not in OF_A_RUN}
    return {**item, "metadata": kept}


@pytest.mark.parametrize(
    "tag, steps",
    [
        ("v0.4.0", stay_stuck),
        ("v0.4.4", stay_stuck),
        ("v1.9.0", heal),
        ("v1.9.0", release),
        ("v1.5.0", release),
        ("v0.4.0", live_and_die),
        ("v1.9.0", live_and_die),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_the_same_steps_make_the_same_objects_as_in_memory(
    cluster: ControlPlane, tag: str, steps: object
) -> None:
    assert callable(steps)
    with in_memory(tag) as memory, beside(cluster, tag) as real:
        steps(memory)
        steps(real)
        assert objects(real) == objects(memory)


def test_on_v0_4_0_a_stuck_one_stays_and_the_scan_says_so(
    cluster: ControlPlane, program: Program
) -> None:
    with beside(cluster, "v0.4.0") as stand:
        stay_stuck(stand)
        found = stand.api.get(Kind.LOAD_BALANCER, "web", "default")
        assert found is not None
        assert found["status"]["allocatedAddress"] == {}
        assert found["status"]["conditions"][0]["message"] == (
            f"allocate ip for lb {OWNER} failed, error: {DUPLICATE}"
        )
    run = program.scan(cluster.kubeconfig())
    assert (run.code, run.codes) == (1, ["LBD201"])
    assert run.report["findings"][0]["subject"]["name"] == "web"


def test_on_v1_9_0_it_heals_with_the_same_address(cluster: ControlPlane, program: Program) -> None:
    with beside(cluster, "v1.9.0") as stand:
        heal(stand)
        booked = stand.api.get(Kind.LOAD_BALANCER, "web", "default")
        recorded = stand.api.get(Kind.IP_POOL, "edge")
    assert booked is not None
    assert recorded is not None
    assert booked["status"]["allocatedAddress"]["ip"] == IP
    assert recorded["status"]["allocated"] == {IP: OWNER}
    run = program.scan(cluster.kubeconfig())
    assert (run.code, run.codes) == (0, [])


def test_a_release_request_is_carried_out(cluster: ControlPlane, program: Program) -> None:
    with beside(cluster, "v1.9.0") as stand:
        release(stand)
        found = stand.api.get(Kind.IP_POOL, "edge")
    assert found is not None
    assert RELEASE_ANNOTATION not in (found["metadata"].get("annotations") or {})
    assert found["status"]["allocatedHistory"] == {IP: OWNER}
    assert "allocated" not in found["status"] or found["status"]["allocated"] == {}
    assert program.scan(cluster.kubeconfig()).code == 0


class Late(Noted):
    """A cluster whose first watch of each kind asks for a past that is forgotten."""

    def __init__(self, api: WritableApi) -> None:
        super().__init__(api)
        self.late: set[Kind] = set()

    def watch(
        self, kind: Kind, namespace: str = "", *, since: str, seconds: float
    ) -> Iterator[Event]:
        if kind not in self.late:
            self.late.add(kind)
            since = "1"
        return super().watch(kind, namespace, since=since, seconds=seconds)


def test_a_feed_that_expired_lists_anew(cluster: ControlPlane) -> None:
    cluster.compact()
    api = Late(open_writable(kubeconfig=str(cluster.kubeconfig()), context=None, timeout=30.0))
    with WatchedFeed(api) as feed:
        stand = StandIn(api, "v1.9.0", lambda: datetime.now(UTC), feed)
        live_and_die(stand)
        assert feed.lists > len(KINDS)
        assert stand.controller.cache.get(LB) is None
