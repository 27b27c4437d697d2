"""A hundred scans of a busy, healthy cluster confirm nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.apiserver.client import Api
from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.harvester import FINALIZER, booked, lb_path, patch_pool, pool
from tests.apiserver.program import Program

WORKERS = 4
SCANS = 100


class Churn:
    """Makes and deletes LoadBalancers with the writes of the controller, in its order."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self.lives = 0

    def stop(self) -> None:
        self._over.set()

    def run(self, api: Api, worker: int) -> None:
        turn = 0
        while not self._over.is_set():
            turn += 1
            self._live_and_die(api, f"web-{worker}", f"10.9.{worker}.{turn % 200 + 1}")
            self.lives += 1

    def _live_and_die(self, api: Api, name: str, ip: str) -> None:
        owner, path = f"default/{name}", lb_path("default", name)
        new = booked("default", name, "edge", ip)
        status = new.pop("status")
        api.create(new)
        taken = {"allocated": {ip: owner}, "allocatedHistory": {ip: None}}
        patch_pool(api, "edge", taken)  # W1
        api.patch(path, {"status": status})  # W3
        api.patch(path, {"metadata": {"finalizers": [FINALIZER]}})  # W4
        api.delete(path)
        released = {"allocated": {ip: None}, "allocatedHistory": {ip: owner}}
        patch_pool(api, "edge", released)  # R1
        api.patch(path, {"metadata": {"finalizers": None}})  # R2


@pytest.fixture
def churn(cluster: ControlPlane) -> Iterator[Churn]:
    cluster.api.create(pool("edge"))
    running = Churn()
    with ThreadPoolExecutor(WORKERS) as threads:
        jobs = [
            threads.submit(running.run, cluster.api_as("admin"), worker)
            for worker in range(1, WORKERS + 1)
        ]
        yield running
        running.stop()
        for job in jobs:
            job.result()


def test_healthy_churn_gives_no_confirmed_finding(
    cluster: ControlPlane, program: Program, churn: Churn
) -> None:
    kubeconfig = cluster.kubeconfig()
    runs = [program.scan(kubeconfig) for _ in range(SCANS)]
    assert {run.code for run in runs} == {0}
    assert [run.codes for run in runs if run.codes] == []
    assert churn.lives > SCANS
