"""Measure everything and print a Markdown table: see ``--help``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.apiserver import binaries
from tests.bench import cluster, live, objects, offline, startup, tables
from tests.bench.measuring import Field, Result, say

SIZES = (1_000, 10_000, 50_000, 100_000)
ROUNDS = {1_000: 5, 10_000: 7}
FEW_ROUNDS = 3
START_ROUNDS = 15

BySize = dict[int, Mapping[str, Result]]


def main(words: Sequence[str] | None = None) -> int:
    options = _options(words)
    if not options.offline and binaries.find() is None:
        sys.stderr.write(
            f"no etcd and kube-apiserver in {binaries.directory()}: "
            "run python -m tests.apiserver.build, or pass --offline\n"
        )
        return 1
    with tempfile.TemporaryDirectory(prefix="lbdoctor-bench-") as name:
        field = Field(Path(name))
        starts = startup.starts()
        say("start-up")
        started = field.race(
            [startup.base(), *(start.contestant for start in starts)], START_ROUNDS
        )
        files = _offline(field, options.sizes)
        scans = {} if options.offline else _live(field, options.sizes)
    command = " ".join(["python -m tests.bench", *(sys.argv[1:] if words is None else words)])
    parts = [
        tables.heading(command),
        *([tables.of_live(scans)] if scans else []),
        tables.of_offline(files),
        tables.of_startup(started, starts),
        *(f"- missed: {line}\n" for line in tables.missed(scans, files, starts, started)),
    ]
    options.output.write("\n".join(parts))
    return 0


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--sizes", type=_sizes, default=SIZES, help="as in 1000,10000")
    parser.add_argument("--offline", action="store_true", help="measure no API server")
    parser.add_argument("--output", type=argparse.FileType("w"), default=sys.stdout)
    return parser.parse_args(words)


def _sizes(text: str) -> tuple[int, ...]:
    sizes = tuple(sorted({int(part) for part in text.split(",")}))
    if any(size <= 0 or size % objects.PER_POOL for size in sizes):
        raise argparse.ArgumentTypeError(f"not multiples of {objects.PER_POOL}: {text}")
    return sizes


def _live(field: Field, sizes: Sequence[int]) -> BySize:
    found = binaries.find()
    results: BySize = {}
    if found is None:
        return results
    with cluster.started(found) as filled:
        for size in sizes:
            say(f"live, {size} LoadBalancers")
            filled.grow(size)
            racing = live.contestants(filled.kubeconfig, size, field.directory)
            results[size] = field.race(racing, ROUNDS.get(size, FEW_ROUNDS))
    return results


def _offline(field: Field, sizes: Sequence[int]) -> BySize:
    results: BySize = {}
    for size in sizes:
        say(f"files, {size} LoadBalancers")
        with tempfile.TemporaryDirectory(dir=field.directory) as name:
            racing = offline.contestants(Path(name), size)
            results[size] = field.race(racing, FEW_ROUNDS)
    return results


if __name__ == "__main__":
    sys.exit(main())
