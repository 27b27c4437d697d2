"""What becomes of an object when it is written: the fields that are the server's alone."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from lbdoctor.cluster.api import Manifest
from lbdoctor.cluster.memory import refusals
from lbdoctor.cluster.memory.copies import copied
from lbdoctor.domain.refs import Kind

OF_THE_SERVER: Final = (
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
)
STATUS_APART: Final = frozenset({Kind.SERVICE, Kind.NAMESPACE, Kind.DEPLOYMENT})
"""Kinds with a status subresource: an ordinary write leaves their status alone."""


def moment(when: datetime) -> str:
    """Return a time as the API server writes it: UTC, whole seconds."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def created(kind: Kind, manifest: Manifest, uid: str, now: datetime) -> Manifest:
    """Return a new object, with what the server gives it."""
    new = copied(manifest)
    for field in OF_THE_SERVER:
        new["metadata"].pop(field, None)
    new["metadata"] |= {"uid": uid, "generation": 1, "creationTimestamp": moment(now)}
    if kind in STATUS_APART:
        new.pop("status", None)
    return new


def updated(kind: Kind, current: Manifest, manifest: Manifest) -> Manifest:
    """Return what is stored when ``manifest`` is written over ``current``.

    Raises:
        WriteError: It has a finalizer that an object on its way out cannot get.
    """
    new = copied(manifest)
    for field in OF_THE_SERVER:
        new["metadata"].pop(field, None)
        if field in current["metadata"]:
            new["metadata"][field] = current["metadata"][field]
    for empty in ("finalizers", "annotations", "labels"):
        if not new["metadata"].get(empty, True):
            del new["metadata"][empty]
    if kind in STATUS_APART:
        new.pop("status", None)
        new |= {"status": current["status"]} if "status" in current else {}
    if is_terminating(current):
        _check_finalizers(kind, current, new)
    return new


def with_generation(current: Manifest, new: Manifest) -> Manifest:
    """Return the object with its generation raised where more than metadata changed."""
    if _content(current) == _content(new):
        return new
    return raised(new)


def marked(current: Manifest, now: datetime) -> Manifest:
    """Return the object as one that goes as soon as it has no finalizer."""
    new = raised(current)
    new["metadata"] |= {"deletionTimestamp": moment(now), "deletionGracePeriodSeconds": 0}
    return new


def raised(manifest: Manifest) -> Manifest:
    metadata = manifest["metadata"]
    return {**manifest, "metadata": {**metadata, "generation": metadata.get("generation", 0) + 1}}


def is_terminating(manifest: Manifest) -> bool:
    return "deletionTimestamp" in manifest["metadata"]


def is_over(manifest: Manifest) -> bool:
    """Whether nothing holds an object on its way out any more."""
    return is_terminating(manifest) and not manifest["metadata"].get("finalizers")


def _content(manifest: Manifest) -> Manifest:
    return {key: value for key, value in manifest.items() if key != "metadata"}


def _check_finalizers(kind: Kind, current: Manifest, new: Manifest) -> None:
    before = set(current["metadata"].get("finalizers") or ())
    added = sorted(set(new["metadata"].get("finalizers") or ()) - before)
    if added:
        listed = ", ".join(f'"{item}"' for item in added)
        raise refusals.invalid(
            kind,
            current["metadata"]["name"],
            "metadata.finalizers: Forbidden: no new finalizers can be added if the object is "
            f"being deleted, found new finalizers []string{{{listed}}}",
        )
