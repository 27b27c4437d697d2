"""A kube-apiserver on loopback, with a certificate authority of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import urllib3

from tests.apiserver.certificates import Authority, private_pem
from tests.apiserver.server import PROBE_SECONDS, Server, on_a_free_port
from tests.apiserver.users import Users

SERVICE_RANGE = "10.53.0.0/16"
"""Harvester's own, so that a Service copied from there keeps its clusterIP."""


class KubeApiserver:
    def __init__(
        self, binary: Path, directory: Path, port: int, users: Users, arguments: Sequence[str]
    ) -> None:
        self.url = f"https://127.0.0.1:{port}"
        self.users = users
        self._server = Server(
            [
                binary,
                f"--secure-port={port}",
                "--bind-address=127.0.0.1",
                "--advertise-address=127.0.0.1",
                "--endpoint-reconciler-type=none",
                "--tls-cert-file=server.crt",
                "--tls-private-key-file=server.key",
                "--client-ca-file=ca.crt",
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-account-key-file=tokens.key",
                "--service-account-signing-key-file=tokens.key",
                f"--service-cluster-ip-range={SERVICE_RANGE}",
                "--authorization-mode=RBAC",
                # Needs the service accounts that a controller would create.
                "--disable-admission-plugins=ServiceAccount",
                # Only when a test asks for one. Not 0, which also ends the watch for others' ones.
                "--etcd-compaction-interval=24h",
                *arguments,
            ],
            directory / "kube-apiserver.log",
        )

    @classmethod
    def start(
        cls,
        binary: Path,
        directory: Path,
        authority: Authority,
        etcd_url: str,
        arguments: Sequence[str],
    ) -> KubeApiserver:
        pair = authority.server()
        (directory / "server.crt").write_bytes(pair.certificate)
        (directory / "server.key").write_bytes(pair.key)
        (directory / "tokens.key").write_bytes(private_pem())

        def start_on(port: int) -> KubeApiserver:
            users = Users(authority, f"https://127.0.0.1:{port}", directory)
            words = [f"--etcd-servers={etcd_url}", *arguments]
            return cls(binary, directory, port, users, words).ready()

        return on_a_free_port(start_on)

    def stop(self) -> None:
        self.users.close()
        self._server.stop()

    def ready(self) -> KubeApiserver:
        try:
            self._server.wait_until_ready(self._answers)
        except BaseException:
            self.stop()
            raise
        return self

    def _answers(self) -> bool:
        """Tell whether it is ready; a foreign server on its port fails the handshake."""
        try:
            return self.users.api().request("GET", "/readyz", seconds=PROBE_SECONDS).status == 200
        except urllib3.exceptions.HTTPError:
            return False
