"""An etcd and a kube-apiserver on loopback, for one test session.

No controller runs beside them: no Deployment gets pods, no owner's end collects what it owned,
and a deleted namespace stays. Cleaning up between tests does by hand what matters of that.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Self

from tests.apiserver.binaries import Binaries
from tests.apiserver.certificates import Authority
from tests.apiserver.cleaning import Cleaner
from tests.apiserver.client import Api, ApiError
from tests.apiserver.definitions import Definitions
from tests.apiserver.etcd import Etcd
from tests.apiserver.grants import Grant, Grants
from tests.apiserver.kube_apiserver import KubeApiserver

ETCD_CONTINUES = MappingProxyType({"ListFromCacheSnapshot": False})
"""Pages after the first come from etcd, as up to Kubernetes 1.33: see ``compact``."""


class ControlPlane:
    """A running control plane; a context manager that stops it and removes its files."""

    def __init__(
        self,
        binaries: Binaries,
        *,
        feature_gates: Mapping[str, bool] = ETCD_CONTINUES,
        arguments: Sequence[str] = (),
    ) -> None:
        self._binaries = binaries
        gates = ",".join(f"{gate}={str(on).lower()}" for gate, on in feature_gates.items())
        self._arguments = [*([f"--feature-gates={gates}"] if gates else []), *arguments]
        self._undo = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undo:
            name = undo.enter_context(tempfile.TemporaryDirectory(prefix="lbdoctor-apiserver-"))
            directory = Path(name)
            self._etcd = Etcd.start(self._binaries.etcd, directory)
            undo.callback(self._etcd.stop)
            authority = Authority()
            server = KubeApiserver.start(
                self._binaries.kube_apiserver, directory, authority, self._etcd.url, self._arguments
            )
            undo.callback(server.stop)
            self.url = server.url
            self._users = server.users
            self.api: Api = self._users.api()
            self._definitions = Definitions(self.api)
            self._grants = Grants(self.api)
            self._cleaner = Cleaner(self.api)
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def kubeconfig(
        self,
        user: str = "admin",
        groups: Sequence[str] | None = None,
        namespace: str | None = None,
        *,
        server: str | None = None,
    ) -> Path:
        """Return a kubeconfig file; without groups, ``admin`` may do all and others nothing."""
        return self._users.kubeconfig(user, groups, namespace, server=server)

    def api_as(self, user: str, groups: Sequence[str] | None = None) -> Api:
        return self._users.api(user, groups)

    def grant_cluster(
        self, user: str, group: str, resource: str, verbs: Sequence[str], name: str | None = None
    ) -> None:
        """Let a user do something in all namespaces, to all objects or to that of one name."""
        self._grants.give(Grant(user, group, resource, tuple(verbs), None, name))

    def grant_namespace(
        self,
        user: str,
        namespace: str,
        group: str,
        resource: str,
        verbs: Sequence[str],
        name: str | None = None,
    ) -> None:
        """Let a user do something in one namespace, which is created if it is missing."""
        self.namespace(namespace)
        self._grants.give(Grant(user, group, resource, tuple(verbs), namespace, name))

    def namespace(self, name: str) -> None:
        """Create a namespace unless it is there."""
        try:
            self.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise

    def install(self, crd_file: Path) -> None:
        """Install a definition from a file and wait until it is served."""
        self._definitions.install(crd_file)

    def uninstall(self, crd_file: Path) -> None:
        """Remove a definition with its objects and wait until it answers 404."""
        self._definitions.uninstall(crd_file)

    def load(self, values: Mapping[str, str]) -> str:
        """Put objects into etcd past the API server, which is fast: at most 128 by their keys.

        Returns the resourceVersion that they have; the API server learns of them by its watch.
        """
        return self._etcd.load(values)

    def empty(self) -> None:
        """Remove all that tests made: objects, rights, namespaces, definitions."""
        self._cleaner.empty()
        self._grants.forget()
        self._definitions.restore()

    def compact(self) -> None:
        """Make etcd forget its past: every continue token given out before answers 410 Expired.

        That takes three things. etcd is compacted to a revision after the last one that a client
        can have seen, so something is written first. kube-apiserver must not serve later pages
        from snapshots of its watch cache, as it does since Kubernetes 1.34, for these outlive a
        compaction: so the feature gate ListFromCacheSnapshot is off here, and a token is dead at
        once. With ``feature_gates={}`` it dies within 15 seconds: so often kube-apiserver drops
        snapshots older than ``compact_rev_key`` in etcd says, which is written last.

        Watches from before go on, being served from the watch cache; with
        ``arguments=["--watch-cache=false"]`` they end too, with an ERROR event of code 410.
        """
        self._etcd.compact()
