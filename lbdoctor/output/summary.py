"""The sentences about a report that several formats share."""

from __future__ import annotations

from lbdoctor.diagnosis.report import Report
from lbdoctor.domain.findings import Severity
from lbdoctor.domain.fixes import Disposition
from lbdoctor.domain.snapshot import OriginKind
from lbdoctor.output.text import plural, visible


def where(report: Report) -> str:
    """Say where the objects come from: ``context prod`` or ``file pools.yaml``."""
    origin = report.snapshot.origin
    name = visible(origin.name)
    match origin.kind:
        case OriginKind.LIVE:
            return f"context {name}"
        case OriginKind.FILE:
            return name if name == "standard input" else f"file {name}"
        case OriginKind.SNAPSHOT:
            return f"snapshot {name} of context {visible(origin.server)}"
        case OriginKind.BUNDLE:
            return f"support bundle {name}"
        case OriginKind.MEMORY:
            return f"made-up cluster {name}"


def what_was_read(report: Report) -> tuple[str, ...]:
    """Return the parts of the first line: source, controller, counts, namespaces."""
    snapshot = report.snapshot
    parts = [
        where(report),
        f"controller {visible(snapshot.controller.tag) or 'unknown'}",
        plural(len(snapshot.ip_pools), "pool"),
        plural(len(snapshot.load_balancers), "load balancer"),
    ]
    if snapshot.scope is not None:
        names = ", ".join(visible(name) for name in sorted(snapshot.scope))
        parts.append(f"only namespace {names}")
    return tuple(parts)


def totals(report: Report) -> str:
    """Say how many problems there are, and whether everything could be read."""
    counts = report.by_severity
    number = sum(counts.values())
    by_severity = ", ".join(
        f"{counts[severity]} {severity}" for severity in reversed(Severity) if counts[severity]
    )
    found = f"{plural(number, 'problem')} ({by_severity})" if number else ""
    if not report.is_complete or report.skipped:
        return f"{found or 'no problems in what was read'}; not everything could be read:"
    if not found:
        found = "no confirmed problems" if report.unconfirmed else "no problems found"
        if report.left_out:
            found += f" ({plural(report.left_out, 'code')} left out)"
    if report.snapshot.origin.can_be_confirmed:
        return f"{found}; everything {_but_the_controller(report)}could be read"
    return f"{found}, as far as {visible(report.snapshot.origin.name)} goes"


def _but_the_controller(report: Report) -> str:
    """Say so where nothing tells whether the controller runs (LBD001, LBD002)."""
    snapshot = report.snapshot
    is_known = snapshot.controller.tag or snapshot.controller.available is not None
    has_objects = snapshot.ip_pools or snapshot.load_balancers
    return "" if is_known or not has_objects else "but the controller "


def settling(report: Report) -> str:
    """Say which LoadBalancers are too young to be judged; empty if there are none."""
    names = [str(lb.owner) for lb in report.settling]
    if not names:
        return ""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return (
        f"{plural(len(names), 'load balancer')} with a record but no address changed less than "
        f"10 s before the look, look again: {visible(', '.join(names[:3]))}{more}"
    )


def notes(report: Report) -> list[str]:
    """Return what holds for every finding of a code, once."""
    said = {(item.code, item.note): None for item in report.counted if item.note}
    return [f"{code}: {visible(note)}" for code, note in said]


def unread(report: Report) -> list[str]:
    """Return a line for each thing that could not be read, and each rule left out by it."""
    gaps = sorted(set(report.snapshot.gaps))
    lines = [f"{visible(gap.subject)}: {visible(gap.reason)}" for gap in gaps]
    if report.skipped:
        codes = ", ".join(item.rule.code for item in report.skipped)
        lines.append(f"not checked for lack of it: {codes}")
    return lines


def next_command(report: Report) -> str:
    """Return what to type next."""
    if report.snapshot.origin.can_be_confirmed and any(
        item.fix is not None and item.fix.disposition is Disposition.SAFE for item in report.counted
    ):
        return "lbdoctor repair (it shows its plan and asks), or lbdoctor explain CODE"
    if report.counted:
        return f"lbdoctor explain {report.counted[0].code}"
    if report.is_complete:
        return "lbdoctor explain"
    match report.snapshot.origin.kind:
        case OriginKind.FILE:
            return "kubectl get ippools.loadbalancer.harvesterhci.io,lb,svc -A -o yaml > FILE"
        case OriginKind.SNAPSHOT:
            return "lbdoctor collect DIR, as somebody who may read more"
        case OriginKind.BUNDLE:
            return (
                "lbdoctor scan on the cluster, or a bundle made with the missing namespaces in "
                "the setting support-bundle-namespaces"
            )
        case _:
            return "kubectl auth can-i --list"
