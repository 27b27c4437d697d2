"""Failures with a message fit for the operator, and the next thing to try."""

from __future__ import annotations


class LbdoctorError(Exception):
    """An expected failure: what happened, where, and a hint on what to do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(LbdoctorError):
    """The command line asks for something that cannot be meant."""


class UnreadableError(LbdoctorError):
    """Nothing could be read: no diagnosis was made."""
