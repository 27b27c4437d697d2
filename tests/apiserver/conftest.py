"""The API server of a session, and the same emptied after each test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.apiserver import binaries, definitions
from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.program import Program


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the binaries where they are missing; a mark, for one line in the summary."""
    if _is_ci() or binaries.find():
        return
    skip = pytest.mark.skip(reason=_missing())
    for item in items:
        if "plane" in getattr(item, "fixturenames", ()):
            item.add_marker(skip)


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
