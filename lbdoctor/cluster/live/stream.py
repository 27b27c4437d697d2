"""Follows an answer that goes on and on, line by line: a watch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import urllib3
from kubernetes.client.exceptions import ApiException

from lbdoctor.cluster.live.answers import Answer
from lbdoctor.cluster.live.connect import Connection
from lbdoctor.cluster.live.transport import CHUNK, describe
from lbdoctor.diagnosis.port import ReadError, Unread

LINGER: Final = 5.0
"""Seconds of silence, beyond those asked for, after which an API server counts as lost."""


def follow(
    connection: Connection, path: str, query: Mapping[str, str], seconds: float
) -> tuple[Answer, Iterator[bytes]]:
    """Return the answer to a watch, and its lines as they come in.

    Raises:
        ReadError: The API server does not answer; the lines raise it when they are cut.
    """
    client = connection.client
    method, url, headers, body, form = client.param_serialize(
        "GET",
        path,
        query_params=list(query.items()),
        header_params={"Accept": "application/json"},
        auth_settings=["BearerToken"],
    )
    try:
        reply = client.call_api(method, url, headers, body, form, _request_timeout=seconds + LINGER)
    except (urllib3.exceptions.HTTPError, ApiException, OSError) as error:
        raise ReadError(Unread.FAILED, describe(error)) from error
    text = b"" if reply.status == 200 else b"".join(_chunks(reply.response))
    return Answer(reply.status, reply.reason or "", text), _lines(reply.response)


def _lines(raw: Any) -> Iterator[bytes]:
    """Yield whole lines; what a connection that is closed leaves of one is no event."""
    rest = b""
    try:
        for chunk in _chunks(raw):
            *whole, rest = (rest + chunk).split(b"\n")
            yield from (line for line in whole if line)
    finally:
        raw.close()  # nobody reads the rest of it, so the connection is of no use


def _chunks(raw: Any) -> Iterator[bytes]:
    try:
        while chunk := raw.read1(CHUNK):
            yield chunk
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise ReadError(Unread.FAILED, describe(error)) from error
