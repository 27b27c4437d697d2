"""The release request ``manuallyReleaseIP``, read as Harvester reads it.

Source: load-balancer-harvester pkg/utils/vid.go:53-72 and
pkg/controller/ippool/controller.go:161-219, from v1.5.0 on.
"""

from __future__ import annotations

from dataclasses import dataclass

from lbdoctor.domain.refs import Owner


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """What a request asks for; ``key`` is compared with the record's key as text."""

    key: str
    namespace: str
    name: str

    @property
    def owner_text(self) -> str:
        return f"{self.namespace}/{self.name}"


def parse_request(value: str) -> ReleaseRequest | None:
    """Return the request that a value makes, or None where Harvester calls it not valid.

    Only blanks are trimmed, at both ends and after the colon: one before the colon stays
    part of the address. More than one colon (any IPv6 address) or slash is not valid.
    """
    halves = value.strip(" ").split(":")
    if len(halves) != 2:
        return None
    owner = halves[1].strip(" ").split("/")
    if len(owner) != 2:
        return None
    return ReleaseRequest(halves[0], owner[0], owner[1])


def format_request(key: str, owner: Owner) -> str:
    """Return the value that asks Harvester to release one record."""
    return f"{key}: {owner}"
