"""What an answer of the API server means: an object, proven absence, or a reason."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from lbdoctor.cluster.api import Manifest, Resource, Unwritten, WriteError
from lbdoctor.diagnosis.port import ReadError, Unread

WORTH_A_RETRY: Final = frozenset({429, 500, 502, 503, 504})
MOST_CHARACTERS: Final = 300
"""Of what a server or a plugin says, in one line."""

LOOK: Final = "kubectl get --raw /readyz"

_NOT_CONVERTIBLE: Final = "not found pool for lb"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, not interpreted yet."""

    status: int
    reason: str
    body: bytes
    retry_after: str = ""
    location: str = ""


def content(answer: Answer) -> Manifest:
    """Return the object of a successful answer.

    Raises:
        ReadError: The body is empty or no JSON object.
    """
    try:
        found: Any = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        what = "is empty" if not answer.body else "is not JSON"
        said = f"the answer of the API server {what}"
        raise ReadError(Unread.FAILED, said, hint=LOOK) from error
    if not isinstance(found, dict):
        said = "the answer of the API server is not an object"
        raise ReadError(Unread.FAILED, said, hint=LOOK)
    return found


def proves_absence(answer: Answer, resource: Resource, name: str) -> bool:
    """Whether this 404 says that exactly the object asked for does not exist.

    A kind that is not served answers 404 as plain text, and a GET of ``ns/a/b`` a Status
    that names ``a``, which may live (seen on a real API server).
    """
    status = _status(answer)
    details = status.get("details")
    if not isinstance(details, dict) or status.get("reason") != "NotFound":
        return False
    return (
        details.get("group", "") == resource.group
        and details.get("kind") == resource.plural
        and details.get("name") == name
    )


def is_not_served(answer: Answer) -> bool:
    """Whether the API server does not know the kind at all."""
    return answer.status == 404 and _status(answer).get("kind") != "Status"


def refusal(answer: Answer) -> ReadError:
    """Return the reason that an unsuccessful answer gives, other than an absence."""
    text = shortened(str(_status(answer).get("message") or ""))
    if answer.status == 403:
        who = text.partition(" is forbidden: ")[2] or text
        return ReadError(Unread.FORBIDDEN, f"forbidden: {who}" if who else "forbidden")
    if _NOT_CONVERTIBLE in text:
        return ReadError(
            Unread.NOT_CONVERTIBLE,
            "one LoadBalancer of the old version v1alpha1 cannot be converted, which fails the "
            f"whole list ({text[text.index(_NOT_CONVERTIBLE) :]}): no pool has a record of "
            "its address; add the record, or delete that LoadBalancer",
        )
    why = Unread.INVALID if answer.status == 400 else Unread.FAILED
    wait = _waiting_asked(answer) if answer.status in WORTH_A_RETRY else ""
    elsewhere = "" if text else _elsewhere(answer)
    said = f": {text or elsewhere}" if text or elsewhere else ""
    return ReadError(
        why,
        f"the API server answered {shortened(f'{answer.status} {answer.reason}')}{wait}{said}",
        hint="kubectl config view" if elsewhere else LOOK,
    )


def _elsewhere(answer: Answer) -> str:
    """Say how an answer shows that the kubeconfig leads to something else."""
    if 300 <= answer.status < 400:
        goal = shortened(answer.location.partition("?")[0]) or "another place"
        return f"it sends on to {goal}, as a login page or a proxy does"
    if answer.status == 400 and b"HTTPS" in answer.body:
        return "it speaks TLS; server: of the kubeconfig begins with http://, not https://"
    return ""


def _waiting_asked(answer: Answer) -> str:
    """Return for how long the server asks to be left alone, for people, or nothing."""
    seconds = seconds_to_wait(answer)
    return f", and asks to wait {_span(seconds)}" if seconds else ""


def seconds_to_wait(answer: Answer) -> float | None:
    """Return what ``Retry-After`` says, seconds or a date, or None if it says nothing."""
    text = answer.retry_after.strip()
    if re.fullmatch(r"-?\d{1,12}", text):
        return max(0.0, float(text))
    try:
        when = parsedate_to_datetime(text)
        return max(0.0, (when.astimezone(UTC) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def _span(seconds: float) -> str:
    for unit, name in ((3600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds:.0f} s"


def shortened(text: str) -> str:
    """Return a text of somebody else in one line, and not too long a one."""
    line = " ".join(text.split())
    return line if len(line) <= MOST_CHARACTERS else f"{line[:MOST_CHARACTERS]}..."


def write_refusal(answer: Answer, resource: Resource, name: str) -> WriteError:
    """Return the reason that an unsuccessful write gives, in the API server's words.

    Which webhook refuses, or does not answer, shows in the text alone: Harvester's denials
    come as 500 (load-balancer-harvester pkg/webhook, vendored server.go).
    """
    status = _status(answer)
    text = str(status.get("message") or f"the API server answered {answer.status}")
    return WriteError(_unwritten(answer, status, resource, name), text)


def _unwritten(answer: Answer, status: Manifest, resource: Resource, name: str) -> Unwritten:
    text, reason = str(status.get("message")), status.get("reason")
    if "admission webhook" in text or "failed calling webhook" in text:
        return Unwritten.DENIED
    match answer.status:
        case 409:
            return Unwritten.EXISTS if reason == "AlreadyExists" else Unwritten.CONFLICT
        case 403:
            return Unwritten.FORBIDDEN
        case 404 if proves_absence(answer, resource, name) or _names_namespace(status):
            return Unwritten.ABSENT
        case 400 | 404 | 422:
            return Unwritten.INVALID
        case _:
            return Unwritten.FAILED


def _names_namespace(status: Manifest) -> bool:
    """Whether what is missing is the namespace to create something in."""
    details = status.get("details")
    is_named = isinstance(details, dict) and details.get("kind") == "namespaces"
    return is_named and status.get("reason") == "NotFound"


def _status(answer: Answer) -> Manifest:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
