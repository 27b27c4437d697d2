"""Every exit code, and what decides it: the report, never the output format."""

from __future__ import annotations

from enum import IntEnum, unique
from typing import TYPE_CHECKING

from lbdoctor.domain.errors import LbdoctorError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lbdoctor.diagnosis.report import Report
    from lbdoctor.domain.findings import Severity
    from lbdoctor.repair.outcomes import Outcome
    from lbdoctor.repair.plan import Plan


@unique
class ExitCode(IntEnum):
    """What the shell sees."""

    OK = 0
    FINDINGS = 1
    """Looked, and something is at or above ``--fail-on``."""

    USAGE = 2
    """Wrong command line; Typer uses this code itself."""

    UNREADABLE = 3
    """Nothing could be read: no diagnosis was made."""

    INCOMPLETE = 4
    """Nothing found, but not everything could be read: no proof of health."""

    FAILED = 5
    """Tried, and failed or not verified."""

    INTERNAL = 70
    """A bug in lbdoctor (EX_SOFTWARE)."""

    INTERRUPTED = 130
    """Ctrl-C."""

    CLOSED_OUTPUT = 141
    """Whoever read the output went away (128 + SIGPIPE)."""

    TERMINATED = 143
    """SIGTERM."""


def for_report(report: Report, fail_on: Severity | None) -> ExitCode:
    """Return the code of a scan; ``fail_on`` None means that findings never decide."""
    if fail_on is not None and report.has_findings(fail_on):
        return ExitCode.FINDINGS
    return ExitCode.OK if report.is_complete and not report.skipped else ExitCode.INCOMPLETE


def for_run(report: Report, plan: Plan, outcomes: Sequence[Outcome]) -> ExitCode:
    """Return the code of a repair: what failed counts most, then what is left."""
    from lbdoctor.repair.outcomes import Result

    results = {outcome.result for outcome in outcomes}
    if Result.FAILED in results:
        return ExitCode.FAILED
    left = results - {Result.DONE, Result.ALREADY}
    if left or any(held.finding.ignored is None for held in plan.held):
        return ExitCode.FINDINGS
    if not outcomes and not (report.is_complete and not report.skipped):
        return ExitCode.INCOMPLETE
    return ExitCode.OK


def for_error(error: LbdoctorError) -> ExitCode:
    return ExitCode.USAGE if isinstance(error, UsageError) else ExitCode.UNREADABLE
