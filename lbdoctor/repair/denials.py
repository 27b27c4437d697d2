"""What a refused write means, and what to do about it."""

from __future__ import annotations

import re

from lbdoctor.domain.keys import WEBHOOK
from lbdoctor.repair.port import Unwritten, WriteError

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
