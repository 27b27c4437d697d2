"""Many stale records, and others that write to the same pool at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from lbdoctor.state.journal import read
from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.gateway import Call, Gateway
from tests.apiserver.harvester import pool_path
from tests.apiserver.repair.child import Child
from tests.apiserver.repair.conftest import Doctor
from tests.apiserver.repair.scene import assert_whole, deploy, load_balancer, pool, records

MANY: Final = 1000
REPAIR: Final = ("pool/edge", "--max-releases", "2000", "--yes", "--grace", "1s")
LIVES: Final = {"10.9.0.5": "default/lives"}


def with_stale(plane: ControlPlane, count: int) -> None:
    deploy(plane, "v0.4.0")
    stale = {f"10.9.{1 + n // 250}.{1 + n % 250}": f"default/gone-{n}" for n in range(count)}
    plane.api.create(pool("edge", LIVES | stale, subnet="10.9.0.0/16"))
    plane.api.create(load_balancer("lives", "edge", "10.9.0.5"))


@contextmanager
def somebody_writing(plane: ControlPlane, seconds: float) -> Iterator[list[int]]:
    """Write to the pool every so many seconds; the list has one entry a write."""
    over, written = threading.Event(), list[int]()

    def write() -> None:
        while not over.wait(seconds):
            annotations = {"somebody": f"writes for the {len(written)}th time"}
            plane.api.patch(pool_path("edge"), {"metadata": {"annotations": annotations}})
            written.append(len(written))

    thread = threading.Thread(target=write, name="somebody")
    thread.start()
    try:
        yield written
    finally:
        over.set()
        thread.join()


def test_a_thousand_stale_records_of_one_pool_go(cluster: ControlPlane, doctor: Doctor) -> None:
    with_stale(cluster, MANY)
    run = doctor.run("repair", *REPAIR)
    assert run.code == 0, (run.stdout[-2000:], run.stderr)
    assert run.stdout.count("done     LBD101") == MANY
    assert records(cluster, "edge") == LIVES
    assert_whole(cluster)
    assert len(read(doctor.journal)) == MANY // 50


def test_they_go_while_somebody_writes_five_times_a_second(
    cluster: ControlPlane, doctor: Doctor
) -> None:
    with_stale(cluster, MANY)
    with somebody_writing(cluster, 0.2) as written:
        for _ in range(3):  # a machine too busy may lose eight races in a row, and says so
            run = doctor.run("repair", *REPAIR)
            assert run.code in (0, 5), (run.stdout[-2000:], run.stderr)
            if run.code == 0:
                break
    assert records(cluster, "edge") == LIVES
    assert_whole(cluster)
    assert len(written) > 5


def test_without_the_pools_name_none_of_them_goes(cluster: ControlPlane, doctor: Doctor) -> None:
    with_stale(cluster, 20)
    run = doctor.run("repair", "--yes", "--grace", "1s")
    assert run.code == 1, run
    assert (
        "held back: 20 items (LBD101): 20 of 21 records of edge look stale: name the pool; "
        "lbdoctor repair pool/edge"
    ) in run.stdout
    assert len(records(cluster, "edge")) == 21
    run = doctor.run("repair", "pool/edge", "--max-releases", "12", "--yes", "--grace", "1s")
    assert run.code == 1, run
    assert "held back: 8 items (LBD101): more than 12 releases" in run.stdout
    assert len(records(cluster, "edge")) == 9


@pytest.mark.parametrize("conflicts", [1, 7])
def test_a_write_between_reading_and_writing_makes_it_look_again(
    cluster: ControlPlane, doctor: Doctor, conflicts: int
) -> None:
    with_stale(cluster, 3)

    def interfere(call: Call) -> None:
        if 0 < call.number <= conflicts:
            body = {"metadata": {"annotations": {"somebody": f"before write {call.number}"}}}
            cluster.api.patch(pool_path("edge"), body)

    with Gateway(cluster, before=interfere) as gateway:
        run = doctor.acting_with(gateway.kubeconfig()).run("repair", *REPAIR)
        assert gateway.writes > conflicts
    assert run.code == 0, run
    assert records(cluster, "edge") == LIVES
    assert_whole(cluster)


def test_who_writes_before_every_write_is_left_alone(cluster: ControlPlane, doctor: Doctor) -> None:
    with_stale(cluster, 3)

    def interfere(call: Call) -> None:
        if call.is_write:
            body = {"metadata": {"annotations": {"somebody": f"before write {call.number}"}}}
            cluster.api.patch(pool_path("edge"), body)

    with Gateway(cluster, before=interfere) as gateway:
        run = doctor.acting_with(gateway.kubeconfig()).run("repair", *REPAIR)
        assert gateway.writes == 8
    assert run.code == 5, run
    assert run.stdout.count("somebody else keeps writing to the pool") == 3
    assert len(records(cluster, "edge")) == 4


def test_a_record_that_changed_hands_in_between_is_left(
    cluster: ControlPlane, doctor: Doctor
) -> None:
    with_stale(cluster, 2)
    body = {"status": {"allocated": {"10.9.1.1": "default/somebody"}}}

    def interfere(call: Call) -> None:
        if call.number == 1:
            cluster.api.patch(pool_path("edge"), body)

    with Gateway(cluster, before=interfere) as gateway:
        run = doctor.acting_with(gateway.kubeconfig()).run("repair", *REPAIR)
    assert run.code == 0, run
    assert "already  LBD101  10.9.1.1: it is not so any more" in run.stdout
    assert records(cluster, "edge") == LIVES | {"10.9.1.1": "default/somebody"}


def test_an_answer_that_is_lost_is_looked_up(cluster: ControlPlane, doctor: Doctor) -> None:
    with_stale(cluster, 3)

    def lose(call: Call) -> None:
        if call.number == 1:
            raise ConnectionResetError

    with Gateway(cluster, after=lose) as gateway:
        run = doctor.acting_with(gateway.kubeconfig()).run("repair", *REPAIR)
    assert run.code == 0, run
    assert run.stdout.count("done     LBD101") == 3
    assert records(cluster, "edge") == LIVES
    (entry,) = read(doctor.journal)
    assert entry.was_done


def test_two_repairs_at_once_share_the_work(
    cluster: ControlPlane, doctor: Doctor, tmp_path: Path
) -> None:
    with_stale(cluster, 200)
    both = [Child(doctor, cluster.kubeconfig(), "repair", *REPAIR) for _ in range(2)]
    ended = [child.end() for child in both]
    assert [code for code, _, _ in ended] == [0, 0], ended
    assert records(cluster, "edge") == LIVES
    assert_whole(cluster)
    done = sum(out.count("done     LBD101") for _, out, _ in ended)
    assert done == 200, "each record was released once"
    entries = read(doctor.journal)
    written = [key for entry in entries if entry.was_done for key in entry.change.records]  # type: ignore[union-attr]
    assert sorted(written) == sorted(set(written))
    assert len(written) == 200
