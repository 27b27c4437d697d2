"""A small HTTP server that answers as a test tells it."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

POLL = 0.02
"""Seconds after which a server sees that it is to end."""

Reply = tuple[int, dict[str, str], bytes]
Answering = Callable[[str], Reply]


def reply(body: object, status: int = 200, **headers: str) -> Reply:
    return status, headers, json.dumps(body).encode()


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as the server saw it."""

    method: str
    path: str
    headers: Message
    body: bytes


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing about a client that goes away, or speaks no TLS."""


class FaultyServer:
    """Answers every request with what ``answering`` returns for its path."""

    def __init__(self, answering: Answering, tls: ssl.SSLContext | None = None) -> None:
        self._scheme = "https" if tls else "http"
        self.asked: list[Asked] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                sent = self.rfile.read(length)
                asked.append(Asked(self.command, self.path, self.headers, sent))
                status, headers, body = answering(self.path)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(body)

            do_CONNECT = do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = _QuietServer(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL,), daemon=True
        )

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}"

    @property
    def paths(self) -> list[str]:
        return [item.path for item in self.asked]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def kubeconfig(self, directory: Path, user: str = "{}", cluster: str = "") -> Path:
        """Write a kubeconfig for this server."""
        return write_kubeconfig(directory, self.url, user, cluster)


def write_kubeconfig(directory: Path, url: str, user: str = "{}", cluster: str = "") -> Path:
    """Write a kubeconfig; ``user`` and what else ``cluster`` says are YAML in flow style."""
    path = directory / "kubeconfig"
    path.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: x\n"
        f"clusters: [{{name: c, cluster: {{server: '{url}', {cluster}}}}}]\n"
        f"users: [{{name: u, user: {user}}}]\n"
        "contexts: [{name: x, context: {cluster: c, user: u}}]\n",
        encoding="utf-8",
    )
    return path
