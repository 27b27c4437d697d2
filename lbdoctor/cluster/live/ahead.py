"""Fetches the next page of a list while the caller decodes this one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from threading import Thread
from typing import Final

from lbdoctor.cluster.live.answers import Answer

Fetch = Callable[[str, Mapping[str, str]], Answer]

FIRST: Final = re.compile(rb'\{"kind":"\w+","apiVersion":"[\w./]+","metadata":(\{[^{}]*\})')
LAST: Final = re.compile(rb'"metadata":(\{[^{}]*\})\}\s*\Z')
"""Where kube-apiserver writes the metadata of a list: built-in kinds first, custom ones last."""

WITHIN: Final = 8192
"""Bytes from the end of a page in which its metadata is looked for."""


class Ahead:
    """Answers requests; whoever reads a list finds its next page on the way already."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._coming: _Coming | None = None

    def get(self, path: str, query: Mapping[str, str]) -> Answer:
        """Return the answer, and begin to fetch the page after it.

        A page that was fetched and is not what is asked for next is dropped, with its errors.

        Raises:
            UnreadableError, ReadError: As ``fetch`` raises them.
        """
        coming, self._coming = self._coming, None
        if coming is not None and coming.asks_for(path, query):
            answer = coming.answer()
        else:
            if coming is not None:
                coming.drop()
            answer = self._fetch(path, query)
        token = next_token(answer)
        if token:
            self._coming = _Coming(self._fetch, path, {**query, "continue": token})
        return answer


class _Coming:
    """One request under way, in a thread of its own that nothing waits for at the end."""

    def __init__(self, fetch: Fetch, path: str, query: Mapping[str, str]) -> None:
        self._fetch, self._path, self._query = fetch, path, query
        self._answer: Answer | None = None
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def asks_for(self, path: str, query: Mapping[str, str]) -> bool:
        return (path, query) == (self._path, self._query)

    def answer(self) -> Answer:
        self.drop()
        if self._answer is None:
            raise self._error or AssertionError("unreachable: there is an answer or an error")
        return self._answer

    def drop(self) -> None:
        """Let it come to its end: the transport does one thing at a time."""
        self._thread.join()

    def _run(self) -> None:
        try:
            self._answer = self._fetch(self._path, self._query)
        except BaseException as error:  # noqa: BLE001 - it is raised where the page is asked for
            self._error = error


def next_token(answer: Answer) -> str:
    """Return the token of the next page where it is easily found, else nothing.

    A wrong guess costs a request and does no harm: the page itself says what comes next.
    """
    if answer.status != 200:
        return ""
    body = answer.body
    found = LAST.search(body, max(0, len(body) - WITHIN)) or FIRST.match(body)
    if found is None:
        return ""
    try:
        return str(json.loads(found[1]).get("continue") or "")
    except ValueError:
        return ""
