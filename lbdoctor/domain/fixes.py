"""What would repair a finding, as data: shown, stored and planned with, never code.

Nothing here is carried out by ``scan``. Each fix names the objects it was judged on, so
that whoever carries it out can look at them again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import IPPool, Record
from lbdoctor.domain.refs import Owner


class Disposition(StrEnum):
    """Whether a fix may be carried out without the operator's word for it."""

    SAFE = "safe"
    DISRUPTIVE = "disruptive"
    """It changes the address of a LoadBalancer, or takes back what a person asked for."""


@dataclass(frozen=True, slots=True)
class PoolId:
    """The pool a fix writes to; another UID is another pool."""

    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class LoadBalancerId:
    """The LoadBalancer a fix writes to; another UID is another LoadBalancer."""

    owner: Owner
    uid: str


@dataclass(frozen=True, slots=True)
class RecordId:
    """A record as found: its key and its owner, as text."""

    key: str
    owner: str


@dataclass(frozen=True, slots=True)
class ReleaseRecord:
    """Move a record out of ``allocated``, into history where ``keeps_history``."""

    pool: PoolId
    record: RecordId
    keeps_history: bool


@dataclass(frozen=True, slots=True)
class DropRecords:
    """Remove records in one write, none of them into history.

    ``fence`` names an existing, unbooked LoadBalancer that has to be fenced first:
    touched with its resourceVersion, so that no booking begun earlier can land.
    """

    pool: PoolId
    records: tuple[RecordId, ...]
    fence: LoadBalancerId | None = None


@dataclass(frozen=True, slots=True)
class RenameRecord:
    """Give a record the key that Harvester itself would write."""

    pool: PoolId
    record: RecordId
    key: str


@dataclass(frozen=True, slots=True)
class RestoreRecord:
    """Write the record that a booked LoadBalancer lacks."""

    pool: PoolId
    record: RecordId
    load_balancer: LoadBalancerId


@dataclass(frozen=True, slots=True)
class SetCounters:
    """Set ``total`` and ``available``; ``last_allocated`` goes with them (schema)."""

    pool: PoolId
    total: int
    available: int
    last_allocated: str


@dataclass(frozen=True, slots=True)
class DropHistory:
    """Remove an entry of ``allocatedHistory``."""

    pool: PoolId
    record: RecordId


@dataclass(frozen=True, slots=True)
class CarryOutRequest:
    """Do what a release request asks for: record and annotation in one write."""

    pool: PoolId
    record: RecordId
    value: str


@dataclass(frozen=True, slots=True)
class RemoveRequest:
    """Remove a release request that will never be carried out."""

    pool: PoolId
    value: str


@dataclass(frozen=True, slots=True)
class HealStuck:
    """Fence, release and wake a stuck LoadBalancer, step by step."""

    pool: PoolId
    records: tuple[RecordId, ...]
    load_balancer: LoadBalancerId


@dataclass(frozen=True, slots=True)
class ClearBooking:
    """Null a booking, so that the LoadBalancer gets another address."""

    load_balancer: LoadBalancerId
    pool_name: str
    address: str


@dataclass(frozen=True, slots=True)
class WakeLoadBalancer:
    """Touch a LoadBalancer, which ends the controller's back-off."""

    load_balancer: LoadBalancerId


@dataclass(frozen=True, slots=True)
class SetIpam:
    """Set ``spec.ipam: pool``, so that the address is released one day."""

    load_balancer: LoadBalancerId
    ipam: str


Action = (
    ReleaseRecord
    | DropRecords
    | RenameRecord
    | RestoreRecord
    | SetCounters
    | DropHistory
    | CarryOutRequest
    | RemoveRequest
    | HealStuck
    | ClearBooking
    | WakeLoadBalancer
    | SetIpam
)


@dataclass(frozen=True, slots=True)
class Fix:
    """An action, whether it is safe, and one line that says what it does."""

    title: str
    disposition: Disposition
    action: Action


def safe(title: str, action: Action) -> Fix:
    return Fix(title, Disposition.SAFE, action)


def disruptive(title: str, action: Action) -> Fix:
    return Fix(title, Disposition.DISRUPTIVE, action)


def pool_id(pool: IPPool) -> PoolId:
    return PoolId(pool.name, pool.uid)


def record_id(record: Record) -> RecordId:
    return RecordId(record.key, record.owner_text)


def load_balancer_id(lb: LoadBalancer) -> LoadBalancerId:
    return LoadBalancerId(lb.owner, lb.uid)
