"""The live cluster as something to write to and to watch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any, Final
from urllib.parse import quote

from lbdoctor.cluster.api import (
    RESOURCES,
    Event,
    EventType,
    ExpiredError,
    Manifest,
    Patch,
    ReadError,
    Unread,
    Unwritten,
    WriteError,
)
from lbdoctor.cluster.fields import Fields
from lbdoctor.cluster.live.answers import content, refusal, write_refusal
from lbdoctor.cluster.live.api import LiveApi
from lbdoctor.cluster.live.exchange import Request
from lbdoctor.cluster.live.stream import follow
from lbdoctor.cluster.manifest import namespaced_name
from lbdoctor.domain.refs import Kind

MERGE_PATCH: Final = "application/merge-patch+json"
JSON_PATCH: Final = "application/json-patch+json"
REVIEWS: Final = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


class LiveCluster(LiveApi):
    """A ``WritableApi``: every write is sent once, under the name ``lbdoctor``."""

    def create(self, kind: Kind, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        namespace, name = namespaced_name(manifest)
        path = self._path(kind, namespace)
        return self._write("POST", kind, name, path, _options(dry_run=dry_run), manifest)

    def replace(self, kind: Kind, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        namespace, name = namespaced_name(manifest)
        path = self._path(kind, namespace, name)
        return self._write("PUT", kind, name, path, _options(dry_run=dry_run), manifest)

    def patch(
        self, kind: Kind, name: str, namespace: str = "", *, body: Patch, dry_run: bool = False
    ) -> Manifest:
        path = self._path(kind, namespace, name)
        content_type = JSON_PATCH if isinstance(body, list) else MERGE_PATCH
        query = _options(dry_run=dry_run)
        return self._write("PATCH", kind, name, path, query, body, content_type)

    def delete(self, kind: Kind, name: str, namespace: str = "", *, uid: str = "") -> None:
        options: Manifest = {"kind": "DeleteOptions", "apiVersion": "v1"}
        if uid:
            options["preconditions"] = {"uid": uid}
        self._write("DELETE", kind, name, self._path(kind, namespace, name), {}, options)

    def may(self, verb: str, kind: Kind, namespace: str = "") -> bool:
        resource = RESOURCES[kind]
        asked = {"verb": verb, "group": resource.group, "resource": resource.plural}
        asked |= {"namespace": namespace} if namespace else {}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": asked},
        }
        answer = self._transport.send("POST", REVIEWS, {}, review)
        if answer.status not in (200, 201):
            raise refusal(answer)
        return bool(Fields(content(answer)).map("status").flag("allowed"))

    def watch(
        self, kind: Kind, namespace: str = "", *, since: str, seconds: float
    ) -> Iterator[Event]:
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": since,
            "timeoutSeconds": str(max(1, round(seconds))),
        }
        request = Request("GET", self._path(kind, namespace), query, None, "")
        answer, lines = follow(self._connection, request, seconds)
        if answer.status != 200:
            if answer.status == 410:
                raise ExpiredError
            self._object(kind, answer)
        with closing(lines):
            for line in lines:
                yield _event(line)

    def _path(self, kind: Kind, namespace: str, name: str = "") -> str:
        return RESOURCES[kind].path(quote(namespace, safe=""), quote(name, safe=""))

    def _write(
        self,
        method: str,
        kind: Kind,
        name: str,
        path: str,
        query: Mapping[str, str],
        body: object,
        content_type: str = "application/json",
    ) -> Manifest:
        try:
            answer = self._transport.send(method, path, query, body, content_type)
            if answer.status in (200, 201, 202):
                return content(answer)
        except ReadError as error:
            raise WriteError(Unwritten.FAILED, str(error), hint=error.hint) from error
        raise write_refusal(answer, RESOURCES[kind], name)


def _options(*, dry_run: bool) -> dict[str, str]:
    return {"fieldManager": "lbdoctor", **({"dryRun": "All"} if dry_run else {})}


def _event(line: bytes) -> Event:
    """Return the event of a line.

    Raises:
        ExpiredError: The watch cannot go on from where it was.
        ReadError: It is no event.
    """
    try:
        found: Any = json.loads(line)
        type_, manifest = found["type"], found["object"]
        if type_ == "ERROR":
            if manifest.get("code") == 410:
                raise ExpiredError
            raise ReadError(Unread.FAILED, f"the watch ended: {manifest.get('message')}")
        return Event(EventType(type_), manifest)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ReadError(Unread.FAILED, "the watch sent something that is no event") from error
