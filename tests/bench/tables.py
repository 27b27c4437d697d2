"""What was measured, as Markdown for the README."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from lbdoctor import __version__
from tests.apiserver import binaries
from tests.bench import live, offline, startup
from tests.bench.measuring import Result

SCAN_BUDGET = 1.3
MEMORY_BUDGET = 100
YAML_BUDGET = (15.0, 150)


def heading(command: str) -> str:
    """Say when and where this was measured, and how to do it again."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("kubernetes", "typer", "PyYAML"))
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} with `{command}`: lbdoctor {__version__}, "
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores ({_processor()}), "
        f"Python {platform.python_version()}, {packages}, kube-apiserver {binaries.version()}, "
        f"kubectl {_kubectl() or 'not installed'}, jq {_jq() or 'not installed'}.\n"
    )


def of_live(by_size: Mapping[int, Mapping[str, Result]]) -> str:
    rows = []
    for size, results in by_size.items():
        for name in (live.RAW, live.IMPORTS, live.SCAN, live.NAIVE, live.KUBECTL):
            result = results.get(name, Result(name, failure="kubectl or jq is not installed"))
            rows.append([f"{size:,}", name, *_cost(result), _beside_the_floor(result, results)])
    columns = ["load balancers", "live", "wall", "CPU", "peak", "times raw fetch + imports"]
    return _table(columns, rows)


def of_offline(by_size: Mapping[int, Mapping[str, Result]]) -> str:
    rows = [
        [f"{size:,}", name, *_cost(result)]
        for size, results in by_size.items()
        for name, result in results.items()
    ]
    return _table(["load balancers", "files", "wall", "CPU", "peak"], rows)


def of_startup(results: Mapping[str, Result], starts: Sequence[startup.Start]) -> str:
    budgets = {start.contestant.name: start.budget for start in starts}
    base = results[startup.BASE]
    rows = []
    for name, result in results.items():
        ratio = f"{result.wall / base.wall:.2f}" if result.samples and base.samples else "-"
        budget = f"{budgets[name]:.1f}" if name in budgets else "-"
        cost = f"{result.wall * 1000:.0f} ms" if result.samples else result.failure
        rows.append([name, cost, ratio, budget])
    return _table(["start-up", "wall", "times import typer", "budget"], rows)


def missed(
    of_scans: Mapping[int, Mapping[str, Result]],
    of_files: Mapping[int, Mapping[str, Result]],
    starts: Sequence[startup.Start],
    results: Mapping[str, Result],
) -> list[str]:
    """Return the budgets that were not met, each in a sentence."""
    found = []
    if 10_000 in of_scans:
        scans = of_scans[10_000]
        scan, ratio = scans[live.SCAN], floor_ratio(scans)
        if ratio is None or ratio > SCAN_BUDGET:
            found.append(f"scan of 10,000: {_number(ratio)} times the floor, not {SCAN_BUDGET}")
        if scan.samples and scan.peak > MEMORY_BUDGET:
            found.append(f"scan of 10,000: {scan.peak:.0f} MB, not {MEMORY_BUDGET}")
    if offline.LARGEST_YAML in of_files:
        file = of_files[offline.LARGEST_YAML][offline.YAML]
        seconds, megabytes = YAML_BUDGET
        if not file.samples or file.wall > seconds or file.peak > megabytes:
            found.append(f"YAML of 10,000: more than {seconds:.0f} s or {megabytes} MB")
    base = results.get(startup.BASE)
    for start in starts:
        result = results.get(start.contestant.name)
        if base and result and result.samples and result.wall > start.budget * base.wall:
            found.append(f"{result.name}: more than {start.budget} times import typer")
    return found


def floor_ratio(results: Mapping[str, Result], name: str = live.SCAN) -> float | None:
    """Return how often the raw fetch and the imports fit into a scan."""
    parts = [results[each] for each in (name, live.RAW, live.IMPORTS)]
    if not all(part.samples for part in parts):
        return None
    return parts[0].wall / (parts[1].wall + parts[2].wall)


def _beside_the_floor(result: Result, results: Mapping[str, Result]) -> str:
    if result.name in (live.RAW, live.IMPORTS) or not result.samples:
        return "-"
    return _number(floor_ratio(results, result.name))


def _number(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.2f}"


def _cost(result: Result) -> list[str]:
    if not result.samples:
        return [result.failure, "-", "-"]
    return [f"{result.wall:.2f} s", f"{result.cpu:.2f} s", f"{result.peak:.0f} MB"]


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(_cell(text) for text in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _processor() -> str:
    try:
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        found = None
    return found[1] if found else platform.processor() or "unknown"


def _kubectl() -> str:
    text = _said("kubectl", "version", "--client")
    found = re.search(r"v(\d+\.\d+\.\d+)", text)
    return found[1] if found else ""


def _jq() -> str:
    return _said("jq", "--version").removeprefix("jq-")


def _said(*command: str) -> str:
    if shutil.which(command[0]) is None:
        return ""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    return done.stdout.strip()
