"""From stuck to healthy in one command, as an operator sees it."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from lbdoctor.cluster.live.writes import LiveCluster
from lbdoctor.cluster.memory.admission import DeniedError
from lbdoctor.domain.changes import LoadBalancerChange
from lbdoctor.domain.fixes import LoadBalancerId
from lbdoctor.domain.refs import Owner
from lbdoctor.output.schema import schema_text
from lbdoctor.repair.port import Cause, Intent, WriteId
from lbdoctor.state.journal import FileJournal, read
from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.gateway import Call, Gateway
from tests.apiserver.harvester import lb_path, load_stuck, patch_pool, pool_path
from tests.apiserver.repair.conftest import Doctor
from tests.apiserver.repair.scene import (
    assert_all_booked,
    booking,
    deploy,
    load_balancer,
    pool,
    records,
    version,
)
from tests.apiserver.standin import FreeRunning
from tests.apiserver.waiting import wait_until
from tests.apiserver.webhook import Review, Webhook

NEIGHBOURS = {"near": ("storm", "10.77.0.200"), "far": ("calm", "10.9.0.10")}
STALE = {"10.77.0.99": "default/no-more"}


def with_neighbours(plane: ControlPlane, tag: str) -> None:
    """Set up the captured stuck cluster, and two LoadBalancers that are well."""
    deploy(plane, tag)
    load_stuck(plane)
    plane.api.create(pool("calm", {"10.9.0.10": "default/far"}))
    patch_pool(plane.api, "storm", {"allocated": {"10.77.0.200": "default/near"}})
    for name, (pool_name, ip) in NEIGHBOURS.items():
        plane.api.create(load_balancer(name, pool_name, ip))


def versions(plane: ControlPlane) -> dict[str, str]:
    return {name: version(plane, lb_path("default", name)) for name in NEIGHBOURS}


@pytest.mark.parametrize("tag", ["v0.4.0", "v1.9.0"])
def test_one_command_heals_everything_and_touches_no_neighbour(
    cluster: ControlPlane, doctor: Doctor, api: LiveCluster, tag: str
) -> None:
    with_neighbours(cluster, tag)
    patch_pool(cluster.api, "storm", {"allocated": STALE})
    before = versions(cluster)
    with FreeRunning(api, tag) as controller:
        controller.settle()
        calm = version(cluster, pool_path("calm"))
        run = doctor.run("repair", "--yes", "--grace", "1s")
        assert run.code == 0, run
        assert "done     LBD101  released 10.77.0.99 of default/no-more" in run.stdout
        assert_all_booked(cluster)
        assert versions(cluster) == before
        assert version(cluster, pool_path("calm")) == calm
        scan = doctor.run("scan")
        assert scan.code == 0, scan


@pytest.mark.parametrize("tag", ["v0.4.0", "v1.9.0"])
def test_release_undo_and_history_tell_one_story(
    cluster: ControlPlane, doctor: Doctor, api: LiveCluster, tag: str
) -> None:
    with_neighbours(cluster, tag)
    patch_pool(cluster.api, "storm", {"allocated": STALE})
    with FreeRunning(api, tag):
        assert doctor.run("repair", "--only", "LBD201", "--yes", "--grace", "1s").code == 0
        refused = doctor.run("release", "10.77.0.9", "default/no-such")
        assert refused.code == 1
        owner = records(cluster, "storm")["10.77.0.9"]
        assert refused.stderr == (
            f"refused: 10.77.0.9 of pool storm is held for {owner}; "
            f"try: lbdoctor release 10.77.0.9 {owner}\n"
        )
        released = doctor.run("release", "10.77.0.99", "default/no-more")
        assert released.code == 0, released
        assert "10.77.0.99" not in records(cluster, "storm")
        again = doctor.run("release", "10.77.0.99", "default/no-more")
        assert (again.code, again.stdout) == (
            0,
            "no pool holds 10.77.0.99: it has been released already\n",
        )
        undone = doctor.run("undo", "last")
        assert undone.code == 0, undone
        assert records(cluster, "storm")["10.77.0.99"] == "default/no-more"
        told = doctor.run("history", "10.77.0.99")
        assert told.code == 0
        assert "record 10.77.0.99 removed: done" in told.stdout
        assert "record 10.77.0.99 of default/no-more written: done" in told.stdout
        assert "now  10.77.0.99 of storm is held for default/no-more" in told.stdout
        assert_all_booked(cluster)


def test_where_the_controller_heals_by_itself_the_fence_is_the_repair(
    cluster: ControlPlane, doctor: Doctor, api: LiveCluster, tmp_path: Path
) -> None:
    """Its back-off has grown long while every write to the pool was refused."""
    deploy(cluster, "v1.9.0")
    cluster.api.create(pool("edge", {"10.9.0.10": "default/stuck"}))
    refusing, refused = threading.Event(), list[str]()

    def refuse(review: Review) -> None:
        if review.kind == "IPPool" and refusing.is_set():
            refused.append(review.name)
            raise DeniedError("validator", "not now")

    with Webhook(cluster, tmp_path) as webhook, FreeRunning(api, "v1.9.0") as controller:
        webhook.gate(refuse)
        controller.settle()
        refusing.set()
        cluster.api.create(load_balancer("stuck", "edge", stuck_on="10.9.0.10"))
        wait_until(lambda: len(refused) > 11, "a long back-off", seconds=60.0)
        refusing.clear()
        written: list[str] = []

        def note(call: Call) -> None:
            if call.is_write:
                written.append(call.path)

        with Gateway(cluster, before=note) as gateway:
            operator = doctor.acting_with(gateway.kubeconfig())
            run = operator.run("repair", "--yes", "--grace", "1s")
        assert run.code == 0, run
        assert written, "the fence"
        assert [path for path in written if "/ippools/" in path] == []
        assert "done     LBD201  default/stuck has 10.9.0.10 of edge after" in run.stdout
        assert_all_booked(cluster)


def test_a_program_reads_what_became_of_each_finding(
    cluster: ControlPlane, doctor: Doctor, api: LiveCluster
) -> None:
    with_neighbours(cluster, "v0.4.0")
    patch_pool(cluster.api, "storm", {"allocated": STALE})
    with FreeRunning(api, "v0.4.0"):
        run = doctor.run("repair", "--yes", "--grace", "1s", "-o", "json")
    assert run.code == 0, run
    told = json.loads(run.stdout)
    jsonschema.validate(told, json.loads(schema_text()))
    assert told["kind"] == "Run"
    outcomes = [(item["code"], item["result"]) for item in told["outcomes"]]
    assert outcomes.count(("LBD201", "done")) == 12
    assert outcomes.count(("LBD101", "done")) == 1
    assert all(item["seconds"] > 0 for item in told["outcomes"] if item["code"] == "LBD201")


def test_undo_that_could_put_back_but_a_part_is_a_repair_that_failed(
    cluster: ControlPlane, doctor: Doctor
) -> None:
    deploy(cluster, "v0.4.0")
    cluster.api.create(pool("one", {"10.9.1.10": "default/no-more"}))
    cluster.api.create(pool("two", {"10.9.2.10": "default/no-more"}))
    assert doctor.run("repair", "--yes", "--grace", "1s").code == 0
    patch_pool(cluster.api, "one", {"allocated": {"10.9.1.10": "default/another"}})
    undone = doctor.run("undo", "last")
    assert undone.code == 5, undone
    assert records(cluster, "one") == {"10.9.1.10": "default/another"}
    assert records(cluster, "two") == {"10.9.2.10": "default/no-more"}


def test_undo_that_loses_the_cluster_in_the_middle_is_half_done(
    cluster: ControlPlane, doctor: Doctor
) -> None:
    deploy(cluster, "v0.4.0")
    for number in (1, 2):
        held = {f"10.9.{number}.10": "default/no-more"}
        cluster.api.create(pool(f"pool-{number}", held, subnet=f"10.9.{number}.0/24"))
    subjects = ("pool/pool-1", "pool/pool-2")

    def lose(call: Call) -> None:
        """Let the third write pass, the first of the undo, and nothing after it."""
        if gateway.writes > 2 and not call.is_write:
            raise ConnectionError

    with Gateway(cluster, before=lose) as gateway:
        operator = doctor.acting_with(gateway.kubeconfig())
        assert operator.run("repair", *subjects, "--yes", "--grace", "1s").code == 0
        assert gateway.writes == 2
        run = operator.run("undo", "last", "--request-timeout", "2s")
    assert run.code == 5, run
    assert sum(len(records(cluster, f"pool-{number}")) for number in (1, 2)) == 1
    assert "the rest was not undone" in run.stderr


def test_undo_last_means_the_last_run_that_changed_something(
    cluster: ControlPlane, doctor: Doctor
) -> None:
    """Another run has touched a LoadBalancer since, and released nothing."""
    deploy(cluster, "v0.4.0")
    cluster.api.create(pool("edge", {"10.9.0.10": "default/gone"}))
    assert doctor.run("release", "10.9.0.10", "default/gone").code == 0
    (entry,) = read(doctor.journal)
    lb = LoadBalancerId(Owner("default", "web"), "uid")
    touch = LoadBalancerChange(load_balancer=lb, resource_version="1", touched="later.1")
    cause = Cause("LBD201", "default/web", "edge", "")
    intent = Intent(WriteId("later", 1), datetime.now(UTC), cause, touch, touch)
    journal = FileJournal(doctor.journal, entry.cluster, lambda: datetime.now(UTC))
    journal.before(intent)
    journal.after(intent, "done")
    assert doctor.run("undo", "last").code == 0
    assert records(cluster, "edge") == {"10.9.0.10": "default/gone"}


def test_nothing_is_written_where_the_journal_cannot_be(
    cluster: ControlPlane, doctor: Doctor, tmp_path: Path
) -> None:
    deploy(cluster, "v0.4.0")
    cluster.api.create(pool("edge", {"10.9.0.10": "default/gone", "10.9.0.20": "default/far"}))
    cluster.api.create(load_balancer("far", "edge", "10.9.0.20"))
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    journal = ("--journal", str(file / "journal.jsonl"))
    for command in (("repair", "--yes", "--grace", "1s"), ("release", "10.9.0.10", "default/gone")):
        run = doctor.run(*command, *journal)
        assert (run.code, run.stderr.count("\n")) == (3, 1), run
        assert run.stderr.startswith("error: ")
        assert len(records(cluster, "edge")) == 2


def test_undo_takes_nothing_from_somebody_who_got_the_address_meanwhile(
    cluster: ControlPlane, doctor: Doctor, api: LiveCluster
) -> None:
    deploy(cluster, "v1.9.0")
    small = pool("edge", {"10.9.0.10": "default/gone"})
    small["spec"]["ranges"] = [
        {"subnet": "10.9.0.0/24", "rangeStart": "10.9.0.10", "rangeEnd": "10.9.0.10"}
    ]
    small["status"] |= {"total": 1, "available": 0}
    cluster.api.create(small)
    cluster.api.create(pool("calm", {"10.8.0.5": "default/far"}, subnet="10.8.0.0/24"))
    cluster.api.create(load_balancer("far", "calm", "10.8.0.5"))
    with FreeRunning(api, "v1.9.0") as controller:
        controller.settle()
        assert doctor.run("release", "10.9.0.10", "default/gone").code == 0
        cluster.api.create(load_balancer("new", "edge"))
        wait_until(lambda: booking(cluster, "new") == "10.9.0.10", "a booking", seconds=30.0)
        run = doctor.run("undo", "last")
        assert run.code == 1, run
        assert "10.9.0.10 of edge is held for default/new by now" in run.stdout
        assert records(cluster, "edge") == {"10.9.0.10": "default/new"}
        assert_all_booked(cluster)
