"""Follows an answer that goes on and on, line by line: a watch."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from http.client import HTTPException
from typing import Any, Final

import urllib3

from lbdoctor.cluster.live.answers import Answer
from lbdoctor.cluster.live.connect import Connection
from lbdoctor.cluster.live.exchange import CHUNK, LARGEST_ANSWER, Request, serialized
from lbdoctor.cluster.live.failures import failure
from lbdoctor.diagnosis.port import ReadError, Unread

LINGER: Final = 5.0
"""Seconds of silence, beyond those asked for, after which an API server counts as lost."""


def follow(
    connection: Connection, request: Request, seconds: float
) -> tuple[Answer, Generator[bytes]]:
    """Return the answer to a watch, and its lines as they come in, to be closed.

    Raises:
        ReadError: The API server does not answer; the lines raise it when they are cut.
    """
    patience = seconds + LINGER
    try:
        raw = connection.client.rest_client.pool_manager.urlopen(
            **serialized(connection.client, request),
            timeout=urllib3.Timeout(connect=patience, read=patience),
            retries=False,
            redirect=False,
            preload_content=False,
        )
    except (urllib3.exceptions.HTTPError, HTTPException, OSError) as error:
        raise ReadError(Unread.FAILED, failure(error, patience).text) from error
    chunks = _chunks(raw, patience)
    if raw.status == 200:
        return Answer(raw.status, raw.reason or "", b""), _lines(raw, chunks)
    with closing(raw):
        body = b"".join(chunks)
    return Answer(raw.status, raw.reason or "", body), _lines(raw, chunks)


def _lines(raw: Any, chunks: Iterator[bytes]) -> Generator[bytes]:
    """Yield whole lines; what a connection that is closed leaves of one is no event."""
    rest = b""
    try:
        for chunk in chunks:
            *whole, rest = (rest + chunk).split(b"\n")
            yield from (line for line in whole if line)
            if len(rest) > LARGEST_ANSWER:
                raise ReadError(Unread.FAILED, "the watch sent an event without an end")
    finally:
        raw.close()  # nobody reads the rest of it, so the connection is of no use


def _chunks(raw: Any, patience: float) -> Iterator[bytes]:
    try:
        while chunk := raw.read1(CHUNK):
            yield chunk
    except (urllib3.exceptions.HTTPError, HTTPException, OSError) as error:
        raise ReadError(Unread.FAILED, failure(error, patience).text) from error
