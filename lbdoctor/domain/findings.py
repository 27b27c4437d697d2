"""What a rule found: about which subject, on what evidence, and what would repair it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from lbdoctor.domain.addresses import canonical
from lbdoctor.domain.controller import Controller
from lbdoctor.domain.fixes import Fix
from lbdoctor.domain.keys import CONTROLLER, SYSTEM_NAMESPACE
from lbdoctor.domain.loadbalancers import LoadBalancer, Service
from lbdoctor.domain.pools import IPPool, Record
from lbdoctor.domain.refs import ObjectRef, Owner

RESERVED_NAMESPACES = frozenset({"pool", "service", "lb"})
"""Words that begin a subject; a namespace of that name needs ``lb/`` before it."""


class Severity(IntEnum):
    """How much a finding matters; larger is worse."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    def __str__(self) -> str:
        return self.name.lower()


class SubjectKind(StrEnum):
    """What a rule looks at, one at a time."""

    RECORD = "record"
    POOL = "pool"
    LOAD_BALANCER = "loadbalancer"
    SERVICE = "service"
    CONTROLLER = "controller"


SubjectObject = Record | IPPool | LoadBalancer | Service | Controller


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """What a finding is about. A record is named by its pool and its key."""

    kind: SubjectKind
    name: str
    namespace: str = ""
    pool: str = ""
    owner: str = ""

    @property
    def spelling(self) -> str:
        """How the command line names it; empty for what no command takes.

        A record is its address, or its pool where the key is no address.
        """
        match self.kind:
            case SubjectKind.RECORD:
                address = Record(self.pool, self.name, "").address
                return canonical(address) if address else f"pool/{self.pool}"
            case SubjectKind.POOL:
                return f"pool/{self.name}"
            case SubjectKind.LOAD_BALANCER:
                prefix = "lb/" if self.namespace in RESERVED_NAMESPACES else ""
                return f"{prefix}{self.namespace}/{self.name}"
            case SubjectKind.SERVICE:
                return f"service/{self.namespace}/{self.name}"
            case SubjectKind.CONTROLLER:
                return ""


def subject_of(thing: SubjectObject) -> Subject:
    """Return the subject that an object is."""
    match thing:
        case Record():
            return Subject(SubjectKind.RECORD, thing.key, pool=thing.pool, owner=thing.owner_text)
        case IPPool():
            return Subject(SubjectKind.POOL, thing.name, pool=thing.name)
        case LoadBalancer():
            return Subject(SubjectKind.LOAD_BALANCER, thing.name, thing.namespace)
        case Service():
            return Subject(SubjectKind.SERVICE, thing.name, thing.namespace)
        case Controller():
            return Subject(SubjectKind.CONTROLLER, CONTROLLER, SYSTEM_NAMESPACE)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A field and its value, as found."""

    ref: ObjectRef
    field: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong.

    ``code`` and ``severity`` are stamped by the rule; a rule that varies its severity sets
    it itself. ``confirmed`` and the rest are the diagnosis's.
    """

    subject: Subject
    message: str
    evidence: tuple[Evidence, ...]
    short: str = ""
    """The message for a line that already names pool and address."""

    note: str = ""
    """What holds for every finding of this code, and is said once."""

    pool: str = ""
    """The pool it is about, where there is one."""

    address: str = ""
    """The address it is about, as found."""

    fix: Fix | None = None
    remedy: str = ""
    """What to do, where the rule's own remedy is not specific enough."""

    code: str = ""
    severity: Severity = Severity.ERROR
    depends_on: frozenset[Owner] = frozenset()
    """LoadBalancers, or their absence, on which the finding stands or falls."""

    freezes: bool = False
    """Whether no write to the pool succeeds while this stands."""

    confirmed: bool = False
    first_seen: datetime | None = None
    causes: tuple[str, ...] = ()
    """Codes of findings that explain this one."""

    ignored: str | None = None
    """The reason given in ``lbdoctor.io/ignore``."""

    @property
    def identity(self) -> tuple[str, Subject, str, str]:
        """What makes it the same finding in two looks."""
        return (self.code, self.subject, self.pool, self.address)
