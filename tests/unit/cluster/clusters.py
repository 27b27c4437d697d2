"""Clusters in memory, with calls that fail, and what a look at them finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from lbdoctor import cluster
from lbdoctor.cluster.api import PAGE_SIZE, Api, Manifest, Page
from lbdoctor.cluster.files import kind_of
from lbdoctor.cluster.memory.demo import Demo
from lbdoctor.cluster.memory.server import MemoryServer
from lbdoctor.cluster.objects import Objects
from lbdoctor.cluster.reader import Reader
from lbdoctor.cluster.recorder import Call, Recorder
from lbdoctor.cluster.snapshots import write_snapshot
from lbdoctor.diagnosis.look import look
from lbdoctor.diagnosis.port import ReadError, Unread
from lbdoctor.diagnosis.report import Report
from lbdoctor.domain.refs import Kind
from lbdoctor.domain.snapshot import Origin, OriginKind
from lbdoctor.rules import CATALOGUE

NOON = datetime(2026, 8, 20, 12, 0, 0, 123456, tzinfo=UTC)


def stuck_demo() -> MemoryServer:
    """Return the cluster of the demo, led into the race."""
    demo = Demo()
    demo.play()
    return demo.cluster


def cluster_of(manifests: Iterable[Manifest]) -> Objects:
    found = Objects(
        Origin(OriginKind.MEMORY, "prod", "https://10.0.0.1:6443"),
        now=NOON,
        default_namespace="default",
    )
    for manifest in manifests:
        kind = kind_of(manifest)
        assert kind is not None
        found.put(kind, manifest)
    return found


class Failing:
    """An ``Api`` some calls of which fail; ``after`` lets so many of each go through first."""

    def __init__(
        self, api: Api, *calls: Call, why: Unread = Unread.FORBIDDEN, after: int = 0
    ) -> None:
        self._api = api
        self._left = dict.fromkeys(calls, after)
        self._why = why
        self.origin = api.origin
        self.default_namespace = api.default_namespace

    @property
    def now(self) -> datetime | None:
        return self._api.now

    def get(self, kind: Kind, name: str, namespace: str = "") -> Manifest | None:
        self._check(Call(kind, namespace, name))
        return self._api.get(kind, name, namespace)

    def page(
        self,
        kind: Kind,
        namespace: str = "",
        *,
        continue_token: str = "",
        limit: int = PAGE_SIZE,
        selector: Mapping[str, str] | None = None,
    ) -> Page:
        self._check(Call(kind, namespace))
        return self._api.page(
            kind, namespace, continue_token=continue_token, limit=limit, selector=selector
        )

    def _check(self, call: Call) -> None:
        if call in self._left:
            self._left[call] -= 1
            if self._left[call] < 0:
                raise ReadError(self._why, f"the server says {self._why.name}")


def looked_at(directory: Path, scope: frozenset[str] | None = None) -> Report:
    """Return what a look at a snapshot directory finds."""
    earlier = cluster.earlier(directory)
    api = cluster.open_path(directory)
    return look(Reader(api), scope=scope, rules=CATALOGUE, earlier=earlier)


def collected(
    api: Api, directory: Path, scope: frozenset[str] | None = None
) -> tuple[Report, Report]:
    """Return what a look finds while it is recorded, and what the snapshot gives."""
    recorder = Recorder(api)
    before = look(Reader(recorder), scope=scope, rules=CATALOGUE, pause=lambda _seconds: None)
    write_snapshot(recorder, directory, before.snapshot)
    return before, looked_at(directory, scope)


def told(report: Report) -> Mapping[str, object]:
    """Return what of a report has to survive: findings, gaps, time, what was left out."""
    return {
        "findings": [
            (item.identity, item.message, item.severity, item.fix) for item in report.counted
        ],
        "gaps": sorted(set(report.snapshot.gaps)),
        "skipped": [item.rule.code for item in report.skipped],
        "time": report.snapshot.taken_at,
        "controller": report.snapshot.controller,
        "settling": [item.owner for item in report.settling],
    }
