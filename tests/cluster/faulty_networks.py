"""Ways to an API server on which bytes get lost, or stuck."""

from __future__ import annotations

import datetime
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path

from cryptography import x509

from tests.apiserver.certificates import SERVER_NAMES, Authority, KeyPair
from tests.cluster.faults import Arrange, Fault, Way
from tests.cluster.faulty_answers import always
from tests.cluster.healthy import LOAD_BALANCERS, answer, but
from tests.cluster.proxy import Rules, TcpProxy, closed_port, deaf_port, silent_port, talking_port
from tests.cluster.server import FaultyServer, Reply, write_kubeconfig

Port = Callable[[], AbstractContextManager[int]]
YESTERDAY = datetime.timedelta(seconds=-60)


def long_answer(path: str) -> Reply:
    """Answer in JSON that is whole long before the answer is."""
    status, headers, body = answer(path)
    return status, headers, body + b" " * 10_000


def at(port: Port, scheme: str = "http") -> Arrange:
    """Lead to a port."""

    @contextmanager
    def arrange(directory: Path) -> Iterator[Way]:
        with port() as number:
            yield Way.by(write_kubeconfig(directory, f"{scheme}://127.0.0.1:{number}"))

    return arrange


def through(rules: Rules) -> Arrange:
    """Lead to a healthy cluster over a connection that is not."""

    @contextmanager
    def arrange(directory: Path) -> Iterator[Way]:
        with FaultyServer(long_answer) as server, TcpProxy(server.port, rules) as proxy:
            yield Way.by(write_kubeconfig(directory, f"http://127.0.0.1:{proxy.port}"))

    return arrange


def later_cut() -> Arrange:
    """Answer for the pools, and cut the connection in the answer for the LoadBalancers."""

    def short() -> Reply:
        return 200, {"Content-Length": "1000"}, b'{"kind": "Load'

    @contextmanager
    def arrange(directory: Path) -> Iterator[Way]:
        with FaultyServer(but(LOAD_BALANCERS, short)) as server:
            yield Way.by(server.kubeconfig(directory))

    return arrange


def proxied(port: Port, by: str = "proxy-url") -> Arrange:
    """Lead to a healthy cluster through a proxy for HTTP at a port."""

    @contextmanager
    def arrange(directory: Path) -> Iterator[Way]:
        with port() as number:
            proxy = f"http://user:secret@127.0.0.1:{number}"
            inside = f"proxy-url: '{proxy}'" if by == "proxy-url" else ""
            kubeconfig = write_kubeconfig(directory, "https://cluster.invalid:6443", cluster=inside)
            environment = {} if inside else {"HTTPS_PROXY": proxy}
            yield Way.by(kubeconfig, **environment)

    return arrange


def ssh() -> AbstractContextManager[int]:
    return talking_port(b"SSH-2.0-OpenSSH_9.6\r\n")


@contextmanager
def refusing_proxy() -> Iterator[int]:
    with FaultyServer(lambda _: (407, {}, b"")) as server:
        yield server.port


@cache
def authority() -> Authority:
    return Authority()


def context_for(pair: KeyPair, directory: Path) -> ssl.SSLContext:
    file = directory / "server.pem"
    file.write_bytes(pair.certificate + pair.key)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    return tls


def trusted(directory: Path) -> str:
    """Write down whom to trust, and say so as a cluster of a kubeconfig does."""
    file = directory / "ca.pem"
    file.write_bytes(authority().certificate)
    return f"certificate-authority: '{file}'"


def certified(
    names: Sequence[x509.GeneralName] = SERVER_NAMES,
    lifetime: datetime.timedelta = datetime.timedelta(days=1),
    *,
    trusts: bool = True,
    scheme: str = "https",
    asks_client: bool = False,
) -> Arrange:
    """Lead to a healthy cluster that has such a certificate."""

    @contextmanager
    def arrange(directory: Path) -> Iterator[Way]:
        tls = context_for(authority().server(names, lifetime), directory)
        if asks_client:
            tls.verify_mode = ssl.CERT_REQUIRED
        cluster = trusted(directory) if trusts else ""
        with FaultyServer(answer, tls) as server:
            url = f"{scheme}://127.0.0.1:{server.port}"
            yield Way.by(write_kubeconfig(directory, url, cluster=cluster))

    return arrange


