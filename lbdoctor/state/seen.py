"""What earlier looks saw, and since when: so that the next run need not wait once more."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from lbdoctor.repair.stamps import Stamp
from lbdoctor.state import paths

VERSION: Final = 1
FORGOTTEN_AFTER: Final = timedelta(days=30)
"""A cluster that nobody looked at for so long is forgotten."""

Document = dict[str, Any]


class Seen:
    """The first look that saw each stamp, of one cluster; a damaged file counts as empty."""

    def __init__(self, path: Path, cluster: str) -> None:
        self._path = path
        self._cluster = cluster

    def first(self) -> Mapping[Stamp, datetime]:
        """Return since when each stamp was there in every look."""
        return _stamps(_read(self._path).get(self._cluster, {}))

    def note(
        self, stamps: Collection[Stamp], now: datetime, *, everything: bool
    ) -> Mapping[Stamp, datetime]:
        """Note what a look saw, and return since when each of it is there.

        What is not there any more is forgotten, if the look was at ``everything``: when it
        comes again, its grace begins anew.

        Raises:
            OSError: The file cannot be written.
        """
        with paths.locked(self._path.parent):
            clusters = _read(self._path)
            known = _stamps(clusters.get(self._cluster, {}))
            kept = {} if everything else dict(known)
            kept |= {stamp: min(known.get(stamp, now), now) for stamp in stamps}
            clusters[self._cluster] = {"at": now.isoformat(), "seen": _documents(kept)}
            left = {name: item for name, item in clusters.items() if _is_recent(item, now)}
            paths.replace(self._path, json.dumps({"version": VERSION, "clusters": left}))
        return kept


def _read(path: Path) -> dict[str, Document]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        clusters = found["clusters"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return clusters if isinstance(clusters, dict) else {}


def _stamps(cluster: Any) -> dict[Stamp, datetime]:
    found = {}
    try:
        for item in cluster.get("seen", ()):
            stamp = Stamp(str(item["code"]), str(item["pool"]), tuple(map(str, item["parts"])))
            found[stamp] = datetime.fromisoformat(item["first"]).astimezone(UTC)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return {}
    return found


def _documents(stamps: Mapping[Stamp, datetime]) -> list[Document]:
    return [
        {"code": item.code, "pool": item.pool, "parts": item.parts, "first": first.isoformat()}
        for item, first in sorted(stamps.items())
    ]


def _is_recent(cluster: Any, now: datetime) -> bool:
    try:
        at = datetime.fromisoformat(cluster["at"])
        return now - at < FORGOTTEN_AFTER
    except (ValueError, KeyError, TypeError):
        return False
