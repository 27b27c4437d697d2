"""What repair asks for before it writes: a word, a plan that is fresh, subjects, rights."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.harvester import GROUP, patch_pool
from tests.apiserver.repair.conftest import Doctor
from tests.apiserver.repair.scene import deploy, load_balancer, pool, records
from tests.apiserver.test_bundle import bundle_of
from tests.bundle.collector import pack
from tests.cli.program import COMMAND, ROOT

YES = ("--yes", "--grace", "1s")
EDGE = {
    "10.9.0.10": "default/gone-0",
    "10.9.0.11": "default/gone-1",
    "10.9.0.20": "default/lives-0",
    "10.9.0.21": "default/lives-1",
}
LIVES = {ip: owner for ip, owner in EDGE.items() if "lives" in owner}


@pytest.fixture
def scene(cluster: ControlPlane) -> ControlPlane:
    deploy(cluster, "v1.9.0")
    cluster.api.create(pool("edge", EDGE))
    cluster.api.create(pool("calm", {"10.8.0.5": "default/gone-2"}, subnet="10.8.0.0/24"))
    for ip, owner in LIVES.items():
        cluster.api.create(load_balancer(owner.partition("/")[2], "edge", ip))
    return cluster


def nothing_written(plane: ControlPlane, doctor: Doctor) -> None:
    assert records(plane, "edge") == EDGE
    assert len(records(plane, "calm")) == 1
    assert not doctor.journal.exists()


def test_without_a_terminal_it_wants_yes(scene: ControlPlane, doctor: Doctor) -> None:
    run = doctor.run("repair")
    assert (run.code, run.stdout) == (2, "")
    assert run.stderr == (
        "error: there is no terminal to ask on; try: lbdoctor repair --yes, or --dry-run=client\n"
    )
    nothing_written(scene, doctor)


@pytest.mark.parametrize("how", ["client", "server"])
def test_a_dry_run_shows_everything_and_writes_nothing(
    scene: ControlPlane, doctor: Doctor, how: str
) -> None:
    run = doctor.run("repair", f"--dry-run={how}")
    assert run.code == 1, run
    for ip in ("10.9.0.10", "10.9.0.11", "10.8.0.5"):
        assert ip in run.stdout
    assert "10.9.0.20" not in run.stdout
    nothing_written(scene, doctor)


@pytest.mark.parametrize(
    "subjects, edge, calm",
    [
        (["10.9.0.10"], {"10.9.0.10"}, set()),
        (["default/gone-1"], {"10.9.0.11"}, set()),
        (["pool/edge"], {"10.9.0.10", "10.9.0.11"}, set()),
        (["pool/calm", "10.9.0.11"], {"10.9.0.11"}, {"10.8.0.5"}),
        (["::ffff:10.9.0.10"], {"10.9.0.10"}, set()),
    ],
)
def test_only_the_subjects_are_repaired(
    scene: ControlPlane, doctor: Doctor, subjects: list[str], edge: set[str], calm: set[str]
) -> None:
    run = doctor.run("repair", *subjects, *YES)
    assert run.code == 0, run
    assert set(EDGE) - set(records(scene, "edge")) == edge
    assert {"10.8.0.5"} - set(records(scene, "calm")) == calm


@pytest.mark.parametrize("subject", ["10.9.0", "a b", "default/", "pool", ""])
def test_what_is_no_subject_is_a_wrong_command_line(
    scene: ControlPlane, doctor: Doctor, subject: str
) -> None:
    run = doctor.run("repair", subject, *YES)
    assert (run.code, run.stdout) == (2, "")
    assert run.stderr == (
        f"error: {subject!r} is no subject: an IP, NS/NAME or pool/NAME; "
        "try: lbdoctor scan -o name\n"
    )


def test_the_names_of_a_scan_are_piped_into_a_repair(cluster: ControlPlane, doctor: Doctor) -> None:
    deploy(cluster, "v0.4.0")
    cluster.api.create(pool("edge", {"10.9.0.10": "default/stuck", "10.9.0.11": "default/gone"}))
    cluster.api.create(load_balancer("stuck", "edge", stuck_on="10.9.0.10"))
    lbdoctor, config = " ".join(COMMAND), cluster.kubeconfig()
    line = (
        f"{lbdoctor} scan --only LBD101 -o name --kubeconfig {config} | "
        f"xargs {lbdoctor} repair --yes --grace 1s --kubeconfig {config}"
    )
    done = subprocess.run(
        ["/bin/sh", "-c", line],
        cwd=ROOT,
        env=doctor.environment(),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done
    assert records(cluster, "edge") == {"10.9.0.10": "default/stuck"}


def saved(path: Path, text: str, **changes: object) -> str:
    """Write a plan with some of its fields changed."""
    path.write_text(json.dumps({**json.loads(text), **changes}), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("made_by", ["scan", "repair"])
def test_a_plan_is_carried_out_and_nothing_else(
    scene: ControlPlane, doctor: Doctor, tmp_path: Path, made_by: str
) -> None:
    dry = ("--dry-run=client",) if made_by == "repair" else ()
    made = doctor.run(made_by, "--only", "LBD101", "-o", "json", *dry)
    assert made.code == 1, made
    document = json.loads(made.stdout)
    kept = [item for item in document["findings"] if item["address"] != "10.9.0.11"]
    plan = saved(tmp_path / "plan.json", made.stdout, findings=kept)
    run = doctor.run("repair", "--plan", plan, *YES)
    assert run.code == 0, run
    assert records(scene, "edge") == {"10.9.0.11": "default/gone-1", **LIVES}
    assert records(scene, "calm") == {}


def snapshot_of(_plane: ControlPlane, doctor: Doctor, directory: Path) -> Path:
    assert doctor.run("collect", str(directory / "snapshot")).code == 0
    return directory / "snapshot"


def zip_of(plane: ControlPlane, _doctor: Doctor, directory: Path) -> Path:
    """A support bundle: it does not hold the Services of all namespaces."""
    return pack(bundle_of(plane, directory))


@pytest.mark.parametrize("kept", [snapshot_of, zip_of])
def test_a_plan_made_from_a_bundle_is_looked_at_again_live(
    scene: ControlPlane, doctor: Doctor, tmp_path: Path, kept: Callable[..., Path]
) -> None:
    """One of its records has been given to somebody else since the bundle was made."""
    lists = kept(scene, doctor, tmp_path)
    made = doctor.run_offline("scan", "--from", str(lists), "--only", "LBD101", "-o", "json")
    assert made.code == 1, made
    plan = saved(tmp_path / "plan.json", made.stdout)
    patch_pool(scene.api, "edge", {"allocated": {"10.9.0.11": "default/lives-0"}})
    run = doctor.run("repair", "--plan", plan, "--only", "LBD101", *YES)
    assert run.code == 0, run
    assert run.stderr == "note: 1 of 3 items in the plan lapsed since it was made\n"
    assert records(scene, "edge") == {"10.9.0.11": "default/lives-0", **LIVES}
    assert records(scene, "calm") == {}


def test_a_plan_saves_the_wait(scene: ControlPlane, doctor: Doctor, tmp_path: Path) -> None:
    """Without the plan, and with a memory of its own, ten minutes would have to pass."""
    made = doctor.run("scan", "--only", "LBD101", "-o", "json")
    taken = datetime.now(UTC) - timedelta(minutes=59)
    plan = saved(tmp_path / "plan.json", made.stdout, takenAt=taken.isoformat())
    run = doctor.run("repair", "--plan", plan, "--yes", "--state", str(tmp_path / "seen.json"))
    assert run.code == 0, run
    assert records(scene, "edge") == LIVES


def test_an_old_plan_is_refused(scene: ControlPlane, doctor: Doctor, tmp_path: Path) -> None:
    made = doctor.run("scan", "-o", "json")
    taken = datetime.now(UTC) - timedelta(minutes=61)
    plan = saved(tmp_path / "plan.json", made.stdout, takenAt=taken.isoformat())
    run = doctor.run("repair", "--plan", plan, *YES)
    assert (run.code, run.stdout, run.stderr.count("\n")) == (3, "", 1)
    assert "more than an hour ago; try: lbdoctor scan -o json > PLAN" in run.stderr
    nothing_written(scene, doctor)


def test_a_plan_of_another_cluster_is_refused(
    scene: ControlPlane, doctor: Doctor, tmp_path: Path
) -> None:
    made = doctor.run("scan", "-o", "json")
    scene.empty()
    deploy(scene, "v1.9.0")
    scene.api.create(pool("edge", EDGE))
    scene.api.create(pool("calm", {"10.8.0.5": "default/gone-2"}, subnet="10.8.0.0/24"))
    for ip, owner in LIVES.items():
        scene.api.create(load_balancer(owner.partition("/")[2], "edge", ip))
    plan = saved(tmp_path / "plan.json", made.stdout)
    run = doctor.run("repair", "--plan", plan, *YES)
    assert (run.code, run.stdout, run.stderr.count("\n")) == (3, "", 1)
    assert run.stderr.startswith("error: the plan is of another cluster: no pool here has the UID ")
    nothing_written(scene, doctor)


def test_what_a_plan_does_not_name_is_not_held_against_it(
    scene: ControlPlane, doctor: Doctor, tmp_path: Path
) -> None:
    """More than half of the records of a pool are stale by now: none of them is in the plan."""
    made = doctor.run("scan", "-o", "json")
    document = json.loads(made.stdout)
    kept = [item for item in document["findings"] if item["pool"] == "calm"]
    plan = saved(tmp_path / "plan.json", made.stdout, findings=kept)
    patch_pool(
        scene.api, "edge", {"allocated": {f"10.9.0.{n}": "default/x" for n in range(50, 99)}}
    )
    run = doctor.run("repair", "--plan", plan, *YES)
    assert run.code == 0, run
    assert "held back" not in run.stdout


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", '{"takenAt": "soon", "findings": []}', "\x00"]
)
def test_what_is_no_plan_is_one_line(
    scene: ControlPlane, doctor: Doctor, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text, encoding="utf-8")
    run = doctor.run("repair", "--plan", str(path), *YES)
    assert (run.code, run.stdout, run.stderr.count("\n")) == (3, "", 1)
    assert run.stderr.endswith("; try: lbdoctor scan -o json > PLAN\n")


def test_who_may_only_read_is_told_what_is_missing(scene: ControlPlane, doctor: Doctor) -> None:
    for resource in ("ippools", "loadbalancers"):
        scene.grant_cluster("ann", GROUP, resource, ["get", "list"])
    scene.grant_cluster("ann", "", "services", ["get", "list"])
    ann = doctor.acting_with(scene.kubeconfig("ann"))
    run = ann.run("repair", *YES)
    assert run.code == 1, run
    assert "note: you may not patch IPPools: no record is released" in run.stderr
    assert "you may not patch IPPools; lbdoctor preflight --mode repair" in run.stdout
    nothing_written(scene, doctor)


@pytest.mark.parametrize("mode, lacking", [("scan", 4), ("repair", 6), ("watch", 8)])
def test_preflight_names_every_right_that_is_missing(
    scene: ControlPlane, doctor: Doctor, mode: str, lacking: int
) -> None:
    for resource in ("ippools", "loadbalancers"):
        scene.grant_cluster("ben", GROUP, resource, ["get", "list"])
    scene.grant_cluster("ben", "", "services", ["list"])
    scene.grant_cluster("ben", "", "namespaces", ["list"])
    ben = doctor.acting_with(scene.kubeconfig("ben"))
    run = ben.run("preflight", "--mode", mode)
    assert (run.code, run.stderr) == (1, "")
    lines = run.stdout.splitlines()
    assert sum(line.startswith("no   ") or line.startswith("no  ") for line in lines) == lacking
    assert lines[-1] == f"{lacking} of {len(lines) - 1} rights are missing for {mode}"
    everything = doctor.run("preflight", "--mode", mode)
    assert (everything.code, everything.stderr) == (0, "")
    assert everything.stdout.splitlines()[-1] == f"everything is granted for {mode}"


def test_preflight_of_a_cluster_that_is_not_there(doctor: Doctor, cluster: ControlPlane) -> None:
    nowhere = cluster.kubeconfig(server="https://127.0.0.1:1")
    run = doctor.acting_with(nowhere).run("preflight")
    assert (run.code, run.stdout, run.stderr.count("\n")) == (3, "", 1)
