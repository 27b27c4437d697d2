"""Runs one command and says what it cost: ``launcher.py OUTPUT COMMAND...``.

A small process of its own, run without site packages: a child's peak memory as Linux counts
it includes that of the process it was forked from.
"""

from __future__ import annotations

import json
import os
import sys
import time


def main(output: str, command: list[str]) -> None:
    sink = (os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    started = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=[sink])
    _, status, used = os.wait4(child, 0)
    wall = time.perf_counter() - started
    kilobytes = used.ru_maxrss / 1024 if sys.platform == "darwin" else used.ru_maxrss
    cost = {
        "wall": wall,
        "cpu": used.ru_utime + used.ru_stime,
        "peak": kilobytes / 1024,
        "code": os.waitstatus_to_exitcode(status),
    }
    sys.stdout.write(json.dumps(cost))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
