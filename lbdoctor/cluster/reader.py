"""Reads values out of any ``Api``: decodes page by page and drops the raw page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar

from lbdoctor.cluster import manifest as decode
from lbdoctor.cluster.api import PAGE_SIZE, Api, ExpiredError, Manifest
from lbdoctor.cluster.fields import MalformedError
from lbdoctor.diagnosis.port import Listing, ReadError, Unread
from lbdoctor.domain.controller import Controller
from lbdoctor.domain.keys import CONTROLLER, LEASE_NAMESPACE, SYSTEM_NAMESPACE, WEBHOOK
from lbdoctor.domain.loadbalancers import LoadBalancer, Service
from lbdoctor.domain.pools import IPPool
from lbdoctor.domain.refs import Kind, Owner
from lbdoctor.domain.snapshot import Gap, Origin

T = TypeVar("T")

RESTARTS: Final = 2
"""How often a list whose token expired is begun anew before it is asked for in one piece."""

Progress = Callable[[Kind, int], None]
"""Told how many objects of a kind have come in so far."""


def silent(_kind: Kind, _count: int) -> None:
    """Show no progress."""


class Reader:
    """A ``Source`` for the diagnosis, on top of any ``Api``."""

    def __init__(self, api: Api, progress: Progress = silent) -> None:
        self._api = api
        self._progress = progress

    @property
    def origin(self) -> Origin:
        return self._api.origin

    @property
    def now(self) -> datetime | None:
        return self._api.now

    @property
    def default_namespace(self) -> str:
        return self._api.default_namespace

    def ip_pools(self) -> Listing[IPPool]:
        return self._list(Kind.IP_POOL, decode.ip_pool)

    def load_balancers(self, namespace: str = "") -> Listing[LoadBalancer]:
        return self._list(Kind.LOAD_BALANCER, decode.load_balancer, namespace)

    def services(self, namespace: str = "") -> Listing[Service]:
        only = {"fieldSelector": "spec.type=LoadBalancer"}
        try:
            return self._list(Kind.SERVICE, decode.service, namespace, only)
        except ReadError as error:
            if error.why is not Unread.INVALID:
                raise
        # Old API servers cannot select Services by their type.
        return self._list(Kind.SERVICE, decode.service, namespace)

    def ip_pool(self, name: str) -> IPPool | None:
        return self._get(Kind.IP_POOL, decode.ip_pool, name)

    def load_balancer(self, owner: Owner) -> LoadBalancer | None:
        return self._get(Kind.LOAD_BALANCER, decode.load_balancer, owner.name, owner.namespace)

    def network_exists(self, namespace: str, name: str) -> bool:
        return self._api.get(Kind.NETWORK, name, namespace) is not None

    def namespaces(self) -> Sequence[str]:
        listing = self._list(Kind.NAMESPACE, lambda item: decode.namespaced_name(item)[1])
        return listing.items

    def namespace_exists(self, name: str) -> bool:
        return self._api.get(Kind.NAMESPACE, name) is not None

    def controller(self) -> Controller:
        """Return what is known; every object that cannot be read is simply unknown."""
        deployment = self._optional(Kind.DEPLOYMENT, CONTROLLER, SYSTEM_NAMESPACE)
        lease = self._optional(Kind.LEASE, CONTROLLER, LEASE_NAMESPACE)
        of_webhook = {"labelSelector": f"kubernetes.io/service-name={WEBHOOK}"}
        try:
            slices = self._api.page(
                Kind.ENDPOINT_SLICE, SYSTEM_NAMESPACE, selector=of_webhook
            ).items
        except (ReadError, ExpiredError):
            slices = []
        try:
            return decode.controller(deployment, lease, slices)
        except MalformedError:
            return Controller()

    def _optional(self, kind: Kind, name: str, namespace: str) -> Manifest | None:
        try:
            return self._api.get(kind, name, namespace)
        except ReadError:
            return None

    def _get(
        self, kind: Kind, make: Callable[[Manifest], T], name: str, namespace: str = ""
    ) -> T | None:
        found = self._api.get(kind, name, namespace)
        if found is None:
            return None
        try:
            return make(found)
        except MalformedError as error:
            raise ReadError(Unread.FAILED, f"malformed: {error}") from error

    def _list(
        self,
        kind: Kind,
        make: Callable[[Manifest], T | None],
        namespace: str = "",
        selector: Mapping[str, str] | None = None,
    ) -> Listing[T]:
        """Return the whole list; begin anew where its token expired in the middle."""
        for attempt in range(RESTARTS + 1):
            items: list[T] = []
            malformed: list[Gap] = []
            limit = PAGE_SIZE if attempt < RESTARTS else 0
            try:
                for raw in self._pages(kind, namespace, selector, limit):
                    value = _decoded(kind, make, raw, len(items) + len(malformed), malformed)
                    if value is not None:
                        items.append(value)
                return Listing(tuple(items), tuple(malformed))
            except ExpiredError:
                continue
        raise ReadError(Unread.FAILED, "the list expired again and again while it was read")

    def _pages(
        self, kind: Kind, namespace: str, selector: Mapping[str, str] | None, limit: int
    ) -> Iterator[Manifest]:
        token, count = "", 0
        while True:
            page = self._api.page(
                kind, namespace, continue_token=token, limit=limit, selector=selector
            )
            count += len(page.items)
            self._progress(kind, count)
            yield from page.items
            if page.continue_token == token != "":
                raise ReadError(Unread.FAILED, "the list does not go on: its token is repeated")
            token = page.continue_token
            if not token:
                return


def _decoded(
    kind: Kind,
    make: Callable[[Manifest], T | None],
    raw: Manifest,
    index: int,
    malformed: list[Gap],
) -> T | None:
    """Return the value, or None and a gap that names the object."""
    try:
        return make(raw)
    except MalformedError as error:
        namespace, name = decode.namespaced_name(raw)
        malformed.append(Gap(kind, f"malformed: {error}", namespace, name or f"item {index + 1}"))
        return None
