"""Merge patches (RFC 7396) and JSON patches (RFC 6902), as an API server applies them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lbdoctor.cluster.api import Manifest
from lbdoctor.cluster.memory.copies import copied


class PatchError(Exception):
    """An operation does not fit the object: a test that fails, a path that is not there."""


def merged(target: object, patch: object) -> Any:
    """Return the target with a merge patch applied; null removes what it stands for."""
    if not isinstance(patch, Mapping):
        return copied(patch)
    result = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def patched(target: Manifest, operations: Sequence[Manifest]) -> Manifest:
    """Return the target with the operations of a JSON patch applied, all or none.

    Raises:
        PatchError: One of them does not fit.
    """
    result = copied(target)
    for operation in operations:
        parts = _parts(str(operation.get("path", "")))
        match operation.get("op"):
            case "test":
                if _tested(result, parts) != operation.get("value"):
                    raise PatchError(f"testing path {operation['path']} value failed")
            case "add":
                _put(result, parts, copied(operation.get("value")), is_new=True)
            case "replace":
                _find(result, parts)
                _put(result, parts, copied(operation.get("value")), is_new=False)
            case "remove":
                _find(result, parts)
                _remove(result, parts)
            case other:
                raise PatchError(f"unexpected kind: {other}")
    return result


def _parts(path: str) -> list[str]:
    if not path.startswith("/"):
        raise PatchError(f"the path {path!r} does not begin with /")
    return [part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/")]


def _find(target: object, parts: Sequence[str]) -> Any:
    for part in parts:
        match target:
            case dict() if part in target:
                target = target[part]
            case list() if part.isdigit() and int(part) < len(target):
                target = target[int(part)]
            case _:
                raise PatchError(f"nothing stands at /{'/'.join(parts)}")
    return target


def _tested(target: object, parts: Sequence[str]) -> Any:
    """Return what a test compares: null stands for what is not there."""
    parent = _find(target, parts[:-1])
    is_missing = isinstance(parent, dict) and parts[-1] not in parent
    return None if is_missing else _find(parent, parts[-1:])


def _put(target: object, parts: Sequence[str], value: object, *, is_new: bool) -> None:
    parent, last = _find(target, parts[:-1]), parts[-1]
    match parent:
        case dict():
            parent[last] = value
        case list() if last == "-" and is_new:
            parent.append(value)
        case list() if last.isdigit() and int(last) <= len(parent) and is_new:
            parent.insert(int(last), value)
        case list() if last.isdigit() and int(last) < len(parent):
            parent[int(last)] = value
        case _:
            raise PatchError(f"nothing can stand at /{'/'.join(parts)}")


def _remove(target: object, parts: Sequence[str]) -> None:
    parent, last = _find(target, parts[:-1]), parts[-1]
    if isinstance(parent, dict):
        del parent[last]
    else:
        del parent[int(last)]
