"""Kubernetes Events about pools: one for each pool and run, and those of earlier runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lbdoctor.cluster.api import GROUP, WritableApi, WriteError
from lbdoctor.cluster.fields import Fields, MalformedError, parse_time
from lbdoctor.domain.fixes import PoolId
from lbdoctor.domain.refs import Kind

NAMESPACE: Final = "default"
"""Where the Events of cluster-scoped objects are kept."""

COMPONENT: Final = "lbdoctor"
REASON: Final = "Repaired"


@dataclass(frozen=True, slots=True)
class PoolEvent:
    """What an Event tells of a pool."""

    pool: str
    at: datetime | None
    source: str
    message: str


def note(api: WritableApi, pool: PoolId, run: str, message: str, now: datetime) -> str:
    """Write an Event about a pool; return why it could not be written, or nothing.

    It is a courtesy: that it fails is never a reason for anything else to fail.
    """
    at = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{pool.name}.{run.lower()}", "namespace": NAMESPACE},
        "involvedObject": {
            "apiVersion": f"{GROUP}/v1beta1",
            "kind": str(Kind.IP_POOL),
            "name": pool.name,
            "uid": pool.uid,
        },
        "type": "Normal",
        "reason": REASON,
        "message": f"{message} (run {run})",
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "firstTimestamp": at,
        "lastTimestamp": at,
        "count": 1,
    }
    try:
        api.create(Kind.EVENT, event)
    except WriteError as error:
        return str(error)
    return ""


def of_pools(api: WritableApi) -> Iterator[PoolEvent]:
    """Yield the Events about pools; one that cannot be understood is passed over.

    Raises:
        ReadError: Events cannot be listed.
    """
    selector = {"fieldSelector": f"involvedObject.kind={Kind.IP_POOL}"}
    token = ""
    while True:
        page = api.page(Kind.EVENT, NAMESPACE, continue_token=token, selector=selector)
        for manifest in page.items:
            try:
                root = Fields(manifest)
                when = root.text("lastTimestamp") or root.text("eventTime")
                source = root.map("source").text("component") or root.text("reportingComponent")
                name = root.map("involvedObject").text("name")
                yield PoolEvent(name, parse_time(when), source, root.text("message"))
            except MalformedError:
                continue
        token = page.continue_token
        if not token:
            return
