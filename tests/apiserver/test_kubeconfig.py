"""Ways to the API server: lists of files, contexts, exec plugins."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.program import Program


def test_a_list_of_files_is_merged_and_the_context_chooses(
    cluster: ControlPlane, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [str(cluster.kubeconfig("nobody")), str(cluster.kubeconfig()), "/no/such/file"]
    monkeypatch.setenv("KUBECONFIG", ":".join(files))
    assert program.run("scan", "--context", "admin").code == 0
    assert program.run("scan", "--context", "nobody").code == 3


def test_a_context_that_is_not_there_is_one_line(cluster: ControlPlane, program: Program) -> None:
    run = program.scan(cluster.kubeconfig(), "--context", "prod")
    assert (run.code, run.stdout, run.stderr.count("\n")) == (3, "", 1)
    assert "prod" in run.stderr
    assert "kubectl config get-contexts" in run.stderr


def test_an_exec_plugin_is_asked_for_credentials(
    cluster: ControlPlane, program: Program, tmp_path: Path
) -> None:
    config = yaml.safe_load(cluster.kubeconfig().read_text(encoding="utf-8"))
    user = config["users"][0]["user"]
    answer = tmp_path / "credential.json"
    answer.write_text(json.dumps(_credential(user)), encoding="utf-8")
    config["users"][0]["user"] = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "cat",
            "args": [str(answer)],
            "interactiveMode": "Never",
        }
    }
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    assert program.scan(path).code == 0


def test_a_server_that_is_not_there_is_one_line(
    cluster: ControlPlane, program: Program, tmp_path: Path
) -> None:
    config = yaml.safe_load(cluster.kubeconfig().read_text(encoding="utf-8"))
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    run = program.scan(path)
    assert (run.code, run.stdout, run.stderr.count("\n")) == (3, "", 1)
    assert "https://127.0.0.1:1" in run.stderr


def test_a_certificate_nobody_vouches_for_is_one_line(
    cluster: ControlPlane, program: Program, tmp_path: Path
) -> None:
    config = yaml.safe_load(cluster.kubeconfig().read_text(encoding="utf-8"))
    del config["clusters"][0]["cluster"]["certificate-authority-data"]
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    run = program.scan(path)
    assert (run.code, run.stderr.count("\n")) == (3, 1)
    assert "certificate" in run.stderr


def _credential(user: dict[str, str]) -> dict[str, object]:
    import base64

    def text(key: str) -> str:
        return base64.b64decode(user[key]).decode()

    return {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {
            "clientCertificateData": text("client-certificate-data"),
            "clientKeyData": text("client-key-data"),
        },
    }
