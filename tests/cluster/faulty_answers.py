"""API servers that answer badly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.faults import Arrange, Fault, Way
from tests.cluster.healthy import (
    LOAD_BALANCERS,
    OF_DEFAULT,
    POOLS,
    a_list,
    answer,
    but,
    pool,
    status,
)
from tests.cluster.server import Answering, FaultyServer, Reply, reply

HTML = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


def served(answering: Answering) -> Arrange:
    @contextmanager
    def arrange(directory: Path) -> Iterator[Way]:
        with FaultyServer(answering) as server:
            yield Way.by(server.kubeconfig(directory))

    return arrange


def always(found: Reply) -> Arrange:
    return served(lambda _: found)


def once(first: Reply) -> Answering:
    """Answer so once, and then as a healthy cluster."""
    answers = [first]
    return lambda path: answers.pop() if answers else answer(path)


def later(found: Reply) -> Arrange:
    """Answer for the pools, and then so for the LoadBalancers."""
    return served(but(LOAD_BALANCERS, lambda: found))


def stale_and_lost() -> Answering:
    """Answer the lists, which show a stale record, and no second reading."""

    def answering(path: str) -> Reply:
        if path.partition("?")[0] == POOLS:
            return a_list("IPPool", pool(_5="default/gone"))
        single = path.startswith((f"{POOLS}/", OF_DEFAULT))
        return status(500, "InternalError", "etcd leader changed") if single else answer(path)

    return answering


WHERE = ("error: ", "http://127.0.0.1:", "(context x)")
FAULTS = (
    Fault("401", always(status(401, "Unauthorized")), 3, (*WHERE, "credentials", "(401); try: ")),
    Fault(
        "403",
        always(status(403, "Forbidden", 'x is forbidden: User "ann" cannot list')),
        3,
        (*WHERE, 'forbidden: User "ann" cannot list; try: kubectl auth can-i --list'),
    ),
    Fault(
        "404, the CRD is missing",
        always((404, {}, b"404 page not found\n")),
        3,
        ("error: context x does not serve ippools", "guest cluster", "; try: "),
    ),
    Fault(
        "410 for a list",
        always(status(410, "Expired", "too old")),
        3,
        (*WHERE, "410", "too old; try: "),
    ),
    Fault(
        "429 once, Retry-After 0",
        served(once(reply({}, 429, Retry_After="0"))),
        0,
        ("no problems found",),
    ),
    Fault(
        "429, Retry-After a second too long",
        always(reply({}, 429, Retry_After="2")),
        3,
        (*WHERE, "429", "asks to wait 2 s; try: "),
    ),
    Fault(
        "429, Retry-After an hour",
        always(reply({}, 429, Retry_After="3600")),
        3,
        (*WHERE, "429", "asks to wait 1 h; try: "),
    ),
    Fault(
        "500, a Status",
        always(status(500, "InternalError", "etcdserver: request timed out\n\x1b[31m")),
        3,
        (*WHERE, "500", "etcdserver: request timed out \\x1b[31m; try: kubectl get --raw /readyz"),
    ),
    Fault("502, HTML of a proxy", always((502, {}, HTML)), 3, (*WHERE, "502 Bad Gateway; try: ")),
    Fault(
        "400, TLS is spoken here",
        always((400, {}, b"Client sent an HTTP request to an HTTPS server.\n")),
        3,
        (*WHERE, "400 Bad Request: it speaks TLS; server: of the kubeconfig", "; try: "),
    ),
    Fault(
        "503",
        always(status(503, "ServiceUnavailable", "apiserver not ready")),
        3,
        (*WHERE, "503", "apiserver not ready; try: "),
    ),
    Fault(
        "302 to a login page",
        always((302, {"Location": "https://sso.example/login?token=secret"}, b"")),
        3,
        (*WHERE, "302", "it sends on to https://sso.example/login, as", "; try: "),
    ),
    Fault("200, no JSON", always((200, {}, b'{"kind": "IPPo')), 3, (*WHERE, "is not JSON; try: ")),
    Fault("200, HTML", always((200, {}, HTML)), 3, (*WHERE, "is not JSON; try: ")),
    Fault("200, empty", always((200, {}, b"")), 3, (*WHERE, "is empty; try: ")),
    Fault("200, a JSON array", always((200, {}, b"[]")), 3, (*WHERE, "is not an object; try: ")),
    Fault(
        "200, nested too deeply",
        always((200, {}, b"[" * 200_000)),
        3,
        (*WHERE, "is not JSON; try: "),
    ),
    Fault(
        "200, no gzip though it says so",
        always((200, {"Content-Encoding": "gzip"}, b"{}")),
        3,
        (*WHERE, "compressed wrongly; try: "),
    ),
    Fault(
        "200, 10 GiB",
        always((200, {"Content-Length": str(10 << 30)}, b" " * (33 << 20))),
        3,
        (*WHERE, "larger than 32 MiB; try: kubectl get"),
    ),
    Fault(
        "500 for LoadBalancers alone",
        later(status(500, "InternalError", "webhook")),
        4,
        ("LoadBalancers", "500", "webhook"),
    ),
    Fault(
        "401 after the pools",
        later(status(401, "Unauthorized")),
        4,
        ("LoadBalancers", "credentials", "(401)"),
    ),
    Fault(
        "500 for the second reading",
        served(stale_and_lost()),
        4,
        ("default/gone", "etcd leader changed"),
    ),
)
