"""What a rule is: data plus one pure function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from lbdoctor.domain.findings import Finding, Severity, SubjectKind, SubjectObject
from lbdoctor.domain.refs import Kind
from lbdoctor.domain.snapshot import Snapshot

Check = Callable[..., Iterator[Finding]]
"""``check(subject, snapshot)``; the subject is of the kind that the rule declares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One entry of the catalogue."""

    code: str
    name: str
    noun: str
    """What many of its findings are called: ``12 stuck``."""

    severity: Severity
    varies: bool
    """Whether the rule sets the severity of each finding itself."""

    summary: str
    explanation: str
    remedy: str
    subject: SubjectKind
    needs: frozenset[Kind]
    """Without these kinds the rule is skipped, by name."""

    uses: frozenset[Kind]
    """It looks at these too, where they were read."""

    waits_for: frozenset[str]
    """Codes that explain this one when they are found as well."""

    function: Check

    def check(self, subject: SubjectObject, snapshot: Snapshot) -> Iterator[Finding]:
        """Yield what is wrong with one subject, stamped with code and severity."""
        return self.check_all((subject,), snapshot)

    def check_all(self, subjects: Iterable[SubjectObject], snapshot: Snapshot) -> Iterator[Finding]:
        """Yield what is wrong with some subjects, in their order."""
        function = self.function
        for subject in subjects:
            for finding in function(subject, snapshot):
                severity = finding.severity if self.varies else self.severity
                yield replace(finding, code=self.code, severity=severity)

    @property
    def docs(self) -> str:
        """Where the code is documented; this does not change."""
        return f"CODES.md#{self.code.lower()}"


def rule(  # noqa: PLR0913 - one keyword a column of the catalogue
    code: str,
    name: str,
    severity: Severity,
    *,
    on: SubjectKind,
    summary: str,
    remedy: str,
    needs: Iterable[Kind],
    uses: Iterable[Kind] = (),
    waits_for: Iterable[str] = (),
    varies: bool = False,
    noun: str = "",
) -> Callable[[Check], Rule]:
    """Make a rule of a function; its docstring is the explanation."""

    def make(function: Check) -> Rule:
        return Rule(
            code=code,
            name=name,
            noun=noun or name.partition("-")[0],
            severity=severity,
            varies=varies,
            summary=summary,
            explanation=inspect.getdoc(function) or "",
            remedy=remedy,
            subject=on,
            needs=frozenset(needs),
            uses=frozenset(uses),
            waits_for=frozenset(waits_for),
            function=function,
        )

    return make
