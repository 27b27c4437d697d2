"""Kubeconfigs that lead nowhere, and exec plugins that do not help."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from tests.apiserver.certificates import private_pem
from tests.cluster.faults import Arrange, Fault, Way, file_in
from tests.cluster.faulty_networks import authority
from tests.cluster.healthy import answer
from tests.cluster.server import FaultyServer, write_kubeconfig

CLUSTERS = "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\n"
CONTEXTS = "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
USERS = "users: [{name: u, user: {}}]\n"
CURRENT = "current-context: x\n"


def written(text: str, *arguments: object) -> Arrange:
    """Lead by a kubeconfig of that text."""

    @contextmanager
    def arrange(directory: Path) -> Iterator[Way]:
        yield Way.by(file_in(directory, "kubeconfig", text), *arguments)

    return arrange


def made(make: Callable[[Path], Path]) -> Arrange:
    """Lead by what ``make`` makes of a directory."""

    @contextmanager
    def arrange(directory: Path) -> Iterator[Way]:
        yield Way.by(make(directory))

    return arrange


def of_user(user: str | Callable[[Path], str]) -> Arrange:
    """Lead to a healthy cluster, as a user who is given in YAML."""

    @contextmanager
    def arrange(directory: Path) -> Iterator[Way]:
        given = user if isinstance(user, str) else user(directory)
        with FaultyServer(answer) as server:
            yield Way.by(server.kubeconfig(directory, given))

    return arrange


def of_cluster(cluster: str, user: str | Callable[[Path], str] = "{}") -> Arrange:
    """Lead to a cluster with TLS that nobody ever gets to."""

    @contextmanager
    def arrange(directory: Path) -> Iterator[Way]:
        given = user if isinstance(user, str) else user(directory)
        yield Way.by(write_kubeconfig(directory, "https://127.0.0.1:1", given, cluster))

    return arrange


def link_to_itself(directory: Path) -> Path:
    path = directory / "kubeconfig"
    path.symlink_to(path)
    return path


def a_directory(directory: Path) -> Path:
    return directory


def certificate_without_its_key(directory: Path) -> str:
    pair = authority().client("ann", ())
    cert = base64.b64encode(pair.certificate).decode()
    key = base64.b64encode(private_pem()).decode()
    return f"{{client-certificate-data: {cert}, client-key-data: {key}}}"


def certificate_that_is_none(directory: Path) -> str:
    path = file_in(directory, "client.pem", "no certificate\n")
    return f"{{client-certificate: '{path}', client-key: '{path}'}}"


def key_with_a_password(directory: Path) -> str:
    pair = authority().client("ann", ())
    locked = serialization.load_pem_private_key(pair.key, None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"word"),
    )
    path = directory / "user.pem"
    path.write_bytes(pair.certificate + locked)
    return f"{{client-certificate: '{path}', client-key: '{path}'}}"


@contextmanager
def a_pod(_directory: Path) -> Iterator[Way]:
    service = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    yield Way((), {"HOME": "/nonexistent", **service})


@contextmanager
def no_kubeconfig(_directory: Path) -> Iterator[Way]:
    yield Way((), {"HOME": "/nonexistent"})


@contextmanager
def one_of_a_list_is_missing(directory: Path) -> Iterator[Way]:
    with FaultyServer(answer) as server:
        paths = ("/nonexistent/config", str(server.kubeconfig(directory)))
        yield Way((), {"KUBECONFIG": os.pathsep.join(paths)})


WHO = "of user u (context x)"
OF_CLUSTER = "cluster c (context x) cannot be used: "
OF_USER = f"error: the credentials {WHO} cannot be used: "
NO = "error: /"
FAULTS = (
    Fault(
        "a pod without credentials",
        a_pod,
        3,
        ("error: the pod's own credentials cannot be used: ", "; try: "),
    ),
    Fault(
        "insecure-skip-tls-verify: a text",
        of_cluster("insecure-skip-tls-verify: 'false'"),
        3,
        (f"error: {OF_CLUSTER}insecure-skip-tls-verify is neither true nor false; try: ",),
    ),
    Fault(
        "a token that is a number",
        of_user("{token: 1234}"),
        3,
        (f"{OF_USER}token is no text; try: ",),
    ),
    Fault(
        "client-key with a password",
        of_cluster("", key_with_a_password),
        3,
        (OF_USER, "not PEM, or locked by a password; try: "),
    ),
    Fault(
        "no kubeconfig",
        no_kubeconfig,
        3,
        ("error: there is no kubeconfig at /nonexistent/.kube/config; try: ",),
    ),
    Fault("one of KUBECONFIG is missing", one_of_a_list_is_missing, 0, ("no problems found",)),
    Fault(
        "a directory", made(a_directory), 3, (NO, "cannot be read: Is a directory; try: ls -ld ")
    ),
    Fault(
        "a file that cannot be read",
        made(link_to_itself),
        3,
        (NO, "cannot be read: Too many levels of symbolic links; try: "),
    ),
    Fault("empty", written(""), 3, (NO, "has no contexts; try: ")),
    Fault(
        "not YAML",
        written("a: [1,\nb: 'token: secret"),
        3,
        (NO, "is no kubeconfig: line ", "; try: "),
    ),
    Fault("a list", written("- a\n"), 3, (NO, "is no kubeconfig: it is no mapping; try: ")),
    Fault(
        "contexts are a mapping",
        written("contexts: {x: 1}\n"),
        3,
        (NO, "is no kubeconfig: contexts is no list; try: "),
    ),
    Fault(
        "no current-context",
        written(CLUSTERS + CONTEXTS + USERS),
        3,
        (NO, "has no current-context; its contexts: x; try: "),
    ),
    Fault(
        "a wrong context",
        written(CLUSTERS + CONTEXTS + USERS, "--context", "prod"),
        3,
        (
            "error: there is no context prod in /",
            "; its contexts: x; try: kubectl config get-contexts",
        ),
    ),
    Fault(
        "a context without its cluster",
        written(CONTEXTS + USERS + CURRENT),
        3,
        ("error: context x of /", "names the cluster c, which is not there; try: "),
    ),
    Fault(
        "a context without its user",
        written(CLUSTERS + CONTEXTS + CURRENT),
        3,
        ("error: context x of /", "names the user u, which is not there; try: "),
    ),
    Fault(
        "server: no URL",
        written(
            CLUSTERS.replace("http://127.0.0.1:1", "cluster:6443") + CONTEXTS + USERS + CURRENT
        ),
        3,
        (f"error: {OF_CLUSTER}server is no URL; try: kubectl config set-cluster c --server=",),
    ),
    Fault(
        "proxy-url: no URL",
        of_cluster("proxy-url: nowhere"),
        3,
        ("error: the proxy on the way to https://127.0.0.1:1 (context x) is no URL; try: ",),
    ),
    Fault(
        "certificate-authority-data: no base64",
        of_cluster("certificate-authority-data: 'x'"),
        3,
        (f"error: {OF_CLUSTER}certificate-authority-data is not base64; try: ",),
    ),
    Fault(
        "certificate-authority-data: no certificate",
        of_cluster("certificate-authority-data: bm8="),
        3,
        (f"error: {OF_CLUSTER}certificate-authority: no certificate or crl found; try: ",),
    ),
    Fault(
        "certificate-authority: no such file",
        of_cluster("certificate-authority: no.pem"),
        3,
        (
            f"error: {OF_CLUSTER}certificate-authority /",
            "/no.pem: no such file or directory; try: ",
        ),
    ),
    Fault(
        "client-certificate: no such file",
        of_cluster("", "{client-certificate: no.pem, client-key: no.pem}"),
        3,
        (OF_USER, "client-certificate /", "/no.pem: no such file or directory; try: "),
    ),
    Fault(
        "client-certificate: not PEM",
        of_cluster("", certificate_that_is_none),
        3,
        (OF_USER, "; try: "),
    ),
    Fault(
        "client-key of another certificate",
        of_cluster("", certificate_without_its_key),
        3,
        (OF_USER, "client-certificate and client-key: key values mismatch; try: "),
    ),
    Fault(
        "tokenFile: no such file",
        of_user("{tokenFile: no-token}"),
        3,
        (OF_USER, "no-token cannot be read; try: "),
    ),
    Fault(
        "a token of two lines",
        of_user('{token: "sec\\nret"}'),
        3,
        (OF_USER, "the token has characters that no token has; try: "),
    ),
    Fault(
        "auth-provider without a token",
        of_user("{auth-provider: {name: gcp}}"),
        3,
        (OF_USER, "auth-provider gcp has no token", "; try: "),
    ),
    Fault(
        "auth-provider with a token",
        of_user("{auth-provider: {name: oidc, config: {id-token: a.b.c}}}"),
        0,
        ("no problems found",),
    ),
)
