"""The case files of tests/cases: manifests in, findings out (see README.md there)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from lbdoctor.cluster.api import Api, Manifest
from lbdoctor.cluster.files import FileApi, kind_of
from lbdoctor.cluster.objects import Objects
from lbdoctor.cluster.reader import Reader
from lbdoctor.diagnosis.look import look
from lbdoctor.diagnosis.report import Report
from lbdoctor.domain.findings import Finding
from lbdoctor.domain.refs import Kind
from lbdoctor.domain.snapshot import Origin, OriginKind
from lbdoctor.rules import CATALOGUE

ROOT = Path(__file__).parents[2] / "cases"
NOW = "2026-08-20T10:00:00Z"
KEYS = frozenset({"now", "confirmable", "scope", "given", "expect"})
EXPECTED_KEYS = frozenset(
    {"subject", "severity", "fix", "disposition", "keepsHistory", "message", "without"}
    | {"remedy", "causes", "confirmed", "ignored"}
)


@dataclass(frozen=True)
class Case:
    """One case file. ``expect`` tells the findings of the code its directory names."""

    path: Path
    given: list[Manifest]
    expect: list[dict[str, Any]]
    now: datetime
    confirmable: bool = True
    scope: frozenset[str] | None = None
    unknown: frozenset[str] = field(default_factory=frozenset)

    @property
    def code(self) -> str:
        return self.path.parent.name

    @property
    def name(self) -> str:
        return f"{self.code}/{self.path.stem}"

    def api(self) -> Api:
        """Return the manifests as a cluster; not confirmable: as a file, which may lack kinds."""
        kind = OriginKind.MEMORY if self.confirmable else OriginKind.FILE
        cluster = Objects(Origin(kind, self.name), now=self.now)
        held: set[Kind] = set()
        for manifest in self.given:
            found = kind_of(manifest)
            assert found is not None, f"{self.name}: {manifest.get('kind')} is no kind we read"
            held.add(found)
            cluster.put(found, manifest)
        return cluster if self.confirmable else FileApi(cluster, frozenset(held))

    def look(self) -> Report:
        return look(Reader(self.api()), scope=self.scope, rules=CATALOGUE)

    def found(self) -> list[Finding]:
        return [item for item in self.look().findings if item.code == self.code]


def described(finding: Finding, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the finding in the words of a case file, as far as the case asks."""
    fix = finding.fix
    action = type(fix.action).__name__ if fix else "none"
    known: dict[str, Any] = {
        "subject": finding.subject.spelling,
        "severity": str(finding.severity),
        "fix": action[0].lower() + action[1:],
        "disposition": str(fix.disposition) if fix else "none",
        "keepsHistory": getattr(fix.action, "keeps_history", None) if fix else None,
        "causes": list(finding.causes),
        "confirmed": finding.confirmed,
        "ignored": finding.ignored,
    }
    for key in ("message", "remedy"):
        text = getattr(finding, key)
        part = wanted.get(key)
        known[key] = part if part and part in text else text
    without = wanted.get("without", "")
    known["without"] = finding.message if without in finding.message else without
    return {key: known[key] for key in wanted}


def read_case(path: Path) -> Case:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    unknown = frozenset(data) - KEYS
    scope = data.get("scope")
    return Case(
        path=path,
        given=data["given"],
        expect=data["expect"],
        now=datetime.fromisoformat(str(data.get("now", NOW))).astimezone(UTC),
        confirmable=data.get("confirmable", True),
        scope=None if scope is None else frozenset(scope),
        unknown=unknown
        | {key for item in data["expect"] for key in item if key not in EXPECTED_KEYS},
    )


def all_cases() -> list[Case]:
    return [read_case(path) for path in sorted(ROOT.glob("LBD*/*.yaml"))]
