"""Makes a client for the API server of a kubeconfig's context, or of the pod it runs in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import urllib3
from kubernetes.client.api_client import ApiClient
from kubernetes.client.configuration import Configuration
from kubernetes.config import ConfigException, load_incluster_config, load_kube_config_from_dict

from lbdoctor import __version__
from lbdoctor.cluster.live import credentials, kubeconfig
from lbdoctor.cluster.live.answers import shortened
from lbdoctor.cluster.live.kubeconfig import Context
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
    kubectl: str
    """How to call kubectl for the same."""

    other_contexts: tuple[str, ...] = ()
    proxy: str = ""
    """The proxy in between, for people."""


def connect(path: str | None, context: str | None, timeout: float) -> Connection:
    """Return a client for the context asked for, or the current one, or the pod's own.

    ``timeout`` is in seconds, for an exec plugin.

    Raises:
        UnreadableError: There is no usable configuration; the hint says what to type.
    """
    chosen = kubeconfig.load(path, context)
    if chosen is not None:
        return _by_context(chosen, timeout)
    if path is None and context is None and os.environ.get("KUBERNETES_SERVICE_HOST"):
        return _in_cluster()
    places = os.pathsep.join(map(str, kubeconfig.files(path)))
    raise UnreadableError(
        f"there is no kubeconfig at {places}",
        hint="lbdoctor scan --kubeconfig FILE, or lbdoctor demo",
    )


def _by_context(context: Context, timeout: float) -> Connection:
    server = _checked_url(context.cluster.get("server"), ("https", "http"))
    if server is None:
        hint = f"kubectl config set-cluster {context.cluster_name} --server=https://HOST:6443"
        raise credentials.unusable_cluster(context, "server is no URL", hint)
    credentials.check_fields(context)
    identity = credentials.of_user(context, timeout)
    configuration = Configuration()
    document = {
        "current-context": context.name,
        "contexts": [{"name": context.name, "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {**context.cluster, "server": server.geturl()}}],
        "users": [{"name": "u", "user": identity.user}],
    }
    try:
        load_kube_config_from_dict(document, client_configuration=configuration)
    except (ConfigException, OSError, TypeError, ValueError) as error:
        raise credentials.unusable(context, shortened(str(error))) from error
    credentials.check_certificates(context, configuration)
    configuration.refresh_api_key_hook = identity.renewal  # type: ignore[assignment]
    origin = Origin(OriginKind.LIVE, context.name, _shown(server))
    return replace(
        _connection(configuration, origin, context.namespace),
        other_contexts=context.others,
        kubectl=context.kubectl,
    )


def _in_cluster() -> Connection:
    configuration = Configuration()
    try:
        load_incluster_config(client_configuration=configuration)
    except (ConfigException, OSError, ValueError) as error:
        raise UnreadableError(
            f"the pod's own credentials cannot be used: {error}",
            hint="lbdoctor scan --kubeconfig FILE",
        ) from error
    try:
        namespace = _NAMESPACE_FILE.read_text(encoding="utf-8").strip()
    except OSError:
        namespace = ""
    origin = Origin(OriginKind.LIVE, IN_CLUSTER, str(configuration.host))
    return _connection(configuration, origin, namespace)


def _connection(configuration: Configuration, origin: Origin, namespace: str) -> Connection:
    if not configuration.verify_ssl:
        # The kubeconfig asks for it; kubectl does not warn either.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    proxy = _checked_url(configuration.proxy, ("http", "https", "socks5", "socks5h"))
    if configuration.proxy and proxy is None:
        raise UnreadableError(
            f"the proxy on the way to {origin.server} (context {origin.name}) is no URL",
            hint="look at proxy-url of the kubeconfig and HTTPS_PROXY",
        )
    try:
        client = ApiClient(configuration)
    except ImportError as error:
        raise UnreadableError(
            f"the proxy {_shown(proxy)} (context {origin.name}) speaks SOCKS",
            hint="pip install 'urllib3[socks]'",
        ) from error
    client.user_agent = f"lbdoctor/{__version__}"
    passed = proxy if client.rest_client.pool_manager.proxy else None  # NO_PROXY counts
    return Connection(client, origin, namespace, "kubectl", proxy=_shown(passed))


def _checked_url(text: object, schemes: Sequence[str]) -> SplitResult | None:
    """Return the URL, or None if it is none that can be connected to."""
    if not isinstance(text, str):
        return None
    try:
        url = urlsplit(text.strip())
        is_whole = url.scheme in schemes and bool(url.hostname) and url.port != 0
    except ValueError:
        return None
    return url if is_whole else None


def _shown(url: SplitResult | None) -> str:
    """Return a URL for people: without the password it may have."""
    if url is None:
        return ""
    return url._replace(netloc=url.netloc.rpartition("@")[2], query="", fragment="").geturl()
