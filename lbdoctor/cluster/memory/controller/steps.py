"""The writes of the controller, by the names that people give them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from enum import StrEnum
from typing import TypeVar

from lbdoctor.cluster.api import Manifest

T = TypeVar("T")


class Step(StrEnum):
    """A write that is about to be sent."""

    W1 = "take an address from the pool"
    W2 = "write the Service"
    W3 = "write the booking"
    W4 = "add the finalizer"
    R1 = "give the address back to the pool"
    R2 = "drop the finalizer"
    POOL_STATUS = "write the pool's status"
    POOL_FINALIZER = "write the pool's finalizer"
    REQUEST_DONE = "remove the release request"


Steps = Generator[Step, None, T]
"""A handler: it yields before each write, and goes on when the write is to be sent."""

Pick = Callable[[Sequence[str]], str]
"""Stands for the random order of Go's maps."""


class HandlerError(Exception):
    """A handler failed and is tried again; ``latest`` is the object as it was last written."""

    def __init__(self, message: str, latest: Manifest | None = None) -> None:
        super().__init__(message)
        self.latest = latest
