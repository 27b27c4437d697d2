"""Measures commands side by side, as whole processes, in rounds that take turns."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launcher.py")
ROOT = Path(__file__).parents[2]
PYTHON = sys.executable
LONGEST = 240.0
"""Seconds after which a command is given up."""

FAILURES = 2
"""How often a command may fail: an API server that was just filled has its moments."""

SLOW = 20.0
"""Seconds from which on one run of a command has to do."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """A command, how it may end, and what its output has to be."""

    name: str
    command: Sequence[str]
    codes: frozenset[int] = frozenset({0})
    is_right: Callable[[bytes], bool] = lambda _output: True


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: seconds, seconds of processor, megabytes at the peak."""

    wall: float
    cpu: float
    peak: float


@dataclass(frozen=True, slots=True)
class Result:
    """The medians of all runs of one contestant, or why there are none."""

    name: str
    samples: tuple[Sample, ...] = ()
    failure: str = ""

    @property
    def wall(self) -> float:
        return statistics.median(sample.wall for sample in self.samples)

    @property
    def cpu(self) -> float:
        return statistics.median(sample.cpu for sample in self.samples)

    @property
    def peak(self) -> float:
        return statistics.median(sample.peak for sample in self.samples)


class WrongError(Exception):
    """A command failed, or printed what it should not."""


@dataclass(slots=True)
class Field:
    """Runs contestants in a directory, and says on stderr what it does."""

    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def race(self, contestants: Sequence[Contestant], rounds: int) -> dict[str, Result]:
        """Return a result for each name; one that fails twice is left out from then on."""
        samples: dict[str, list[Sample]] = {each.name: [] for each in contestants}
        failures: dict[str, list[str]] = {each.name: [] for each in contestants}
        for number in range(1, rounds + 1):
            for each in contestants:
                so_far, failed = samples[each.name], failures[each.name]
                if len(failed) == FAILURES or (so_far and so_far[0].wall > SLOW):
                    continue
                try:
                    so_far.append(self.run(each))
                except WrongError as error:
                    failed.append(str(error))
                    say(f"  {each.name}: {error}")
                    continue
                say(f"  {number}/{rounds} {each.name}: {so_far[-1].wall:.2f} s")
        return {
            name: Result(name, tuple(found), "; ".join(failures[name]))
            for name, found in samples.items()
        }

    def run(self, contestant: Contestant) -> Sample:
        """Run a command once.

        Raises:
            WrongError: It failed, took too long, or its output is not right.
        """
        output, errors = self.directory / "stdout", self.directory / "stderr"
        words = [PYTHON, "-I", "-S", str(LAUNCHER), str(output), *contestant.command]
        with errors.open("wb") as stream, _group(words, stream.fileno(), self._environ()) as child:
            try:
                printed, _ = child.communicate(timeout=LONGEST)
            except subprocess.TimeoutExpired as error:
                raise WrongError(f"took longer than {LONGEST:.0f} s") from error
        if child.returncode:
            raise WrongError(f"could not be started: {errors.read_text()[-300:]}")
        cost = json.loads(printed)
        if cost["code"] not in contestant.codes:
            raise WrongError(f"exit code {cost['code']}: {errors.read_text()[-300:].strip()}")
        if not contestant.is_right(output.read_bytes()):
            raise WrongError("its output is not what it should be")
        return Sample(cost["wall"], cost["cpu"], cost["peak"])

    def _environ(self) -> dict[str, str]:
        return {**os.environ, **self.environment}


@contextmanager
def _group(
    words: Sequence[str], stderr: int, environ: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process in a group of its own, and leave nothing of the group behind."""
    child = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        cwd=ROOT,
        env=environ,
        start_new_session=True,
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        if child.stdout:
            child.stdout.close()


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
