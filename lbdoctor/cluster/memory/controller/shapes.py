"""What the versions of the controller do differently."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from lbdoctor.domain.controller import (
    LOOSE_SELECTION,
    MANUAL_RELEASE,
    STICKY,
    Controller,
    Version,
)


class AutoRelease(Enum):
    """What the controller does about a record of its own that blocks a LoadBalancer."""

    NEVER = auto()
    WITH_POOL = auto()
    """v1.5.0 only: where spec.ipPool is set (harvester/harvester#8221)."""

    ALWAYS = auto()


@dataclass(frozen=True, slots=True)
class Shape:
    """The behaviour of one version."""

    version: Version

    @property
    def told(self) -> Controller:
        """The version as selection asks for it."""
        return Controller(tag=str(self.version))

    @property
    def is_sticky(self) -> bool:
        """Whether a booked LoadBalancer keeps its pool, and a release frees one record only."""
        return self.version >= STICKY

    @property
    def reads_requests(self) -> bool:
        return self.version >= MANUAL_RELEASE

    @property
    def names_the_pool(self) -> bool:
        """Whether a failed allocation says from which pool."""
        return self.version >= LOOSE_SELECTION

    @property
    def auto_release(self) -> AutoRelease:
        if self.version < MANUAL_RELEASE:
            return AutoRelease.NEVER
        return AutoRelease.WITH_POOL if self.version == MANUAL_RELEASE else AutoRelease.ALWAYS

    def no_allocator(self, pool: str) -> str:
        if self.is_sticky:
            return f"fail to get allocator {pool}"
        return f"could not get the allocator {pool}"

    def not_recorded(self, ip: str, pool: str) -> str:
        if self.is_sticky:
            return f"fail to reserve {ip} into {pool}"
        return f"record {ip} into {pool} failed"
