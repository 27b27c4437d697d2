"""What an API server says when it refuses, in its own words."""

from __future__ import annotations

from lbdoctor.cluster.api import RESOURCES, ReadError, Unread, Unwritten, WriteError
from lbdoctor.domain.refs import Kind


def qualified(kind: Kind) -> str:
    """Return ``loadbalancers.loadbalancer.harvesterhci.io``, or ``services``."""
    resource = RESOURCES[kind]
    return f"{resource.plural}.{resource.group}" if resource.group else resource.plural


def absent(kind: Kind, name: str) -> WriteError:
    return WriteError(Unwritten.ABSENT, f'{qualified(kind)} "{name}" not found')


def exists(kind: Kind, name: str) -> WriteError:
    return WriteError(Unwritten.EXISTS, f'{qualified(kind)} "{name}" already exists')


def invalid(kind: Kind, name: str, problem: str) -> WriteError:
    typed = f"{kind}.{RESOURCES[kind].group}".rstrip(".")
    return WriteError(Unwritten.INVALID, f'{typed} "{name}" is invalid: {problem}')


def modified(kind: Kind, name: str) -> WriteError:
    return _conflict(
        kind,
        name,
        "the object has been modified; please apply your changes to the latest version and try "
        "again",
    )


def another_uid(kind: Kind, name: str, namespace: str, wanted: str, found: str) -> WriteError:
    """Say that an object of this name is there, but not the one that was meant."""
    path = "/".join(part for part in (namespace, name) if part)
    return _conflict(
        kind,
        name,
        f"StorageError: invalid object, Code: 4, Key: /registry/{RESOURCES[kind].group}/"
        f"{RESOURCES[kind].plural}/{path}, ResourceVersion: 0, AdditionalErrorMsg: Precondition "
        f"failed: UID in precondition: {wanted}, UID in object meta: {found}",
    )


def _conflict(kind: Kind, name: str, problem: str) -> WriteError:
    text = f'Operation cannot be fulfilled on {qualified(kind)} "{name}": {problem}'
    return WriteError(Unwritten.CONFLICT, text)


def not_served(kind: Kind) -> ReadError:
    return ReadError(Unread.NOT_SERVED, f"{qualified(kind)} is not served")


def not_written(kind: Kind) -> WriteError:
    """Say that a kind is not served: that tells nothing of any object."""
    return WriteError(Unwritten.INVALID, f"{qualified(kind)} is not served")
