"""The condition Ready, as the controller writes it."""

from __future__ import annotations

from datetime import datetime

from lbdoctor.cluster.api import Manifest
from lbdoctor.cluster.memory.updates import moment


def with_ready(status: Manifest, problem: str, now: datetime) -> Manifest:
    """Return a status with Ready set; its time moves only when something else does.

    Source: rancher wrangler pkg/condition/condition.go:167-173.
    """
    wanted = {"type": "Ready", "status": "False" if problem else "True"}
    wanted |= {"message": problem} if problem else {}
    conditions = list(status.get("conditions") or ())
    for at, item in enumerate(conditions):
        if item.get("type") == "Ready":
            same = {key: item[key] for key in ("type", "status", "message") if item.get(key)}
            if same == wanted:
                return status
            kept = {key: item[key] for key in item if key not in ("status", "message")}
            conditions[at] = kept | wanted | {"lastUpdateTime": moment(now)}
            break
    else:
        conditions.append({**wanted, "lastUpdateTime": moment(now)})
    return {**status, "conditions": conditions}
