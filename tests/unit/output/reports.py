"""Reports with defaults, so that a test names only what it is about."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from lbdoctor.diagnosis.report import Report, Skipped
from lbdoctor.domain.controller import Controller
from lbdoctor.domain.findings import Evidence, Finding, Severity, Subject, SubjectKind
from lbdoctor.domain.fixes import (
    CarryOutRequest,
    ClearBooking,
    Disposition,
    DropHistory,
    DropRecords,
    Fix,
    HealStuck,
    LoadBalancerId,
    PoolId,
    RecordId,
    ReleaseRecord,
    RemoveRequest,
    RenameRecord,
    RestoreRecord,
    SetCounters,
    SetIpam,
    WakeLoadBalancer,
)
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import IPPool
from lbdoctor.domain.refs import Kind, ObjectRef, Owner
from lbdoctor.domain.snapshot import Gap, Origin, OriginKind, Snapshot
from lbdoctor.output import Format, renderer
from lbdoctor.rules import find

NOON = datetime(2026, 8, 20, 12, 0, 0, tzinfo=UTC)
LIVE = Origin(OriginKind.LIVE, "prod", "https://10.0.0.1:6443")
FILE = Origin(OriginKind.FILE, "pools.yaml")
POOL = PoolId("p1", "uid-p1")
UNSEEN = PoolId("p1", "")
WEB = LoadBalancerId(Owner("a", "web"), "uid-web")
RECORD = RecordId("10.0.0.5", "a/web")

ACTIONS = (
    ReleaseRecord(POOL, RECORD, keeps_history=True),
    ReleaseRecord(UNSEEN, RecordId("", ""), keeps_history=False),
    DropRecords(POOL, (RECORD, RecordId("x", "y"))),
    DropRecords(POOL, (RECORD,), fence=WEB),
    RenameRecord(POOL, RecordId("::ffff:10.0.0.5", "a/web"), "10.0.0.5"),
    RestoreRecord(POOL, RECORD, WEB),
    SetCounters(POOL, -2, 0, ""),
    DropHistory(POOL, RECORD),
    CarryOutRequest(POOL, RECORD, "10.0.0.5: a/web"),
    RemoveRequest(POOL, ""),
    HealStuck(POOL, (RECORD,), LoadBalancerId(Owner("a", "web"), "")),
    ClearBooking(WEB, "p1", "10.0.0.5"),
    WakeLoadBalancer(WEB),
    SetIpam(WEB, "pool"),
)


def finding(code: str = "LBD101", address: str = "10.0.0.5", **more: Any) -> Finding:
    """Return a confirmed finding about a record, unless told otherwise."""
    pool = more.setdefault("pool", "p1")
    owner = f"a/gone-{address.rpartition('.')[2]}"
    defaults: dict[str, Any] = {
        "subject": Subject(SubjectKind.RECORD, address, pool=pool, owner=owner),
        "message": f"{address} is held for {owner}, which does not exist",
        "short": f"held for {owner}, which is gone",
        "evidence": (
            Evidence(ObjectRef(Kind.IP_POOL, pool), f"status.allocated[{address}]", owner),
        ),
        "severity": find(code).severity,
        "confirmed": True,
    }
    return Finding(code=code, address=address, **{**defaults, **more})


def fixed(action: Any) -> Finding:
    return finding(fix=Fix("do it", Disposition.SAFE, action))


def report(*findings: Finding, **more: Any) -> Report:
    """Return a report of one pool and one LoadBalancer of a live cluster."""
    defaults: dict[str, Any] = {
        "origin": LIVE,
        "taken_at": NOON,
        "ip_pools": (IPPool(name="p1"),),
        "load_balancers": (LoadBalancer(namespace="a", name="web"),),
        "controller": Controller(tag="v1.5.1", available=True, webhook_ready=True),
    }
    snapshot = Snapshot(**{**defaults, **more})
    return Report(snapshot, findings)


def small_report() -> Report:
    """Return a report with something of everything that a reader may see."""
    api = Subject(SubjectKind.LOAD_BALANCER, "api", "a")
    release = Fix("release it", Disposition.SAFE, ReleaseRecord(POOL, RECORD, keeps_history=True))
    drift = Evidence(ObjectRef(Kind.IP_POOL, "p1"), "status.total", "1")
    found = (
        *(finding(address=f"10.0.0.{10 + index}") for index in range(11)),
        finding(address="10.1.0.5", pool="p2", fix=release),
        finding(
            "LBD206",
            address="",
            pool="",
            subject=api,
            message="no pool matches a/api; closest is p1: namespace is 'b', wanted 'a'",
            evidence=(Evidence(ObjectRef(Kind.LOAD_BALANCER, "api", "a"), "namespace", ""),),
            causes=("LBD001",),
        ),
        finding("LBD105", "", message="total 1", ignored="a test", evidence=(drift,)),
        finding("LBD108", "", severity=Severity.INFO, message="1 of 2 taken", evidence=(drift,)),
        finding(address="10.0.0.99", confirmed=False),
    )
    findings = (replace(item, remedy="do what helps") for item in found)
    gaps = (Gap(Kind.SERVICE, "forbidden"), Gap(Kind.IP_POOL, "malformed: spec", name="p2"))
    whole = report(*findings, gaps=gaps, scope=frozenset({"b", "a"}))
    return replace(whole, skipped=(Skipped(find("LBD209"), "no Service could be read"),))


def rendered(found: Report, output: Format = Format.TABLE) -> str:
    stream = io.StringIO()
    renderer(output)(found, stream)
    return stream.getvalue()


def lines(found: Report, output: Format = Format.TABLE) -> Sequence[str]:
    return rendered(found, output).splitlines()
