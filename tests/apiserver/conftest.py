"""The API server of a session, and the same emptied after each test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.apiserver import binaries, definitions
from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.program import Program


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what needs the binaries where they are missing: one test tells for all of them."""
    if _is_ci() or binaries.find():
        return
    needing = [item for item in items if _needs_plane(item)]
    if needing:
        needing[0].add_marker(pytest.mark.skip(reason=_missing()))
        config.hook.pytest_deselected(items=needing[1:])
        items[:] = [item for item in items if item not in needing[1:]]


@pytest.fixture(scope="session")
def plane() -> Iterator[ControlPlane]:
    """A control plane that serves Harvester's IPPools and LoadBalancers."""
    found = binaries.find()
    if found is None:
        pytest.fail(_missing(), pytrace=False)
    with ControlPlane(found) as started:
        for crd_file in definitions.ALWAYS:
            started.install(crd_file)
        yield started


@pytest.fixture
def cluster(plane: ControlPlane) -> Iterator[ControlPlane]:
    """The control plane, emptied when the test is over."""
    yield plane
    plane.empty()


def _needs_plane(item: pytest.Item) -> bool:
    """Whether a test runs on the API server; one of the contract may run in memory."""
    call = getattr(item, "callspec", None)
    on = call.params.get("kube") if call else None
    return on == "apiserver" or "plane" in getattr(item, "fixturenames", ())


def _is_ci() -> bool:
    """Tell whether the build was to be run before, so that a skip would hide a mistake."""
    return os.environ.get("CI") == "true"


def _missing() -> str:
    return (
        f"no etcd and kube-apiserver in {binaries.directory()}: "
        "run python -m tests.apiserver.build, or set KUBEBUILDER_ASSETS"
    )


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(capsys)
