"""What a refused write means, and what to do about it."""

from __future__ import annotations

import re
from typing import Final

from lbdoctor.diagnosis.port import ReadError
from lbdoctor.domain.keys import WEBHOOK
from lbdoctor.repair.guards import GuardError
from lbdoctor.repair.outcomes import Result
from lbdoctor.repair.port import Unwritten, WriteError
from lbdoctor.repair.writing import VerifyError

TROUBLE: Final = (WriteError, GuardError, ReadError, VerifyError)
"""What can come in the way of one item, and of that one alone."""

_DENIED = re.compile(
    r'admission webhook "[^"]*" denied the request: (?:Internal error occurred: )?'
)


def is_harvesters(error: WriteError) -> bool:
    """Whether it is Harvester's own webhook that refuses: then it refuses Harvester as well."""
    return error.why is Unwritten.DENIED and WEBHOOK in str(error)


def explained(error: WriteError) -> str:
    """Return the reason in a few words; the API server's own stay recognisable."""
    text = _DENIED.sub("", str(error))
    match error.why:
        case Unwritten.DENIED:
            whose = "Harvester's webhook" if is_harvesters(error) else "a webhook"
            return f"{whose} refuses it: {text}"
        case Unwritten.FORBIDDEN:
            return f"not allowed: {text} (see lbdoctor preflight --mode repair)"
        case Unwritten.ABSENT:
            return f"it is gone: {text}"
        case Unwritten.CONFLICT:
            return "somebody else wrote to it in between"
        case _:
            return text


def of_trouble(error: Exception) -> tuple[Result, str]:
    """Return how an item ends that one of ``TROUBLE`` came in the way of."""
    if isinstance(error, WriteError):
        return Result.REFUSED, explained(error)
    return Result.REFUSED if isinstance(error, GuardError) else Result.FAILED, str(error)
