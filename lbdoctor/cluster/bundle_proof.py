"""What a support bundle proves not to exist, and what it only does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Final

from lbdoctor.cluster.api import RESOURCES
from lbdoctor.cluster.bundle_log import NAME, Log
from lbdoctor.cluster.bundle_tree import HINT, Tree, UnusableError, reading
from lbdoctor.cluster.lists import objects
from lbdoctor.cluster.manifest import namespaced_name
from lbdoctor.diagnosis.port import ReadError, Unread
from lbdoctor.domain.refs import Kind

_SECRETS: Final = "v1/secrets.yaml"
"""Written for some namespaces by a collector of its own, and proves nothing of the rest."""

_DEFINED: Final = frozenset({Kind.IP_POOL, Kind.LOAD_BALANCER, Kind.NETWORK})
"""Kinds that a cluster serves only if it has their definition."""

_DEFINITIONS: Final = "yamls/cluster/apiextensions.k8s.io/v1/customresourcedefinitions.yaml"

Place = tuple[Kind, str]
"""A kind in a namespace, or in the whole cluster."""


class Proof:
    """Tells for each kind and namespace whether the bundle holds all there is."""

    def __init__(
        self,
        tree: Tree,
        places: Mapping[Place, list[str]],
        unread: Mapping[Place, str],
        failures: Log | None,
    ) -> None:
        self._tree = tree
        files = tree.files
        paths = [file.split("/", 3) for file in files if file.startswith("yamls/namespaced/")]
        self.namespaces = frozenset(
            path[2] for path in paths if len(path) > 3 and path[3] != _SECRETS
        )
        self._has_cluster = any(file.startswith("yamls/cluster/") for file in files)
        self._places = places
        self._unread = unread
        self._failures = failures

    def check(self, kind: Kind, namespace: str) -> None:
        """Pass if what is not held of this kind does not exist.

        Raises:
            ReadError: That is not known; the text says why.
        """
        resource = RESOURCES[kind]
        if not resource.namespaced:
            namespace = ""
        elif not namespace:
            raise ReadError(Unread.NOT_ALL_HELD, "a support bundle holds only some namespaces")
        elif namespace not in self.namespaces:
            raise ReadError(Unread.NOT_ALL_HELD, "this namespace is not in the support bundle")
        if (kind, namespace) in self._unread:
            raise ReadError(Unread.FAILED, self._unread[kind, namespace])
        if not self._serves(kind):
            text = f"the cluster of this support bundle does not know {kind}s; is it Harvester?"
            raise ReadError(Unread.NOT_SERVED, text, hint=HINT)
        if (kind, namespace) not in self._places and (why := self._why_no_file(kind, namespace)):
            raise ReadError(Unread.FAILED, why)

    def _why_no_file(self, kind: Kind, namespace: str) -> str:
        """Return why there is no file; empty if that means that there are no objects."""
        resource = RESOURCES[kind]
        if self._failures is None:
            return f"no file, and no {NAME} that tells why"
        key = (resource.group, namespace, resource.plural)
        if key in self._failures.lists:
            return f"the collector failed: {self._failures.lists[key]}"
        if kind in _DEFINED and self._definitions is None and not self._has_any(kind):
            return f"no file, and no list of definitions that tells whether there are {kind}s"
        if namespace:
            return ""
        if self._failures.cluster:
            return f"the collector failed: {self._failures.cluster}"
        is_there = self._has_cluster and kind is not Kind.NAMESPACE
        return "" if is_there else "the support bundle lacks it"

    def _serves(self, kind: Kind) -> bool:
        """Tell whether the cluster can have such objects; only then does no file mean none."""
        if kind not in _DEFINED or self._has_any(kind):
            return True
        resource = RESOURCES[kind]
        return self._definitions is None or (
            f"{resource.plural}.{resource.group}" in self._definitions
        )

    def _has_any(self, kind: Kind) -> bool:
        return any(place[0] is kind for place in self._places)

    @cached_property
    def _definitions(self) -> frozenset[str] | None:
        """The names of all CustomResourceDefinitions; None if the bundle does not tell them."""
        if _DEFINITIONS not in self._tree.files:
            return None
        try:
            with reading(self._tree, _DEFINITIONS) as stream:
                return frozenset(namespaced_name(item)[1] for item in objects(stream))
        except UnusableError:
            return None
