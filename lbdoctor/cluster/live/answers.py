"""What an answer of the API server means: an object, proven absence, or a reason."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from lbdoctor.cluster.api import Manifest, Resource, Unwritten, WriteError
from lbdoctor.diagnosis.port import ReadError, Unread

WORTH_A_RETRY: Final = frozenset({429, 500, 502, 503, 504})
_NOT_CONVERTIBLE: Final = "not found pool for lb"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, not interpreted yet."""

    status: int
    reason: str
    body: bytes
    retry_after: str = ""


def content(answer: Answer) -> Manifest:
    """Return the object of a successful answer.

    Raises:
        ReadError: The body is empty or no JSON object.
    """
    try:
        found: Any = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        what = "is empty" if not answer.body else "is not JSON"
        raise ReadError(Unread.FAILED, f"the answer of the API server {what}") from error
    if not isinstance(found, dict):
        raise ReadError(Unread.FAILED, "the answer of the API server is not an object")
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
    text = str(_status(answer).get("message") or "")
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
    said = f": {text}" if text else ""
    why = Unread.INVALID if answer.status == 400 else Unread.FAILED
    return ReadError(why, f"the API server answered {answer.status} {answer.reason}{said}")


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
