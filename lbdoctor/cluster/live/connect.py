"""Finds the API server: kubeconfig, ``KUBECONFIG`` lists, contexts, exec plugins, in-cluster."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import urllib3
import yaml
from kubernetes.client.api_client import ApiClient
from kubernetes.client.configuration import Configuration
from kubernetes.config import (
    ConfigException,
    list_kube_config_contexts,
    load_incluster_config,
    load_kube_config,
)

from lbdoctor import __version__
from lbdoctor.domain.errors import UnreadableError
from lbdoctor.domain.snapshot import Origin, OriginKind

IN_CLUSTER = "in-cluster"
_NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


@dataclass(frozen=True, slots=True)
class Connection:
    """A configured client, and how people call what it is connected to."""

    client: ApiClient
    origin: Origin
    namespace: str
    other_contexts: tuple[str, ...] = ()


def connect(kubeconfig: str | None, context: str | None) -> Connection:
    """Return a client for the context asked for, or the current one, or the pod's own.

    Raises:
        UnreadableError: There is no usable configuration; the hint says what to type.
    """
    path = kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config"
    files = [item for item in path.split(os.pathsep) if item]
    if not any(_exists(item) for item in files):
        if kubeconfig is None and context is None and os.environ.get("KUBERNETES_SERVICE_HOST"):
            return _in_cluster()
        raise UnreadableError(
            f"there is no kubeconfig at {path}",
            hint="lbdoctor scan --kubeconfig FILE, or lbdoctor demo",
        )
    try:
        contexts, current = list_kube_config_contexts(path)
        name = context or (current or {}).get("name") or ""
        configuration = _configuration()
        with _complaints() as complaints:
            load_kube_config(path, context=context, client_configuration=configuration)
        if complaints:
            raise ConfigException("; ".join(complaints))
    except (ConfigException, yaml.YAMLError, OSError, KeyError, TypeError, ValueError) as error:
        raise _unusable(path, context, error) from error
    names = tuple(str(item.get("name", "")) for item in contexts)
    namespaces = {
        item.get("name"): (item.get("context") or {}).get("namespace") for item in contexts
    }
    return Connection(
        _client(configuration),
        Origin(OriginKind.LIVE, name, str(configuration.host)),
        str(namespaces.get(name) or "default"),
        tuple(item for item in names if item != name),
    )


def _exists(file: str) -> bool:
    try:
        return Path(file).expanduser().exists()
    except OSError:
        return True  # it is there, and reading it will say what is wrong


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """Collect what the client logs: that an exec plugin failed it says nowhere else."""
    said: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield said
    finally:
        root.removeHandler(handler)


def _in_cluster() -> Connection:
    configuration = _configuration()
    try:
        load_incluster_config(client_configuration=configuration)
    except ConfigException as error:
        raise UnreadableError(f"the pod's own credentials cannot be used: {error}") from error
    try:
        namespace = _NAMESPACE_FILE.read_text(encoding="utf-8").strip()
    except OSError:
        namespace = ""
    origin = Origin(OriginKind.LIVE, IN_CLUSTER, str(configuration.host))
    return Connection(_client(configuration), origin, namespace)


def _configuration() -> Configuration:
    configuration = Configuration()
    # urllib3 would retry three times by itself and sleep through any Retry-After.
    configuration.retries = urllib3.Retry(0, redirect=2, raise_on_redirect=False)
    return configuration


def _client(configuration: Configuration) -> ApiClient:
    client = ApiClient(configuration)
    client.user_agent = f"lbdoctor/{__version__}"
    return client


def _unusable(path: str, context: str | None, error: Exception) -> UnreadableError:
    text = " ".join(str(error).split())
    if context is not None and "context" in text:
        return UnreadableError(
            f"there is no usable context {context} in {path}: {text}",
            hint="kubectl config get-contexts",
        )
    return UnreadableError(f"{path} cannot be used: {text}", hint="kubectl config view")
