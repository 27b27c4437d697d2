"""Reads a plan that ``scan -o json`` or ``repair --dry-run=client -o json`` wrote."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from lbdoctor.cli.states import now
from lbdoctor.domain.errors import UnreadableError
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.repair.stamps import Stamp

OLDEST: Final = timedelta(hours=1)
HINT: Final = "lbdoctor scan -o json > PLAN"


def read_plan(path: str) -> Mapping[Stamp, datetime]:
    """Return what a plan names, and when it was seen.

    Raises:
        UnreadableError: It is no plan, or too old to go by.
    """
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        document: Any = json.loads(text)
        taken_at = datetime.fromisoformat(document["takenAt"]).astimezone(UTC)
        stamps = [_stamp(item) for item in document["findings"] if item["stamp"]]
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}", hint=HINT) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        text = f"{path} is not what scan -o json or repair --dry-run=client -o json writes"
        raise UnreadableError(text, hint=HINT) from error
    if now() - taken_at > OLDEST:
        text = f"{path} is of {taken_at:%Y-%m-%dT%H:%M:%SZ}, more than an hour ago"
        raise UnreadableError(text, hint=HINT)
    return dict.fromkeys(stamps, taken_at)


def check_cluster(planned: Mapping[Stamp, datetime], snapshot: Snapshot) -> None:
    """Refuse a plan none of whose pools is of this cluster.

    Raises:
        UnreadableError: No pool here has the UID of a pool of the plan.
    """
    here = {pool.uid for pool in snapshot.ip_pools}
    named = {stamp.pool for stamp in planned if stamp.pool}
    if named and named.isdisjoint(here) and snapshot.has_all_pools:
        uid = min(named)
        text = f"the plan is of another cluster: no pool here has the UID {uid}"
        raise UnreadableError(text, hint=HINT)


def _stamp(finding: Any) -> Stamp:
    stamp = finding["stamp"]
    return Stamp(str(finding["code"]), stamp["pool"] or "", tuple(map(str, stamp["parts"])))
