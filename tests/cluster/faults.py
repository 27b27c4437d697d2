"""Everything that goes wrong on the way to a cluster, and what the user then sees.

``python -m tests.cluster.faults`` runs the program against each and prints the table.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from tests.cli.program import COMMAND, ROOT, Run, environment

SCAN = ("scan", "--request-timeout", "1s")


@dataclass(frozen=True, slots=True)
class Way:
    """How the program is told the way to the cluster."""

    arguments: tuple[object, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def by(kubeconfig: Path, *arguments: object, **environment: str) -> Way:
        return Way(("--kubeconfig", kubeconfig, *arguments), environment)


Arrange = Callable[[Path], AbstractContextManager[Way]]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, the exit code, and parts of the line that tells of it, in their order."""

    name: str
    arrange: Arrange
    code: int
    says: tuple[str, ...]

    def line(self, run: Run) -> str:
        """Return the line that tells."""
        lines = f"{run.stderr}\n{run.stdout}".splitlines()
        pattern = ".*".join(map(re.escape, self.says))
        return next((item.strip() for item in lines if re.search(pattern, item)), "")


def faults() -> list[Fault]:
    from tests.cluster import faulty_answers, faulty_configs, faulty_networks, faulty_plugins

    return [
        *faulty_answers.FAULTS,
        *faulty_networks.FAULTS,
        *faulty_configs.FAULTS,
        *faulty_plugins.FAULTS,
    ]


def file_in(directory: Path, name: str, text: str) -> Path:
    path = directory / name
    path.write_text(text, encoding="utf-8")
    return path


def alone(found: Way) -> Run:
    """Scan in a process of its own."""
    done = subprocess.run(
        [*COMMAND, *SCAN, *map(str, found.arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(**found.environment),
        timeout=60,
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr)


def main() -> None:
    write = sys.stdout.write
    write("| fault | exit | seconds | line |\n|---|---|---|---|\n")
    for fault in faults():
        with (
            tempfile.TemporaryDirectory(prefix="faults-") as name,
            fault.arrange(Path(name)) as found,
        ):
            started = time.monotonic()
            run = alone(found)
            took = time.monotonic() - started
            line = fault.line(run) or f"UNEXPECTED: {run.stderr} {run.stdout[:300]}"
            line = line.replace(name, "/tmp/t").replace("|", "\\|").replace("\n", " ")
            mark = "" if run.code == fault.code else " WRONG"
            write(f"| {fault.name} | {run.code}{mark} | {took:.1f} | {line} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
