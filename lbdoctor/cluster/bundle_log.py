"""``bundleGenerationError.log``: what the collector of a support bundle could not read.

Source of the lines: support-bundle-kit pkg/manager/client/discovery.go, pkg/manager/cluster.go
and pkg/manager/collectors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Final

NAME: Final = "bundleGenerationError.log"
MOST: Final = 8 << 20
"""Bytes. A longer log tells too much to have been told."""

_LONGEST: Final = 200
_FAILED: Final = re.compile(
    r"Failed to get /(?:api/v1|apis/(?P<group>[^/ ]+)/[^/ ]+)"
    r"(?:/namespaces/(?P<namespace>[^/ ]+))?/(?P<plural>[^/ ]+): (?P<why>.*)"
)
_NOT_WRITTEN: Final = re.compile(r"Support Bundle: failed to generate \S*?/(yamls/\S+): (.*)")
_NOTHING: Final = re.compile(r"Unable to fetch cluster resources: (.*)")

Failed = tuple[str, str, str]
"""Group, namespace and plural of a list."""


@dataclass(frozen=True, slots=True)
class Log:
    """The failures that concern what lbdoctor reads, each with its reason."""

    lists: Mapping[Failed, str]
    files: Mapping[str, str]
    """Files that could not be written to their end."""

    cluster: str = ""
    """Why nothing of the whole cluster could be read."""


def read_log(stream: IO[bytes], plurals: frozenset[str]) -> Log | None:
    """Return what a log says about lists of these plurals; None if it is too long."""
    data = stream.read(MOST + 1)
    if len(data) > MOST:
        return None
    lists, files, cluster = {}, {}, ""
    for line in data.decode("utf-8", "replace").splitlines():
        if found := _FAILED.match(line):
            if found["plural"] in plurals:
                key = (found["group"] or "", found["namespace"] or "", found["plural"])
                lists[key] = found["why"][:_LONGEST]
        elif found := _NOT_WRITTEN.match(line):
            if found[1].rpartition("/")[2].removesuffix(".yaml") in plurals:
                files[found[1]] = found[2][:_LONGEST]
        elif found := _NOTHING.match(line):
            cluster = found[1][:_LONGEST] or "it failed"
    return Log(lists, files, cluster)
