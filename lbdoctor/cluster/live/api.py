"""The live cluster as an ``Api``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

from lbdoctor.cluster.api import GROUP, PAGE_SIZE, RESOURCES, ExpiredError, Manifest, Page
from lbdoctor.cluster.live.ahead import Ahead
from lbdoctor.cluster.live.answers import (
    Answer,
    content,
    is_not_served,
    proves_absence,
    refusal,
)
from lbdoctor.cluster.live.connect import Connection
from lbdoctor.cluster.live.transport import Trace, Transport
from lbdoctor.diagnosis.port import ReadError, Unread
from lbdoctor.domain.refs import Kind
from lbdoctor.domain.snapshot import Origin


class LiveApi:
    """Reads from a real API server, always at "most recent"."""

    def __init__(self, connection: Connection, timeout: float, trace: Trace | None = None) -> None:
        self._connection = connection
        self._transport = Transport(connection, timeout, trace)
        self._lists = Ahead(self._transport.get)

    @property
    def origin(self) -> Origin:
        return self._connection.origin

    @property
    def now(self) -> datetime | None:
        return self._transport.now

    @property
    def default_namespace(self) -> str:
        return self._connection.namespace

    def get(self, kind: Kind, name: str, namespace: str = "") -> Manifest | None:
        resource = RESOURCES[kind]
        path = resource.path(quote(namespace, safe=""), quote(name, safe=""))
        answer = self._transport.get(path, {})
        if answer.status == 404 and proves_absence(answer, resource, name):
            return None
        return self._object(kind, answer)

    def page(
        self,
        kind: Kind,
        namespace: str = "",
        *,
        continue_token: str = "",
        limit: int = PAGE_SIZE,
        selector: Mapping[str, str] | None = None,
    ) -> Page:
        query = dict(selector or {})
        if limit:
            query["limit"] = str(limit)
        if continue_token:
            query["continue"] = continue_token
        path = RESOURCES[kind].path(quote(namespace, safe=""))
        answer = self._lists.get(path, query)
        if answer.status == 410 and continue_token:
            raise ExpiredError
        found = self._object(kind, answer)
        items, meta = found.get("items"), found.get("metadata")
        is_list = str(found.get("kind")).endswith("List") and isinstance(meta, dict)
        if items is None:
            items = []  # a Go server may write an empty list so
        if not is_list or not isinstance(meta, dict) or not isinstance(items, list):
            raise ReadError(Unread.FAILED, "the answer of the API server is not a list")
        version = str(meta.get("resourceVersion") or "")
        return Page(items, str(meta.get("continue") or ""), version)

    def _object(self, kind: Kind, answer: Answer) -> Manifest:
        if answer.status == 200:
            return content(answer)
        if is_not_served(answer):
            raise self._not_served(kind)
        raise refusal(answer)

    def _not_served(self, kind: Kind) -> ReadError:
        """Say that this kind is unknown here; a guest cluster is the usual reason."""
        resource, origin = RESOURCES[kind], self.origin
        if resource.group != GROUP:
            return ReadError(Unread.NOT_SERVED, f"{resource.plural}.{resource.group} is not served")
        others = ", ".join(self._connection.other_contexts) or "none"
        return ReadError(
            Unread.NOT_SERVED,
            f"context {origin.name} does not serve {resource.plural}.{GROUP}: it is no Harvester "
            f"cluster, or the kubeconfig of a guest cluster; other contexts: {others}",
            hint="lbdoctor scan --context NAME",
        )
