"""A plain HTTP gateway to the API server: acts as one user, and sees every request."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

import urllib3
import yaml

from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.users import MASTERS

SECONDS = 60.0
NOT_PASSED = frozenset({"host", "connection", "content-length", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Call:
    """One request that came in."""

    method: str
    path: str
    number: int
    """Of the real writes (PATCH without dry run), from 1; 0 for all others."""

    @property
    def is_write(self) -> bool:
        return self.number > 0


Hook = Callable[[Call], None]


def nothing(_call: Call) -> None:
    """Let it pass."""


class Gateway:
    """Passes on what comes in; ``before`` and ``after`` are called around each request.

    What ``before`` raises ends the connection without anything being passed on; what
    ``after`` raises ends it with the answer thrown away.
    """

    def __init__(
        self, plane: ControlPlane, *, before: Hook = nothing, after: Hook = nothing
    ) -> None:
        self.before, self.after = before, after
        self.writes = 0
        self._lock = threading.Lock()
        self._plane = plane
        user = yaml.safe_load(plane.kubeconfig().read_text(encoding="utf-8"))
        directory = plane.kubeconfig().parent
        self._client = urllib3.PoolManager(
            maxsize=8,
            ca_certs=str(directory / "ca.crt"),
            cert_file=str(_file(directory, "crt")),
            key_file=str(_file(directory, "key")),
            retries=False,
        )
        self._url: str = user["clusters"][0]["cluster"]["server"]
        self._server = _Quiet(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="gateway"
        )

    def kubeconfig(self) -> Path:
        host, port = self._server.server_address[:2]
        return self._plane.kubeconfig(server=f"http://{host!s}:{port}")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._client.clear()

    def call(self, method: str, path: str) -> Call:
        with self._lock:
            is_write = method == "PATCH" and "dryRun" not in path
            self.writes += is_write
            return Call(method, path, self.writes if is_write else 0)

    def forward(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> urllib3.BaseHTTPResponse:
        return self._client.request(
            method, f"{self._url}{path}", body=body, headers=headers, timeout=SECONDS
        )


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing about a client that was killed."""


def _file(directory: Path, suffix: str) -> Path:
    return next(directory.glob(f"admin+{MASTERS[0].replace(':', '_')}.{suffix}"))


def _handler(gateway: Gateway) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            call = gateway.call(self.command, self.path)
            gateway.before(call)
            kept = dict(self.headers.items())
            headers = {key: kept[key] for key in kept if key.lower() not in NOT_PASSED}
            headers["Accept-Encoding"] = "identity"
            answer = gateway.forward(self.command, self.path, headers, body)
            gateway.after(call)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
            self.send_header("Content-Length", str(len(answer.data)))
            self.end_headers()
            self.wfile.write(answer.data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = pass_on

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler
