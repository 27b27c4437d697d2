"""A real API server that is filled step by step, past its admission: so it takes seconds."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from tests.apiserver import definitions
from tests.apiserver.binaries import Binaries
from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.resources import IP_POOL, LOAD_BALANCER, Resource
from tests.apiserver.waiting import wait_until
from tests.bench import objects
from tests.bench.measuring import say

BATCH: Final = 100
"""LoadBalancers of one transaction; etcd takes 128 operations and 1.5 MiB."""

KEPT_UP: Final = 20
"""Transactions after which the API server is given the time to follow."""

LONGEST: Final = 300.0
_REMAINING: Final = re.compile(r'"remainingItemCount":(\d+)')


@dataclass(slots=True)
class Filled:
    """The control plane, and how many LoadBalancers were put into it so far."""

    plane: ControlPlane
    size: int = 0

    @property
    def kubeconfig(self) -> Path:
        return self.plane.kubeconfig()

    def grow(self, size: int) -> None:
        """Add what is missing to a cluster of this size, and wait until all of it is served."""
        started = time.monotonic()
        for name in objects.namespaces(size)[self.size // objects.PER_POOL :]:
            self.plane.namespace(name)
        pools = list(objects.pools(size))
        for pool in pools[self.size // objects.PER_POOL :]:
            self.plane.load({_key(IP_POOL, pool["metadata"]["name"]): json.dumps(pool)})
        texts = islice(objects.load_balancers(size), _count(self.size), None)
        number = 0
        while batch := list(islice(texts, BATCH)):
            keys = {_key(LOAD_BALANCER, f"{item[0]}/{item[1]}"): item[2] for item in batch}
            version = self.plane.load(keys)
            number += 1
            last = batch[-1]
            if number % KEPT_UP == 0:
                self._wait_until_known(last, version)
        self._wait_until_known(last, version)
        self.size = size
        self._wait_for(IP_POOL, len(pools))
        self._wait_for(LOAD_BALANCER, _count(size))
        say(f"filled with {size} in {time.monotonic() - started:.0f} s")

    def _wait_until_known(self, last: tuple[str, str, str], version: str) -> None:
        """Wait until the watch cache has what was loaded: it serves nothing else meanwhile."""
        path = f"{LOAD_BALANCER.collection(last[0])}/{last[1]}"

        def is_known() -> bool:
            return self.plane.api.request("GET", path, resourceVersion=version).status == 200

        wait_until(is_known, f"a cache of version {version}", seconds=LONGEST)

    def _wait_for(self, resource: Resource, count: int) -> None:
        def is_served() -> bool:
            answer = self.plane.api.request("GET", resource.everywhere, limit=1, seconds=LONGEST)
            found = _REMAINING.search(answer.body)
            return answer.status == 200 and (int(found[1]) if found else 0) == count - 1

        wait_until(is_served, f"{count} {resource.plural}", seconds=LONGEST)


@contextmanager
def started(found: Binaries) -> Iterator[Filled]:
    """Run an API server as it is shipped, with Harvester's definitions and nothing else."""
    with ControlPlane(found, feature_gates={}) as plane:
        for crd_file in definitions.ALWAYS:
            plane.install(crd_file)
        yield Filled(plane)


def _count(size: int) -> int:
    return size - size // objects.PER_POOL


def _key(resource: Resource, name: str) -> str:
    return f"/registry/{resource.group}/{resource.plural}/{name}"
