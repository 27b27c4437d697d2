"""The cluster of the bundle in tests/data/bundle; ``python -m tests.bundle.sample`` writes it."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import Any

from tests.bundle.collector import collect, pack
from tests.bundle.served import Served
from tests.cli.manifests import deployment, endpoint_slice, lb, lease, namespace, pool, service

DATA = Path(__file__).parents[1] / "data" / "bundle"
COLLECTED = ("harvester-system", "kube-system", "default", "a")
TENANT = "tenant"
"""A namespace that the bundle does not hold."""


def objects() -> list[dict[str, Any]]:
    """Return a cluster with a stuck, a stale, an unknown and some odd records."""
    records = {
        "10.0.0.5": "a/web",
        "10.0.0.6": "a/gone",
        "10.0.0.7": "a/stuck",
        "10.0.0.8": f"{TENANT}/gone",
    }
    held = pool(allocated=records)
    held["spec"]["selector"]["network"] = "a/vlan1"
    wide = pool("wide", net="20.0.0", total=2**22 - 3, available=2**22 - 3)
    wide["spec"].update(ranges=[{"subnet": "20.0.0.0/10"}], selector={"priority": 2})
    huge = pool("huge", net="30.0.0", total=2**62 - 2, available=2**62 - 2)
    huge["spec"].update(ranges=[{"subnet": "fd00::/66"}], selector={"priority": 3})
    stuck = lb("stuck")
    message = 'duplicate allocation is not allowed of "a/stuck"'
    stuck["status"]["conditions"][0]["message"] = message
    return [
        *(held, wide, huge, lb(ip="10.0.0.5"), stuck),
        *(service("dns", "kube-system", ""), deployment(), lease(), endpoint_slice()),
        *(namespace(name) for name in (*COLLECTED, TENANT)),
    ]


def write(into: Path) -> Path:
    """Write the bundle; not compressed, so that every zlib writes the same bytes."""
    with tempfile.TemporaryDirectory() as name:
        packed = pack(
            collect(Served(objects()), Path(name), extra=["a"]), compression=zipfile.ZIP_STORED
        )
        into.mkdir(parents=True, exist_ok=True)
        found = into / packed.name
        found.write_bytes(packed.read_bytes())
    return found


if __name__ == "__main__":
    write(DATA)
