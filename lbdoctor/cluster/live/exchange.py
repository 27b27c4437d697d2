"""Sends one request over the wire and takes the answer in, until a moment at the latest."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final

import urllib3
from kubernetes.client.api_client import ApiClient

from lbdoctor.cluster.live.answers import Answer

CHUNK: Final = 1 << 16
LARGEST_ANSWER: Final = 32 << 20
"""Bytes. A page of 500 LoadBalancers has 2 MB, and 10,000 in one piece have 30 MB. Parsed it
takes seven times as much memory, and no page may take more than 300 MB."""


class TooLargeError(Exception):
    """The answer is larger than any page should be."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the API server."""

    method: str
    path: str
    query: Mapping[str, str]
    body: object
    content_type: str


def exchange(client: ApiClient, request: Request, deadline: float) -> tuple[Answer, str]:
    """Return the answer and its ``Date``; ``deadline`` is by the monotonic clock.

    The work is done in a thread of its own, for neither the look-up of a name nor an answer
    that trickles in can be ended from outside: past the deadline it is left to itself.

    Raises:
        Exception: Whatever the client raises; ``TimeoutError`` past the deadline.
    """
    arguments = serialized(client, request)
    future: Future[tuple[Answer, str]] = Future()

    def work() -> None:
        try:
            future.set_result(_answered(client, arguments, deadline))
        except BaseException as error:  # noqa: BLE001 - raised again by who waits for it
            future.set_exception(error)

    threading.Thread(target=work, name="request", daemon=True).start()
    return future.result(timeout=_left(deadline))


def serialized(client: ApiClient, request: Request) -> dict[str, Any]:
    """Return the request with its credentials, as the connection pool takes it."""
    typed = {} if request.body is None else {"Content-Type": request.content_type}
    method, url, headers, _, _ = client.param_serialize(
        request.method,
        request.path,
        query_params=list(request.query.items()),
        header_params={"Accept": "application/json", **typed},
        auth_settings=["BearerToken"],
    )
    body = None if request.body is None else json.dumps(request.body)
    return {"method": method, "url": url, "headers": headers, "body": body}


def _answered(
    client: ApiClient, arguments: Mapping[str, Any], deadline: float
) -> tuple[Answer, str]:
    # Left to itself the pool tries again and waits, and follows redirects to other hosts.
    raw = client.rest_client.pool_manager.urlopen(
        **arguments,
        timeout=urllib3.Timeout(total=_left(deadline)),
        retries=False,
        redirect=False,
        preload_content=False,
    )
    try:
        body = _body(raw, deadline)
    except BaseException:
        raw.close()  # what is left of the answer must not be taken for the next one
        raise
    raw.release_conn()
    headers = raw.headers
    answer = Answer(
        raw.status,
        raw.reason or "",
        body,
        headers.get("Retry-After", ""),
        headers.get("Location", ""),
    )
    return answer, headers.get("Date", "")


def _body(raw: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while chunk := raw.read1(CHUNK):
        chunks.append(chunk)
        size += len(chunk)
        if size > LARGEST_ANSWER:
            raise TooLargeError(
                f"the answer of the API server is larger than {LARGEST_ANSWER >> 20} MiB"
            )
        if time.monotonic() > deadline:
            raise TimeoutError
    return b"".join(chunks)


def _left(deadline: float) -> float:
    return max(0.001, deadline - time.monotonic())
