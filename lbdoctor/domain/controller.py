"""Harvester's load balancer controller: its version and whether it runs.

Source: the changes between the tags of load-balancer-harvester, v0.2.0 to v1.9.0-rc4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

_VERSION = re.compile(r"v?(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?:-.*)?")


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """The image tag of the controller; a pre-release counts as its release."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"v{self.major}.{self.minor}.{self.patch}"


STICKY: Final = Version(0, 4, 1)
"""From here on a booked LoadBalancer keeps its pool."""

MANUAL_RELEASE: Final = Version(1, 5, 0)
"""From here on the annotation manuallyReleaseIP is read."""

AUTO_RELEASE: Final = Version(1, 5, 1)
"""From here on the controller heals a stuck LoadBalancer; v1.5.0 only with spec.ipPool."""

LOOSE_SELECTION: Final = Version(1, 7, 0)
"""From here on empty scope fields can match, for LoadBalancers of type cluster."""


def parse_version(tag: str) -> Version | None:
    """Return the version an image tag names, or None (a digest, a branch, nothing)."""
    match = _VERSION.fullmatch(tag)
    return Version(*(int(part) for part in match.groups()[:3])) if match else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """What could be learnt about the controller; None means unknown."""

    tag: str = ""
    available: bool | None = None
    """Whether its Deployment has an available replica."""

    lease_renewed_at: datetime | None = None
    lease_seconds: int = 45
    webhook_ready: bool | None = None
    """Whether its validating webhook has a ready endpoint."""

    @property
    def version(self) -> Version | None:
        return parse_version(self.tag)

    def is_at_least(self, version: Version) -> bool | None:
        """Whether the controller has that version or a later one; None if unknown."""
        return None if self.version is None else self.version >= version
