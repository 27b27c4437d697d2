"""Sends one request and waits for its answer, no longer than asked, retries included."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import urllib3
from kubernetes.client.exceptions import ApiException

from lbdoctor.cluster.live.answers import WORTH_A_RETRY, Answer
from lbdoctor.cluster.live.connect import Connection
from lbdoctor.diagnosis.port import ReadError, Unread
from lbdoctor.domain.errors import UnreadableError

ATTEMPTS: Final = 3
FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 10.0
CHUNK: Final = 1 << 16

Trace = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Request:
    """What is asked of the API server."""

    method: str
    path: str
    query: Mapping[str, str]
    body: object
    content_type: str


class Transport:
    """Requests to one API server."""

    def __init__(self, connection: Connection, timeout: float, trace: Trace | None) -> None:
        self._connection = connection
        self._timeout = timeout
        self._trace = trace
        self._has_answered = False
        self.now: datetime | None = None

    def get(self, path: str, query: Mapping[str, str]) -> Answer:
        """Return the answer to a GET; see ``send``."""
        return self.send("GET", path, query)

    def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: object = None,
        content_type: str = "application/json",
    ) -> Answer:
        """Return the answer, whatever its status.

        Only a GET is tried again: whether a lost write was carried out nobody knows.

        Raises:
            UnreadableError: The API server cannot be reached, or refuses the credentials.
            ReadError: It could be reached before, and does not answer this.
        """
        request = _Request(method, path, query, body, content_type)
        deadline = time.monotonic() + self._timeout
        attempts = ATTEMPTS if method == "GET" else 1
        pause = FIRST_PAUSE
        for attempt in range(1, attempts + 1):
            answer, error = self._try(request, deadline)
            if answer is not None and answer.status not in WORTH_A_RETRY:
                return self._checked(answer)
            wait = _retry_after(answer, pause)
            if attempt == attempts or time.monotonic() + wait >= deadline:
                if answer is not None:
                    return answer
                raise self._lost(error)
            time.sleep(wait)
            pause *= 3
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _try(self, request: _Request, deadline: float) -> tuple[Answer | None, Exception | None]:
        started = time.monotonic()
        try:
            answer = self._exchange(request, deadline)
        except (urllib3.exceptions.HTTPError, ApiException, OSError) as error:
            self._say(request, type(error).__name__, started)
            return None, error
        self._has_answered = True
        self._say(request, str(answer.status), started)
        return answer, None

    def _exchange(self, request: _Request, deadline: float) -> Answer:
        client = self._connection.client
        typed = {} if request.body is None else {"Content-Type": request.content_type}
        method, url, headers, body, form = client.param_serialize(
            request.method,
            request.path,
            query_params=list(request.query.items()),
            header_params={"Accept": "application/json", **typed},
            body=request.body,
            auth_settings=["BearerToken"],
        )
        left = max(0.05, deadline - time.monotonic())
        reply = client.call_api(method, url, headers, body, form, _request_timeout=left)
        raw = reply.response
        try:
            chunks = []
            while chunk := raw.read1(CHUNK):
                chunks.append(chunk)
                if time.monotonic() > deadline:
                    raise urllib3.exceptions.TimeoutError("the answer came in too slowly")
        finally:
            raw.release_conn()
        self._note_time(raw.headers.get("Date", ""))
        retry_after = raw.headers.get("Retry-After", "")
        return Answer(reply.status, reply.reason or "", b"".join(chunks), retry_after)

    def _checked(self, answer: Answer) -> Answer:
        if answer.status == 401:
            name = self._connection.origin.name
            raise UnreadableError(
                f"the API server does not accept the credentials of context {name} (401)",
                hint="log in again, then: lbdoctor scan",
            )
        return answer

    def _lost(self, error: Exception | None) -> Exception:
        said = describe(error)
        if self._has_answered:
            return ReadError(Unread.FAILED, said)
        origin = self._connection.origin
        return UnreadableError(
            f"{origin.server} (context {origin.name}): {said}",
            hint=f"kubectl --context {origin.name} version, or lbdoctor scan --context NAME",
        )

    def _note_time(self, date: str) -> None:
        try:
            found = parsedate_to_datetime(date).astimezone(UTC)
        except (ValueError, TypeError):
            return
        self.now = max(self.now, found) if self.now else found

    def _say(self, request: _Request, outcome: str, started: float) -> None:
        if self._trace is not None:
            took = (time.monotonic() - started) * 1000
            self._trace(f"{request.method} {request.path} {outcome} {took:.0f} ms")


def _retry_after(answer: Answer | None, pause: float) -> float:
    """Return how long to wait: what the server asks for, but never more than ten seconds."""
    try:
        return max(0.0, min(LONGEST_PAUSE, float(answer.retry_after))) if answer else pause
    except ValueError:
        return pause


def describe(error: Exception | None) -> str:
    """Say in a few words why a request got no answer."""
    cause = error.reason if isinstance(error, urllib3.exceptions.MaxRetryError) else error
    match cause:
        case urllib3.exceptions.NameResolutionError():
            return "its name cannot be resolved"
        case urllib3.exceptions.NewConnectionError():
            return "no connection: " + str(cause).rpartition("] ")[2]
        case urllib3.exceptions.TimeoutError():
            return "it did not answer in time (see --request-timeout)"
        case urllib3.exceptions.SSLError():
            return f"TLS failed: {cause}"
        case urllib3.exceptions.ProtocolError():
            return "the connection was cut"
        case _:
            return " ".join(str(cause).split()) or type(cause).__name__
