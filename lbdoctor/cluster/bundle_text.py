"""Undoes what the collector of support bundles does to the objects that it writes.

It replaces, in the JSON text of each list, ``""`` by ``"null"`` and ``:null,`` by ``:"null",``,
and it takes every number for a float. Source: support-bundle-kit
pkg/manager/collectors/common.go.
"""

from __future__ import annotations

from typing import Any, Final

from lbdoctor.cluster import manifest as decode
from lbdoctor.cluster.api import Manifest
from lbdoctor.cluster.fields import MalformedError
from lbdoctor.domain.refs import Kind
from lbdoctor.ipam.ranges import expected_counters, read_ranges

EMPTY: Final = "null"
TAIL: Final = '"null'
"""What a text that ended with a quote ends with."""

_MAPS_OF_TEXT: Final = frozenset({"annotations", "labels"})


def restored(kind: Kind, manifest: Manifest) -> Manifest:
    """Return an object as it was, as far as that can be told; names stay as they are."""
    found: Manifest = _restored(manifest)
    meta, given = found.get("metadata"), manifest.get("metadata")
    if isinstance(meta, dict) and isinstance(given, dict):
        # No name is ever empty, so that null is one.
        meta.update({key: given[key] for key in ("name", "namespace") if key in given})
    return _with_exact_counters(found) if kind is Kind.IP_POOL else found


def _restored(value: Any, key: str = "") -> Any:
    """Return a value, which stands under this key, as it was."""
    match value:
        case str():
            return value.removesuffix(EMPTY) if value.endswith(TAIL) else value
        case list():
            return ["" if item == EMPTY else _restored(item) for item in value]
        case dict():
            empty = "" if key in _MAPS_OF_TEXT else None
            return {
                ("" if name == EMPTY else name): (empty if item == EMPTY else _restored(item, name))
                for name, item in value.items()
            }
        case _:
            return value


def _with_exact_counters(manifest: Manifest) -> Manifest:
    """Give a counter that was rounded the right value, where it may have been that one."""
    status = manifest.get("status")
    try:
        pool = decode.ip_pool(manifest)
    except MalformedError:
        return manifest  # the reader will say what is wrong with it
    ranges = read_ranges(pool.ranges)
    if not isinstance(status, dict) or ranges is None:
        return manifest
    right = dict(zip(("total", "available"), expected_counters(ranges, pool.records), strict=True))
    for key, value in right.items():
        found = status.get(key)
        if isinstance(found, int | float) and float(found) == float(value):
            status[key] = value
    return manifest
