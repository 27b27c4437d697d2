"""What an object is called: its kind, its namespace and its name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_OWNER = re.compile(rf"(?P<namespace>{_LABEL})/(?P<name>{_LABEL}(\.{_LABEL})*)")


class Kind(StrEnum):
    """The kinds of object that lbdoctor reads, or writes."""

    IP_POOL = "IPPool"
    LOAD_BALANCER = "LoadBalancer"
    SERVICE = "Service"
    NETWORK = "NetworkAttachmentDefinition"
    NAMESPACE = "Namespace"
    DEPLOYMENT = "Deployment"
    LEASE = "Lease"
    ENDPOINT_SLICE = "EndpointSlice"
    EVENT = "Event"


@dataclass(frozen=True, slots=True, order=True)
class ObjectRef:
    """Names one object; ``namespace`` is empty for a cluster-scoped one."""

    kind: Kind
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        """Return ``Kind namespace/name``, for people."""
        return (
            f"{self.kind} {self.namespace}/{self.name}"
            if self.namespace
            else f"{self.kind} {self.name}"
        )


class Owner(NamedTuple):
    """A LoadBalancer as a record names it: ``namespace/name``, without a UID.

    A tuple, for it is the key of every index: tens of thousands are hashed in a look.
    """

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef(Kind.LOAD_BALANCER, self.name, self.namespace)


ANY_NAME = "*"
"""Stands for every namespace or name where an object cannot be named."""


def is_object_name(text: str) -> bool:
    """Whether an object can have this name; for any other a GET asks for something else."""
    return len(text) <= 253 and _NAME.fullmatch(text) is not None


def parse_owner(text: str) -> Owner | None:
    """Return the owner that ``text`` names, or None if it is not exactly ``ns/name``.

    Both halves have to be valid object names: a GET for ``ns/a/b`` would be answered
    with a 404 that names ``a``, which may live.
    """
    found = _OWNER.fullmatch(text) if len(text) <= 63 + 1 + 253 else None
    if found is None:
        return None
    namespace, name = found["namespace"], found["name"]
    return Owner(namespace, name) if len(namespace) <= 63 and len(name) <= 253 else None
