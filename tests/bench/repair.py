"""Measure repairs on a real API server, and print a Markdown table.

``python -m tests.bench.repair``: releases through both doors, and from stuck to address; it
takes long, nearly all of it for the releases that the controller carries out; a number after
it asks for so many of those only, out of the same pool.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lbdoctor.cli.main import main as lbdoctor
from lbdoctor.cluster import open_writable
from lbdoctor.cluster.live.writes import LiveCluster
from tests.apiserver import binaries, definitions
from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.gateway import Gateway
from tests.apiserver.harvester import patch_pool
from tests.apiserver.repair.scene import booking, deploy, load_balancer, pool, records
from tests.apiserver.standin import FreeRunning
from tests.apiserver.waiting import wait_until
from tests.bench.measuring import say

STALE: Final = 1000
STUCK: Final = 20
STUCK_FOR: Final = 25.0
"""Seconds until they are repaired; the back-off is then 20 s long, and a quarter over."""

SECONDS: Final = 180.0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    seconds: str
    writes: str


def main() -> int:
    found = binaries.find()
    if found is None:
        sys.stderr.write("no etcd and kube-apiserver: run python -m tests.apiserver.build\n")
        return 1
    with tempfile.TemporaryDirectory(prefix="lbdoctor-bench-") as state:
        os.environ["XDG_STATE_HOME"] = state
        with ControlPlane(found) as plane:
            for file in definitions.ALWAYS:
                plane.install(file)
            rows = list(measured(plane))
    sys.stdout.write("| repair | time | writes |\n|---|---|---|\n")
    for row in rows:
        sys.stdout.write(f"| {row.what} | {row.seconds} | {row.writes} |\n")
    return 0


def measured(plane: ControlPlane) -> Iterator[Row]:
    for measure in (direct, by_controller, woken, not_woken):
        say(measure.__name__)
        yield measure(plane)
        plane.empty()


def direct(plane: ControlPlane) -> Row:
    """Release the records of one pool, the looks before it included."""
    deploy(plane, "v1.9.0")
    with_stale(plane, STALE)
    with Gateway(plane) as gateway:
        began = time.monotonic()
        run(gateway.kubeconfig(), "repair", "pool/edge", "--max-releases", "2000")
        took = time.monotonic() - began
        assert len(records(plane, "edge")) == 1
        return Row(
            f"{STALE:,} stale records of one pool, direct door, a grace of 1 s and all looks",
            f"{took:.1f} s",
            str(gateway.writes),
        )


def by_controller(plane: ControlPlane) -> Row:
    """Release the records of one pool one by one, each by a process of its own."""
    deploy(plane, "v1.9.0")
    with_stale(plane, STALE)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else STALE
    with controller(plane, "v1.9.0"), Gateway(plane) as gateway:
        began = time.monotonic()
        gone = [item for item in records(plane, "edge").items() if "gone" in item[1]]
        for ip, owner in gone[:count]:
            release(gateway.kubeconfig(), ip, owner)
        took = time.monotonic() - began
        assert len(records(plane, "edge")) == 1 + STALE - count
        return Row(
            f"{count:,} of {STALE:,} stale records of one pool, controller door, a process each",
            f"{took:.0f} s",
            str(gateway.writes),
        )


def woken(plane: ControlPlane) -> Row:
    """Heal stuck LoadBalancers of v0.4.0, as repair does."""
    with stuck(plane), Gateway(plane) as gateway:
        said = run(gateway.kubeconfig(), "repair")
        took = [float(item) for item in re.findall(r"after ([0-9.]+) s", said)]
        assert len(took) == STUCK, said
        return Row(f"{STUCK} stuck on v0.4.0, {each(took)}", _median(took), str(gateway.writes))


def not_woken(plane: ControlPlane) -> Row:
    """Take the records away by hand, and wait until the controller looks again by itself."""
    with stuck(plane):
        names = [owner.partition("/")[2] for owner in records(plane, "edge").values()]
        history = records(plane, "edge")
        began = time.monotonic()
        freed = dict.fromkeys(history)
        patch_pool(plane.api, "edge", {"allocated": freed, "allocatedHistory": history})
        took: dict[str, float] = {}

        def are_booked() -> bool:
            for name in names:
                if name not in took and booking(plane, name):
                    took[name] = time.monotonic() - began
            return len(took) == len(names)

        wait_until(are_booked, "bookings", seconds=SECONDS)
        seconds = list(took.values())
        return Row(f"the same by hand, not woken, {each(seconds)}", _median(seconds), "1")


@contextmanager
def stuck(plane: ControlPlane) -> Iterator[None]:
    """Have LoadBalancers that have been stuck long enough for a back-off of some seconds."""
    deploy(plane, "v0.4.0")
    held = {f"10.9.0.{10 + n}": f"default/stuck-{n}" for n in range(STUCK)}
    plane.api.create(pool("edge", held))
    for ip, owner in held.items():
        plane.api.create(load_balancer(owner.partition("/")[2], "edge", stuck_on=ip))
    with controller(plane, "v0.4.0"):
        time.sleep(STUCK_FOR)
        yield


@contextmanager
def controller(plane: ControlPlane, tag: str) -> Iterator[None]:
    api = open_writable(kubeconfig=str(plane.kubeconfig()), context=None, timeout=30.0)
    assert isinstance(api, LiveCluster)
    with FreeRunning(api, tag) as running:
        running.settle()
        yield


def with_stale(plane: ControlPlane, count: int) -> None:
    stale = {f"10.9.{1 + n // 250}.{1 + n % 250}": f"default/gone-{n}" for n in range(count)}
    plane.api.create(pool("edge", {"10.9.0.5": "default/lives"} | stale, subnet="10.9.0.0/16"))
    plane.api.create(load_balancer("lives", "edge", "10.9.0.5"))


def run(kubeconfig: Path, command: str, *arguments: str) -> str:
    """Run the program in this process; return what it said."""
    yes = ("--yes", "--grace", "1s") if command == "repair" else ()
    words = [command, *arguments, *yes, "--kubeconfig", str(kubeconfig)]
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = lbdoctor(words)
    assert code == 0, (words, code, said.getvalue())
    return said.getvalue()


def release(kubeconfig: Path, ip: str, owner: str) -> None:
    """Have the controller release a record, as one process."""
    words = ("-m", "lbdoctor", "release", ip, owner, "--via", "controller")
    subprocess.run(
        [sys.executable, *words, "--kubeconfig", str(kubeconfig)], check=True, capture_output=True
    )


def each(took: list[float]) -> str:
    return f"each {min(took):.1f} to {max(took):.1f} s"


def _median(took: list[float]) -> str:
    return f"median {statistics.median(took):.2f} s"


if __name__ == "__main__":
    sys.exit(main())
