"""The users of one control plane: certificates, kubeconfig files, clients."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from pathlib import Path

import yaml

from tests.apiserver.certificates import Authority
from tests.apiserver.client import Api

ADMIN = "admin"
MASTERS = ("system:masters",)


class Users:
    def __init__(self, authority: Authority, url: str, directory: Path) -> None:
        self._authority = authority
        self._url = url
        self._directory = directory
        self._ca = directory / "ca.crt"
        self._ca.write_bytes(authority.certificate)
        self._clients: dict[tuple[str, tuple[str, ...]], Api] = {}

    def api(self, user: str = ADMIN, groups: Sequence[str] | None = None) -> Api:
        """Return a client that acts as that user."""
        members = _groups(user, groups)
        if (user, members) not in self._clients:
            certificate, key = self._credentials(user, members)
            self._clients[user, members] = Api(self._url, self._ca, certificate, key)
        return self._clients[user, members]

    def kubeconfig(
        self,
        user: str = ADMIN,
        groups: Sequence[str] | None = None,
        namespace: str | None = None,
        *,
        server: str | None = None,
    ) -> Path:
        """Return a kubeconfig whose only context is named after its user.

        Args:
            user: who it acts as.
            groups: by default system:masters for ``admin``, and none for anybody else.
            namespace: of the context.
            server: another address on loopback, such as a proxy in front of the API server.
        """
        members = _groups(user, groups)
        path = self._directory / f"{_file_name(user, *members, namespace or '', server or '')}.yaml"
        if not path.exists():
            certificate, key = self._credentials(user, members)
            config = _config(server or self._url, self._ca, certificate, key, user, namespace)
            path.write_text(yaml.safe_dump(config))
            path.chmod(0o600)  # kubectl and helm warn about anything wider
        return path

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def _credentials(self, user: str, groups: tuple[str, ...]) -> tuple[Path, Path]:
        stem = self._directory / _file_name(user, *groups)
        certificate, key = stem.with_suffix(".crt"), stem.with_suffix(".key")
        if not key.exists():
            pair = self._authority.client(user, groups)
            certificate.write_bytes(pair.certificate)
            key.write_bytes(pair.key)
        return certificate, key


def _groups(user: str, groups: Sequence[str] | None) -> tuple[str, ...]:
    if groups is None:
        return MASTERS if user == ADMIN else ()
    return tuple(groups)


def _file_name(*parts: str) -> str:
    # No dot may stay in it: with_suffix would cut there.
    return "+".join(re.sub(r"[^\w-]", "_", part) for part in parts if part)


def _config(
    server: str, ca: Path, certificate: Path, key: Path, user: str, namespace: str | None
) -> dict[str, object]:
    context = {"cluster": "tests", "user": user}
    if namespace:
        context["namespace"] = namespace
    cluster = {"server": server, "certificate-authority-data": _base64(ca)}
    credentials = {
        "client-certificate-data": _base64(certificate),
        "client-key-data": _base64(key),
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "tests", "cluster": cluster}],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": user, "context": context}],
        "current-context": user,
    }


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
