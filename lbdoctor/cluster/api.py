"""The API of a cluster, in manifests: what every adapter speaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol, TypedDict, Unpack

from lbdoctor.diagnosis.port import ReadError, Unread
from lbdoctor.domain.keys import GROUP
from lbdoctor.domain.refs import Kind
from lbdoctor.domain.snapshot import Origin
from lbdoctor.repair.port import Unwritten, WriteError

Manifest = dict[str, Any]
"""An object as the API server sends it. Nothing above ``cluster`` sees one."""

PAGE_SIZE: Final = 500


@dataclass(frozen=True, slots=True)
class Resource:
    """How a kind is addressed."""

    kind: Kind
    group: str
    version: str
    plural: str
    namespaced: bool

    def path(self, namespace: str = "", name: str = "") -> str:
        """Return the path of one object, of a namespace's objects, or of all."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        middle = f"/namespaces/{namespace}" if namespace and self.namespaced else ""
        return f"{root}{middle}/{self.plural}" + (f"/{name}" if name else "")


RESOURCES: Final[Mapping[Kind, Resource]] = {
    item.kind: item
    for item in (
        Resource(Kind.IP_POOL, GROUP, "v1beta1", "ippools", namespaced=False),
        Resource(Kind.LOAD_BALANCER, GROUP, "v1beta1", "loadbalancers", namespaced=True),
        Resource(Kind.SERVICE, "", "v1", "services", namespaced=True),
        Resource(Kind.NAMESPACE, "", "v1", "namespaces", namespaced=False),
        Resource(
            Kind.NETWORK, "k8s.cni.cncf.io", "v1", "network-attachment-definitions", namespaced=True
        ),
        Resource(Kind.DEPLOYMENT, "apps", "v1", "deployments", namespaced=True),
        Resource(Kind.LEASE, "coordination.k8s.io", "v1", "leases", namespaced=True),
        Resource(Kind.ENDPOINT_SLICE, "discovery.k8s.io", "v1", "endpointslices", namespaced=True),
        Resource(Kind.EVENT, "", "v1", "events", namespaced=True),
    )
}


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list; ``continue_token`` asks for the next part, empty at the end."""

    items: list[Manifest]
    continue_token: str = ""
    version: str = ""
    """The resourceVersion of the list: a watch from here on misses nothing."""


class PageOptions(TypedDict, total=False):
    """What part of a list is asked for."""

    continue_token: str
    limit: int
    """Most objects of a page; 0 is the whole list."""

    selector: Mapping[str, str] | None
    """``labelSelector`` and ``fieldSelector``."""


class ExpiredError(Exception):
    """Too much happened meanwhile to go on from there: a list or watch begins anew (410)."""


class EventType(StrEnum):
    """What a watch tells."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"
    BOOKMARK = "BOOKMARK"
    """Nothing happened up to this resourceVersion."""


@dataclass(frozen=True, slots=True)
class Event:
    """One change; the object as it was after it, or last before it was gone."""

    type: EventType
    manifest: Manifest

    @property
    def version(self) -> str:
        return str(self.manifest["metadata"]["resourceVersion"])


class Api(Protocol):
    """A cluster that answers in manifests.

    Every method raises ``ReadError`` if this one thing cannot be read and
    ``UnreadableError`` if nothing can.
    """

    @property
    def origin(self) -> Origin: ...

    @property
    def now(self) -> datetime | None:
        """The time by the cluster's clock, after a first answer."""
        ...

    @property
    def default_namespace(self) -> str: ...

    def get(self, kind: Kind, name: str, namespace: str = "") -> Manifest | None:
        """Return one object, or None if its absence is proven."""
        ...

    def page(self, kind: Kind, namespace: str = "", **options: Unpack[PageOptions]) -> Page:
        """Return one page of a list, read at "most recent".

        Raises:
            ExpiredError: The token is too old.
        """
        ...


Patch = Manifest | list[Manifest]
"""A merge patch, or the operations of a JSON patch."""


class WritableApi(Api, Protocol):
    """A cluster that can be written to as well.

    Every write raises ``WriteError`` and is sent once: whether to try again is for the
    caller to say. With ``dry_run`` everything is checked and nothing is kept.
    """

    def create(self, kind: Kind, manifest: Manifest, *, dry_run: bool = False) -> Manifest: ...

    def replace(self, kind: Kind, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """Write a whole object, guarded by the resourceVersion that it holds."""
        ...

    def patch(
        self, kind: Kind, name: str, namespace: str = "", *, body: Patch, dry_run: bool = False
    ) -> Manifest:
        """Change an object; a resourceVersion in the patch guards it."""
        ...

    def delete(self, kind: Kind, name: str, namespace: str = "", *, uid: str = "") -> None:
        """Delete an object; with ``uid`` only that one, not another of the same name."""
        ...

    def watch(
        self, kind: Kind, namespace: str = "", *, since: str, seconds: float
    ) -> Iterator[Event]:
        """Yield what happens after a resourceVersion, for so many seconds.

        Raises:
            ExpiredError: The API server does not remember that far back.
            ReadError: The watch cannot be had.
        """
        ...


class ReviewedApi(WritableApi, Protocol):
    """A cluster that says what its caller may do."""

    def may(self, verb: str, kind: Kind, namespace: str = "") -> bool:
        """Return whether this caller may do something, in one namespace or in all.

        Raises:
            ReadError: The API server does not say.
        """
        ...


class Wrapper:
    """An ``Api`` on top of another one: what it does not change goes through."""

    def __init__(self, api: Api) -> None:
        self._api = api

    @property
    def origin(self) -> Origin:
        return self._api.origin

    @property
    def now(self) -> datetime | None:
        return self._api.now

    @property
    def default_namespace(self) -> str:
        return self._api.default_namespace

    def get(self, kind: Kind, name: str, namespace: str = "") -> Manifest | None:
        return self._api.get(kind, name, namespace)

    def page(self, kind: Kind, namespace: str = "", **options: Unpack[PageOptions]) -> Page:
        return self._api.page(kind, namespace, **options)


__all__ = [
    "GROUP",
    "PAGE_SIZE",
    "RESOURCES",
    "Api",
    "Event",
    "EventType",
    "ExpiredError",
    "Manifest",
    "Page",
    "PageOptions",
    "Patch",
    "ReadError",
    "Resource",
    "ReviewedApi",
    "Unread",
    "Unwritten",
    "Wrapper",
    "WritableApi",
    "WriteError",
]
