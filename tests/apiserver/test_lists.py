"""Long lists: pages, and a continue token that expires in the middle."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from lbdoctor.cluster import open_live
from lbdoctor.cluster.reader import Reader
from lbdoctor.domain.refs import Kind
from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.harvester import booked, pool
from tests.apiserver.program import Program

COUNT = 1200


@pytest.fixture
def fleet(cluster: ControlPlane) -> ControlPlane:
    """Twelve hundred healthy LoadBalancers."""
    records = {f"10.9.{n // 250 + 1}.{n % 250 + 1}": f"default/web-{n}" for n in range(COUNT)}
    cluster.api.create(pool("edge", records))
    manifests = [booked("default", f"web-{n}", "edge", ip) for n, ip in enumerate(records)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(cluster.api.create, manifests))
    return cluster


def test_twelve_hundred_are_read_in_three_pages(fleet: ControlPlane, program: Program) -> None:
    run = program.scan(fleet.kubeconfig(), "-v")
    assert (run.code, run.codes) == (0, [])
    assert run.report["read"] == {"ipPools": 1, "loadBalancers": COUNT}
    assert sum(line.endswith("/loadbalancers 200") for line in run.requests) == 3


def test_a_token_that_expires_in_the_middle_begins_the_list_anew(fleet: ControlPlane) -> None:
    requests: list[str] = []
    api = open_live(
        kubeconfig=str(fleet.kubeconfig()), context=None, timeout=30, trace=requests.append
    )
    compacted: list[int] = []

    def compact_once(kind: Kind, count: int) -> None:
        if kind is Kind.LOAD_BALANCER and not compacted:
            compacted.append(count)
            fleet.compact()

    listing = Reader(api, compact_once).load_balancers()
    assert compacted == [500]
    assert any(" 410 " in line for line in requests)
    assert len(listing.items) == COUNT
    assert len({lb.owner for lb in listing.items}) == COUNT


def test_a_token_that_always_expires_is_done_without_in_the_end(fleet: ControlPlane) -> None:
    requests: list[str] = []
    api = open_live(
        kubeconfig=str(fleet.kubeconfig()), context=None, timeout=30, trace=requests.append
    )

    def compact_always(_kind: Kind, _count: int) -> None:
        fleet.compact()

    listing = Reader(api, compact_always).load_balancers()
    assert len(listing.items) == COUNT
    assert sum(" 410 " in line for line in requests) == 2
