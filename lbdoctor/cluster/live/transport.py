"""Asks an API server, no longer than the user waits, retries included."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Final

from urllib3.exceptions import HTTPError

from lbdoctor.cluster.live.answers import LOOK, WORTH_A_RETRY, Answer, seconds_to_wait
from lbdoctor.cluster.live.connect import Connection
from lbdoctor.cluster.live.exchange import Request, TooLargeError, exchange
from lbdoctor.cluster.live.failures import Failure, failure
from lbdoctor.diagnosis.port import ReadError, Unread
from lbdoctor.domain.errors import UnreadableError

ATTEMPTS: Final = 3
FIRST_PAUSE: Final = 0.2
PATIENCE: Final = 2
"""After so many requests in a row without an answer the next ones are not sent, for as long
as one request may take: two hundred second readings would else wait for hours."""

Trace = Callable[[str], None]


class Transport:
    """Requests to one API server, from any thread."""

    def __init__(self, connection: Connection, timeout: float, trace: Trace | None) -> None:
        self._connection = connection
        self._timeout = timeout
        self._trace = trace
        self._has_answered = False
        self._lost_in_a_row = 0
        self._silent_until = 0.0
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
        if time.monotonic() < self._silent_until:
            raise ReadError(
                Unread.FAILED, f"not asked for: the last {PATIENCE} requests got no answer"
            )
        request = Request(method, path, query, body, content_type)
        deadline = time.monotonic() + self._timeout
        pause = FIRST_PAUSE
        attempt = 1
        answer: Answer | None = None
        while True:
            found = self._try(request, deadline)
            answer = found if isinstance(found, Answer) else answer
            wait = _wait(found, pause)
            is_last = method != "GET" or attempt == ATTEMPTS
            if wait is None or is_last or time.monotonic() + wait >= deadline:
                # That it was busy tells more than that it was then too slow.
                return self._checked(answer or found)
            time.sleep(wait)
            pause *= 3
            attempt += 1

    def _try(self, request: Request, deadline: float) -> Answer | Failure:
        """Return the answer, or why there is none.

        Raises:
            ReadError: The answer is too large.
        """
        started = time.monotonic()
        try:
            answer, date = exchange(self._connection.client, request, deadline)
        except UnreadableError as error:  # an exec plugin, asked again for credentials
            return Failure("no-credentials", str(error), error.hint, is_lasting=True)
        except TooLargeError as error:
            self._say(request, "too-large", started)
            self._has_answered = True
            raise ReadError(Unread.FAILED, str(error), hint=LOOK) from error
        except (HTTPError, HTTPException, OSError) as error:
            lost = failure(error, self._timeout)
            self._say(request, lost.word, started)
            return lost
        self._say(request, str(answer.status), started)
        self._note_time(date)
        return answer

    def _checked(self, found: Answer | Failure) -> Answer:
        """Return the answer, unless there is none, or it refuses the credentials.

        Raises:
            UnreadableError: There was none before either.
            ReadError: There was one before.
        """
        if isinstance(found, Failure):
            raise self._lost(found)
        self._lost_in_a_row = 0
        if found.status != 401:
            self._has_answered = True
            return found
        said = "the API server does not accept the credentials (401)"
        raise self._error(said, f"log in again, then: {self._connection.kubectl} auth whoami")

    def _lost(self, lost: Failure) -> Exception:
        self._lost_in_a_row += 1
        if self._has_answered and self._lost_in_a_row >= PATIENCE:
            self._lost_in_a_row = 0
            self._silent_until = time.monotonic() + self._timeout
        return self._error(lost.text, lost.hint or f"{self._connection.kubectl} version")

    def _error(self, said: str, hint: str) -> Exception:
        if self._has_answered:
            return ReadError(Unread.FAILED, said, hint=hint)
        origin, proxy = self._connection.origin, self._connection.proxy
        through = f", through the proxy {proxy}" if proxy else ""
        return UnreadableError(
            f"{origin.server} (context {origin.name}{through}): {said}", hint=hint
        )

    def _note_time(self, date: str) -> None:
        try:
            found = parsedate_to_datetime(date).astimezone(UTC)
        except (ValueError, TypeError, OverflowError):
            return
        self.now = max(self.now, found) if self.now else found

    def _say(self, request: Request, outcome: str, started: float) -> None:
        if self._trace is not None:
            took = (time.monotonic() - started) * 1000
            self._trace(f"{request.method} {request.path} {outcome} {took:.0f} ms")


def _wait(found: Answer | Failure, pause: float) -> float | None:
    """Return the seconds before another try; None if none is worth it."""
    if isinstance(found, Failure):
        return None if found.is_lasting else pause
    if found.status not in WORTH_A_RETRY:
        return None
    asked = seconds_to_wait(found)
    return pause if asked is None else asked
