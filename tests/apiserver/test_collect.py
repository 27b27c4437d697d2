"""collect, and the scan of what it wrote: the same report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.harvester import GROUP, booked, load_stuck, pool
from tests.apiserver.program import Program, Run


def told(run: Run) -> dict[str, Any]:
    """Return a report without what a file cannot have: confirmation, memory, origin."""
    findings = [{**item, "confirmed": None, "firstSeen": None} for item in run.report["findings"]]
    keys = ("controller", "read", "complete", "gaps", "skipped", "settling")
    return {**{key: run.report[key] for key in keys}, "findings": findings}


def test_a_snapshot_gives_the_same_report(
    cluster: ControlPlane, program: Program, tmp_path: Path
) -> None:
    load_stuck(cluster)
    cluster.api.create(pool("edge", {"10.9.0.5": "default/lives", "10.9.0.6": "default/gone"}))
    cluster.api.create(booked("default", "lives", "edge", "10.9.0.5"))
    live = program.scan(cluster.kubeconfig())
    wrote = program.run("collect", "--kubeconfig", str(cluster.kubeconfig()), str(tmp_path / "s"))
    assert wrote.code == 0
    again = program.run("scan", "--from", str(tmp_path / "s"), "-o", "json")
    assert again.code == live.code == 1
    assert told(again) == told(live)
    assert not any("managedFields" in file.read_text() for file in (tmp_path / "s").iterdir())


def test_what_could_not_be_read_is_missing_in_the_snapshot_too(
    cluster: ControlPlane, program: Program, tmp_path: Path
) -> None:
    load_stuck(cluster)
    cluster.grant_cluster("ann", GROUP, "ippools", ["get", "list"])
    cluster.grant_namespace("ann", "other", GROUP, "loadbalancers", ["get", "list"])
    kubeconfig = str(cluster.kubeconfig("ann"))
    live = program.scan(Path(kubeconfig))
    wrote = program.run("collect", "--kubeconfig", kubeconfig, str(tmp_path / "s"))
    again = program.run("scan", "--from", str(tmp_path / "s"), "-o", "json")
    assert (wrote.code, again.code) == (4, 4)
    assert "not read: LoadBalancers in namespace default" in wrote.stderr
    assert told(again) == told(live)
