"""Repairs under Harvester's own webhook: its words, its outages."""

from __future__ import annotations

from pathlib import Path

from lbdoctor.cluster.live.writes import LiveCluster
from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.repair.conftest import Doctor
from tests.apiserver.repair.scene import deploy, load_balancer, pool, records
from tests.apiserver.webhook import Webhook

GONE = {"10.9.0.10": "default/gone"}
EXCLUDED = "can't update IP pool edge because allocated IP 10.99.0.1 is excluded"


def test_a_frozen_pool_is_named_in_harvesters_words_and_thawed_first(
    cluster: ControlPlane, doctor: Doctor, api: LiveCluster, tmp_path: Path
) -> None:
    deploy(cluster, "v1.9.0")
    cluster.api.create(pool("edge", {**GONE, "10.99.0.1": "default/gone-2"}))
    cluster.api.create(pool("calm", {"10.8.0.5": "default/far"}, subnet="10.8.0.0/24"))
    cluster.api.create(load_balancer("far", "calm", "10.8.0.5"))
    with Webhook(cluster, tmp_path) as webhook:
        webhook.enforce(api)
        run = doctor.run("release", "10.9.0.10", "default/gone", "--via", "direct")
        assert (run.code, run.stderr) == (1, "")
        assert f"Harvester's webhook refuses it: {EXCLUDED}" in run.stdout
        assert not doctor.journal.exists()
        run = doctor.run("repair", "--yes", "--grace", "1s")
        assert run.code == 0, run
        assert records(cluster, "edge") == {}
        assert doctor.run("scan").code == 0


def test_with_the_webhook_down_nothing_is_taken_and_the_cause_is_named(
    cluster: ControlPlane, doctor: Doctor, tmp_path: Path
) -> None:
    deploy(cluster, "v0.4.0")
    cluster.api.create(pool("edge", {**GONE, "10.9.0.11": "default/stuck"}))
    cluster.api.create(load_balancer("stuck", "edge", stuck_on="10.9.0.11"))
    with Webhook(cluster, tmp_path) as webhook:
        with webhook.down():
            run = doctor.run("repair", "--yes", "--grace", "1s")
            assert run.code == 1, run
            assert run.stdout.count("failed calling webhook") == 2, run.stdout
            assert "Traceback" not in run.stderr
            assert len(records(cluster, "edge")) == 2
        run = doctor.run("repair", "--only", "LBD101", "--yes", "--grace", "1s")
        assert run.code == 0, run
        assert records(cluster, "edge") == {"10.9.0.11": "default/stuck"}
