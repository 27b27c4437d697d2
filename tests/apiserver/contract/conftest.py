"""Both clusters behind one interface: the tests do not know which they have."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest

from lbdoctor.cluster import open_writable
from lbdoctor.cluster.api import WritableApi
from lbdoctor.cluster.memory.clock import ManualClock
from lbdoctor.cluster.memory.server import MemoryServer
from lbdoctor.domain.refs import Kind
from tests.apiserver.control_plane import ControlPlane

CRDS = Path(__file__).parents[1] / "crds"


class Kube(Protocol):
    """A cluster, and what only its owner can do to it."""

    @property
    def api(self) -> WritableApi: ...

    def add_namespace(self, name: str) -> None: ...

    def forget_the_past(self) -> None: ...

    def stop_serving_networks(self) -> None: ...


class Memory:
    def __init__(self) -> None:
        self.api = MemoryServer(ManualClock(datetime(2026, 8, 20, tzinfo=UTC))).without_webhook()

    def add_namespace(self, name: str) -> None:
        self.api.add_namespace(name)

    def forget_the_past(self) -> None:
        self.api.forget_the_past()

    def stop_serving_networks(self) -> None:
        self.api.unserved.add(Kind.NETWORK)


class Real:
    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self.api = open_writable(kubeconfig=str(plane.kubeconfig()), context=None, timeout=30.0)

    def add_namespace(self, name: str) -> None:
        self._plane.namespace(name)

    def forget_the_past(self) -> None:
        self._plane.compact()

    def stop_serving_networks(self) -> None:
        self._plane.uninstall(CRDS / "network-attachment-definitions.yaml")


@pytest.fixture(params=["memory", "apiserver"])
def kube(request: pytest.FixtureRequest) -> Kube:
    if request.param == "memory":
        return Memory()
    return Real(request.getfixturevalue("cluster"))


@pytest.fixture
def api(kube: Kube) -> WritableApi:
    return kube.api