@contextmanager
def plain(directory: Path) -> Iterator[Way]:
    """Lead with https to a server without TLS."""
    with FaultyServer(answer) as server:
        yield Way.by(write_kubeconfig(directory, f"https://127.0.0.1:{server.port}"))


@contextmanager
def nowhere(directory: Path) -> Iterator[Way]:
    yield Way.by(write_kubeconfig(directory, "https://cluster.invalid:6443"))


WHERE = ("error: ", "://127.0.0.1:", "(context x): ")
BEHIND = ("error: https://cluster.invalid:6443 (context x, through the proxy http://127.0.0.1:",)
OTHER = (x509.DNSName("other.example"),)
FAULTS = (
    Fault(
        "a port of another protocol",
        at(ssh),
        3,
        (*WHERE, "what it answers is no HTTP; try: "),
    ),
    Fault(
        "headers without end",
        always((200, {f"X-{number}": "x" for number in range(200)}, b"{}")),
        3,
        (*WHERE, "what it answers is no HTTP; try: "),
    ),
    Fault(
        "the connection is refused",
        at(closed_port),
        3,
        (*WHERE, "no connection: connection refused; try: "),
    ),
    Fault(
        "no connection comes about", at(deaf_port), 3, (*WHERE, "did not answer within 1 s; try: ")
    ),
    Fault(
        "accepts, and never answers",
        at(silent_port),
        3,
        (*WHERE, "did not answer within 1 s; try: "),
    ),
    Fault(
        "the name does not exist",
        nowhere,
        3,
        ("https://cluster.invalid:6443 (context x): its name cannot be resolved; try: ",),
    ),
    Fault(
        "closes at once", through(Rules(cut_after=0)), 3, (*WHERE, "the connection was cut; try: ")
    ),
    Fault(
        "cut in the header",
        through(Rules(cut_after=30)),
        3,
        (*WHERE, "the answer of the API server is empty; try: "),
    ),
    Fault(
        "cut in mid-body",
        through(Rules(cut_after=5000)),
        3,
        (*WHERE, "the connection was cut; try: "),
    ),
    Fault(
        "held in mid-body",
        through(Rules(hold_after=5000)),
        3,
        (*WHERE, "did not answer within 1 s; try: "),
    ),
    Fault(
        "a byte each half second",
        through(Rules(pace=0.5)),
        3,
        (*WHERE, "did not answer within 1 s; try: "),
    ),
    Fault("cut in the LoadBalancers", later_cut(), 4, ("LoadBalancers", "the connection was cut")),
    Fault(
        "TLS never finishes",
        at(silent_port, "https"),
        3,
        (*WHERE, "did not answer within 1 s; try: "),
    ),
    Fault(
        "a certificate for another name",
        certified(OTHER),
        3,
        (*WHERE, "its certificate is not accepted: IP address mismatch", "; try: "),
    ),
    Fault(
        "a certificate of an unknown authority",
        certified(trusts=False),
        3,
        (*WHERE, "its certificate is not accepted: ", "; try: "),
    ),
    Fault(
        "an expired certificate",
        certified(lifetime=YESTERDAY),
        3,
        (*WHERE, "its certificate is not accepted: certificate has expired; try: "),
    ),
    Fault(
        "a client certificate is demanded",
        certified(asks_client=True),
        3,
        (*WHERE, "TLS failed: ", "; try: "),
    ),
    Fault(
        "https:// to a port without TLS",
        plain,
        3,
        (*WHERE, "it does not speak TLS on this port; try: "),
    ),
    Fault("http:// to a port with TLS", certified(scheme="http"), 3, (*WHERE, "; try: ")),
    Fault("a proxy that never answers", proxied(silent_port), 3, (*BEHIND, "; try: ")),
    Fault(
        "a proxy that refuses",
        proxied(closed_port, "HTTPS_PROXY"),
        3,
        (*BEHIND, "the proxy: connection refused; try: "),
    ),
    Fault(
        "a proxy that wants a password",
        proxied(refusing_proxy),
        3,
        (*BEHIND, "the proxy: ", "407", "; try: "),
    ),
)
