"""A small HTTP client for the tests: paths and manifests, as one user."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3

from tests.apiserver.resources import Manifest, collection_of, path_of, resource_of

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
SECONDS = 30.0
OF_THE_SERVER = (
    "resourceVersion",
    "uid",
    "generation",
    "creationTimestamp",
    "managedFields",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content_type: str
    body: str

    def json(self) -> Manifest:
        parsed: Manifest = json.loads(self.body)
        return parsed


class ApiError(Exception):
    """The server refused: the HTTP status and its body, whatever that is."""

    def __init__(self, request: str, answer: Answer) -> None:
        super().__init__(f"{request}: {answer.status} {answer.body.strip()}")
        self.status = answer.status
        self.body = answer.body
        self.is_json = answer.content_type.startswith("application/json")

    @property
    def reason(self) -> str:
        """The reason of the Kubernetes Status, empty where the body is none."""
        return str(json.loads(self.body).get("reason", "")) if self.is_json else ""


class Api:
    def __init__(self, url: str, ca: Path, certificate: Path, key: Path) -> None:
        self._url = url
        self._pool = urllib3.PoolManager(
            ca_certs=str(ca), cert_file=str(certificate), key_file=str(key), retries=False
        )

    def close(self) -> None:
        self._pool.clear()

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
        seconds: float = SECONDS,
        **query: object,
    ) -> Answer:
        """Send one request and return the answer, whatever its status."""
        response = self._pool.request(
            method,
            f"{self._url}{path}" + (f"?{urlencode(query)}" if query else ""),
            body=None if body is None else json.dumps(body),
            headers={"Content-Type": content_type, "Accept": accept, "User-Agent": "tests"},
            timeout=seconds,
        )
        return Answer(
            response.status, response.headers.get("Content-Type", ""), response.data.decode()
        )

    def get(self, path: str, **query: object) -> Manifest:
        return self._checked("GET", path, **query)

    def create(self, manifest: Manifest, **query: object) -> Manifest:
        """Create an object, also one as ``kubectl get -o yaml`` prints it.

        A status is kept: kinds that have it as a subresource get it by a second write.
        """
        body = _without_server_fields(manifest)
        created = self._checked("POST", collection_of(body), body, **query)
        if resource_of(body).has_status and body.get("status") and "dryRun" not in query:
            return self.patch(f"{path_of(body)}/status", {"status": body["status"]})
        return created

    def apply(self, manifest: Manifest) -> Manifest:
        """Make an object exactly what the manifest says, whether it exists or not."""
        try:
            return self.create(manifest)
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise
        body = _without_server_fields(manifest)
        body["metadata"]["resourceVersion"] = self.get(path_of(body))["metadata"]["resourceVersion"]
        replaced = self._checked("PUT", path_of(body), body)
        if resource_of(body).has_status and body.get("status"):
            return self.patch(f"{path_of(body)}/status", {"status": body["status"]})
        return replaced

    def patch(self, path: str, body: Manifest | list[Manifest], **query: object) -> Manifest:
        """Patch an object: a list is a JSON patch, a mapping a merge patch."""
        kind = JSON_PATCH if isinstance(body, list) else MERGE_PATCH
        return self._checked("PATCH", path, body, content_type=kind, **query)

    def delete(self, path: str, *, missing_ok: bool = False) -> None:
        answer = self.request("DELETE", path)
        if answer.status >= 400 and not (missing_ok and answer.status == 404):
            raise ApiError(f"DELETE {path}", answer)

    def _checked(self, method: str, path: str, body: object = None, **options: Any) -> Manifest:
        answer = self.request(method, path, body, **options)
        if answer.status >= 400:
            raise ApiError(f"{method} {path}", answer)
        return answer.json()


def _without_server_fields(manifest: Manifest) -> Manifest:
    body = copy.deepcopy(manifest)
    for field in OF_THE_SERVER:
        body["metadata"].pop(field, None)
    return body
