"""The report as JSON and YAML, field by field: renaming a class changes no promise.

The schema is ``report.schema.json`` beside this file.
"""

from __future__ import annotations

import json
from typing import Any, Final, TextIO

from lbdoctor import __version__
from lbdoctor.diagnosis.report import Report
from lbdoctor.domain.findings import Evidence, Finding, Severity
from lbdoctor.domain.refs import ObjectRef
from lbdoctor.domain.snapshot import Gap, Snapshot
from lbdoctor.output.fixes import fix_document
from lbdoctor.output.text import moment
from lbdoctor.repair.stamps import stamp
from lbdoctor.rules import find

Document = dict[str, Any]

SCHEMA_VERSION: Final = 1


def render_json(report: Report, stream: TextIO) -> None:
    """Write the report as one JSON document, in ASCII, with a finding a line.

    Not indented throughout: thousands of findings take four times as long so.
    """
    stream.write(json.dumps(_head(report), indent=2).removesuffix("\n}"))
    stream.write(',\n  "findings": [')
    for number, finding in enumerate(report.findings):
        told = _finding(finding, report.snapshot)
        stream.write(f"{',' if number else ''}\n    {json.dumps(told)}")
    stream.write("\n  ]\n}\n" if report.findings else "]\n}\n")


def render_yaml(report: Report, stream: TextIO) -> None:
    """Write the same document as YAML."""
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    plain = _encodable(document(report))
    yaml.dump(plain, stream, Dumper=dumper, sort_keys=False, width=1000)


def _encodable(value: object) -> object:
    """Return the value with lone surrogates as escapes: YAML cannot hold one."""
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode("utf-8")
        case list():
            return [_encodable(item) for item in value]
        case dict():
            return {key: _encodable(item) for key, item in value.items()}
        case _:
            return value


def document(report: Report) -> Document:
    """Return the report as plain data."""
    findings = [_finding(finding, report.snapshot) for finding in report.findings]
    return {**_head(report), "findings": findings}


def _head(report: Report) -> Document:
    """Return all but the findings."""
    counts = report.by_severity
    return {
        "schemaVersion": SCHEMA_VERSION,
        "kind": "Report",
        "lbdoctor": __version__,
        "source": _source(report.snapshot),
        "takenAt": moment(report.snapshot.taken_at) or None,
        "controller": _controller(report.snapshot),
        "read": {
            "ipPools": len(report.snapshot.ip_pools),
            "loadBalancers": len(report.snapshot.load_balancers),
        },
        "complete": report.is_complete and not report.skipped,
        "gaps": [_gap(gap) for gap in sorted(set(report.snapshot.gaps))],
        "skipped": [{"code": item.rule.code, "reason": item.reason} for item in report.skipped],
        "summary": {
            **{str(severity): counts[severity] for severity in reversed(Severity)},
            "unconfirmed": len(report.unconfirmed),
        },
        "settling": [str(lb.owner) for lb in report.settling],
    }


def _source(snapshot: Snapshot) -> Document:
    origin = snapshot.origin
    return {
        "type": str(origin.kind),
        "name": origin.name,
        "server": origin.server or None,
        "namespaces": sorted(snapshot.scope) if snapshot.scope is not None else None,
    }


def _controller(snapshot: Snapshot) -> Document:
    controller = snapshot.controller
    return {
        "version": controller.tag or None,
        "available": controller.available,
        "webhookReady": controller.webhook_ready,
    }


def _gap(gap: Gap) -> Document:
    return {
        "kind": str(gap.kind),
        "namespace": gap.namespace or None,
        "name": gap.name or None,
        "reason": gap.reason,
    }


def _finding(finding: Finding, snapshot: Snapshot) -> Document:
    rule = find(finding.code)
    return {
        "code": finding.code,
        "name": rule.name,
        "severity": str(finding.severity),
        "confirmed": finding.confirmed,
        "firstSeen": moment(finding.first_seen) or None,
        "subject": _subject(finding),
        "pool": finding.pool or None,
        "address": finding.address or None,
        "message": finding.message,
        "evidence": [_evidence(item) for item in finding.evidence],
        "remedy": finding.remedy or rule.remedy,
        "docs": rule.docs,
        "causes": list(finding.causes),
        "ignored": finding.ignored,
        "fix": fix_document(finding.fix) if finding.fix else None,
        "stamp": _stamp(finding, snapshot),
    }


def _stamp(finding: Finding, snapshot: Snapshot) -> Document | None:
    """Return what a repair that goes by this report expects to find unchanged."""
    found = stamp(finding, snapshot)
    return {"pool": found.pool or None, "parts": list(found.parts)} if found else None


def _subject(finding: Finding) -> Document:
    subject = finding.subject
    return {
        "kind": str(subject.kind),
        "namespace": subject.namespace or None,
        "name": subject.name,
        "pool": subject.pool or None,
        "owner": subject.owner or None,
        "spelling": subject.spelling or None,
    }


def _evidence(item: Evidence) -> Document:
    return {"object": _object(item.ref), "field": item.field, "value": item.value}


def _object(ref: ObjectRef) -> Document:
    return {"kind": str(ref.kind), "namespace": ref.namespace or None, "name": ref.name}
