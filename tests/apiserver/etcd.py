"""An etcd of one member, in a temporary directory."""

from __future__ import annotations

import base64
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import urllib3

from tests.apiserver.server import PROBE_SECONDS, Server, on_a_free_port

SECONDS = 10.0


class Etcd:
    def __init__(self, binary: Path, directory: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        # Its own name: another etcd may answer on a port that this one failed to get.
        self._name = f"tests-{uuid.uuid4().hex}"
        self._http = urllib3.PoolManager(retries=False)
        data = directory / "etcd-data"
        shutil.rmtree(data, ignore_errors=True)
        self._server = Server(
            [
                binary,
                f"--name={self._name}",
                f"--data-dir={data}",
                f"--listen-client-urls={self.url}",
                f"--advertise-client-urls={self.url}",
                "--listen-peer-urls=http://127.0.0.1:0",
                "--initial-advertise-peer-urls=http://127.0.0.1:0",
                f"--initial-cluster={self._name}=http://127.0.0.1:0",
                "--unsafe-no-fsync",
                "--log-level=warn",
            ],
            directory / "etcd.log",
        )

    @classmethod
    def start(cls, binary: Path, directory: Path) -> Etcd:
        return on_a_free_port(lambda port: cls(binary, directory, port).ready())

    def compact(self) -> None:
        """Compact to a revision after all that were served, and tell kube-apiserver."""
        revision = self._put("lbdoctor-tests", "compaction")
        self._call("kv/compaction", {"revision": revision, "physical": True})
        self._put("compact_rev_key", revision)

    def load(self, values: Mapping[str, str]) -> str:
        """Put values under their keys in one transaction, at most 128, and return its revision."""
        puts = [{"requestPut": _encoded(key, value)} for key, value in values.items()]
        return str(self._call("kv/txn", {"success": puts})["header"]["revision"])

    def stop(self) -> None:
        self._server.stop()
        self._http.clear()

    def ready(self) -> Etcd:
        try:
            self._server.wait_until_ready(self._answers)
        except BaseException:
            self.stop()
            raise
        return self

    def _answers(self) -> bool:
        try:
            members = self._call("cluster/member/list", {}, seconds=PROBE_SECONDS)["members"]
        except (urllib3.exceptions.HTTPError, RuntimeError):
            return False
        return any(member.get("name") == self._name for member in members)

    def _put(self, key: str, value: str) -> str:
        return str(self._call("kv/put", _encoded(key, value))["header"]["revision"])

    def _call(
        self, method: str, body: Mapping[str, object], *, seconds: float = SECONDS
    ) -> dict[str, Any]:
        """Call the JSON gateway of its gRPC interface."""
        url = f"{self.url}/v3/{method}"
        answer = self._http.request("POST", url, json=dict(body), timeout=seconds)
        if answer.status != 200:
            raise RuntimeError(f"etcd {method}: {answer.status} {answer.data.decode()}")
        parsed: dict[str, Any] = answer.json()
        return parsed


def _encoded(key: str, value: str) -> dict[str, str]:
    words = {"key": key, "value": value}
    return {name: base64.b64encode(word.encode()).decode() for name, word in words.items()}
