"""A validating webhook on loopback, which refuses, holds back and lets pass."""

from __future__ import annotations

import base64
import contextlib
import json
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Self

from lbdoctor.cluster.api import WritableApi
from lbdoctor.cluster.memory.admission import (
    WEBHOOK,
    DeniedError,
    HarvesterWebhook,
    Request,
    Verb,
)
from lbdoctor.domain.refs import Kind
from tests.apiserver.certificates import Authority
from tests.apiserver.client import ApiError
from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.resources import HARVESTER, Manifest
from tests.apiserver.waiting import wait_until

HARVESTERS: Final = f"validator.{WEBHOOK}"
HELD_FOR: Final = 25.0
"""Seconds after which a write that nobody lets go is let go: a test went wrong."""

Gate = Callable[["Review"], None]


@dataclass(frozen=True, slots=True)
class Review:
    """A write that is to be admitted."""

    user: str
    verb: Verb
    kind: str
    name: str
    new: Manifest
    old: Manifest | None
    dry_run: bool

    @property
    def books(self) -> bool:
        """Whether it is the controller's booking write: W3."""
        return self.kind == "LoadBalancer" and _ip(self.new) not in ("", _ip(self.old or {}))

    @property
    def adds_finalizer(self) -> bool:
        """Whether it is the controller's finalizer write: W4."""
        return (
            self.kind == "LoadBalancer"
            and self.old is not None
            and (len(_finalizers(self.new)) > len(_finalizers(self.old)))
        )


@dataclass(slots=True)
class Held:
    """The first write of a kind, held back until it is let go."""

    wanted: Callable[[Review], bool]
    arrived: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)

    def __call__(self, review: Review) -> None:
        if not review.dry_run and not self.arrived.is_set() and self.wanted(review):
            self.arrived.set()
            self.let_go.wait(HELD_FOR)

    def wait(self) -> None:
        """Wait until the write is held."""
        wait_until(self.arrived.is_set, "a write to hold back", seconds=30.0)


class LiveLookup:
    """What the webhook may read: the live cluster."""

    def __init__(self, api: WritableApi) -> None:
        self._api = api

    def find(self, kind: Kind, name: str, namespace: str = "") -> Manifest | None:
        return self._api.get(kind, name, namespace)

    def every(self, kind: Kind) -> Iterable[Manifest]:
        return self._api.page(kind, limit=0).items


class Webhook:
    """A webhook with gates: each lets a write pass, waits, or raises ``DeniedError``."""

    def __init__(self, plane: ControlPlane, directory: Path, name: str = HARVESTERS) -> None:
        self._plane = plane
        self._name = name
        self._gates: list[Gate] = []
        authority = Authority()
        pair = authority.server()
        (directory / "tls.crt").write_bytes(pair.certificate)
        (directory / "tls.key").write_bytes(pair.key)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(directory / "tls.crt", directory / "tls.key")
        self._ca = base64.b64encode(authority.certificate).decode()
        self._server = _Quiet(("127.0.0.1", 0), _handler(self._answer))
        self._server.socket = tls.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="webhook"
        )

    def gate(self, gate: Gate) -> None:
        """Ask this, too, before a write is admitted."""
        self._gates.append(gate)

    def enforce(self, api: WritableApi) -> None:
        """Refuse what Harvester's own webhook refuses, by what the cluster holds."""
        rules = HarvesterWebhook(LiveLookup(api))

        def admit(review: Review) -> None:
            if review.verb is not Verb.DELETE:
                rules.admit(Request(review.verb, Kind(review.kind), review.new, review.old))

        self.gate(admit)

    def hold(self, wanted: Callable[[Review], bool]) -> Held:
        held = Held(wanted)
        self.gate(held)
        return held

    @contextlib.contextmanager
    def down(self) -> Iterator[None]:
        """Answer no more, as when its pods are gone."""
        self._plane.api.apply(self._configuration(port=1))
        self._await(lambda error: "failed calling webhook" in error)
        yield
        self._plane.api.apply(self._configuration())
        self._await(lambda error: not error)

    def __enter__(self) -> Self:
        self._thread.start()
        self._plane.api.create(self._configuration())
        self._gates.insert(0, _refuse_probe)
        self._await(lambda error: "the probe" in error)
        self._gates.remove(_refuse_probe)
        return self

    def __exit__(self, *_: object) -> None:
        for gate in self._gates:
            if isinstance(gate, Held):
                gate.let_go.set()
        path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/"
        self._plane.api.delete(path + NAME)
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _await(self, is_so: Callable[[str], bool]) -> None:
        """Wait until the API server acts on the configuration."""
        wait_until(lambda: is_so(self._probe()), "a webhook that is asked", seconds=30.0)

    def _probe(self) -> str:
        try:
            self._plane.api.create(PROBE, dryRun="All")
        except ApiError as error:
            return error.body
        return ""

    def _answer(self, body: Manifest) -> Manifest:
        asked = body["request"]
        answer: Manifest = {"uid": asked["uid"], "allowed": True}
        try:
            for gate in [*self._gates]:
                gate(_review(asked))
        except DeniedError as error:
            text = str(error).partition("denied the request: ")[2]
            status = {"message": text, "reason": "InternalError", "code": 500}
            answer |= {"allowed": False, "status": {"status": "Failure", **status}}
        return {"apiVersion": body["apiVersion"], "kind": body["kind"], "response": answer}

    def _configuration(self, port: int | None = None) -> Manifest:
        port = port or self._server.server_address[1]
        rule = {
            "apiGroups": [HARVESTER],
            "apiVersions": ["v1beta1"],
            "operations": ["CREATE", "UPDATE"],
            "resources": ["ippools", "loadbalancers"],
        }
        client = {"url": f"https://127.0.0.1:{port}/validator", "caBundle": self._ca}
        return {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": NAME},
            "webhooks": [
                {
                    "name": self._name,
                    "clientConfig": client,
                    "rules": [rule],
                    "sideEffects": "None",
                    "failurePolicy": "Fail",
                    "timeoutSeconds": 30,
                    "admissionReviewVersions": ["v1"],
                }
            ],
        }


NAME: Final = "harvester-load-balancer-webhook"
PROBE: Final[Manifest] = {
    "apiVersion": f"{HARVESTER}/v1beta1",
    "kind": "LoadBalancer",
    "metadata": {"namespace": "default", "name": "a-probe-of-the-webhook"},
    "spec": {"ipam": "pool", "workloadType": "cluster"},
}


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing about a connection that the API server gave up."""


def _handler(answer: Callable[[Manifest], Manifest]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            asked: Manifest = json.loads(self.rfile.read(length))
            body = json.dumps(answer(asked)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler


def _refuse_probe(review: Review) -> None:
    if review.name == PROBE["metadata"]["name"]:
        raise DeniedError("validator", "the probe arrived")


def _review(asked: Manifest) -> Review:
    return Review(
        user=asked["userInfo"]["username"],
        verb=Verb(asked["operation"].lower()),
        kind=asked["kind"]["kind"],
        name=asked["name"],
        new=asked["object"],
        old=asked["oldObject"],
        dry_run=bool(asked.get("dryRun")),
    )


def _ip(manifest: Manifest) -> str:
    booked: Any = (manifest.get("status") or {}).get("allocatedAddress") or {}
    return str(booked.get("ip") or "")


def _finalizers(manifest: Manifest) -> list[str]:
    return manifest["metadata"].get("finalizers") or []
