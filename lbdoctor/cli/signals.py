"""SIGTERM as an exception, wherever the program is."""

from __future__ import annotations

from types import FrameType


class Terminated(BaseException):
    """SIGTERM came in."""


def terminate(_signal: int, _frame: FrameType | None) -> None:
    raise Terminated
