"""Reads kubeconfig files as kubectl does: the first file that says something counts."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from lbdoctor.domain.errors import UnreadableError

DEFAULT: Final = "~/.kube/config"
SECTIONS: Final = {"clusters": "cluster", "contexts": "context", "users": "user"}
"""The lists of a kubeconfig, and the key under which an entry has what it says."""

PATHS: Final = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
"""Fields that name a file, relative to the kubeconfig that has them."""

MOST_NAMES: Final = 5

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Context:
    """One context, with its cluster and its user; files in them have absolute paths."""

    name: str
    namespace: str
    cluster_name: str
    cluster: Entry
    user_name: str
    user: Entry
    directory: Path
    """Where the kubeconfig that has the user is."""

    others: tuple[str, ...]
    """The names of all other contexts."""

    kubectl: str
    """How to call kubectl for the same context."""


@dataclass(frozen=True, slots=True)
class _Config:
    """What all files together say."""

    where: str
    current: str
    found: Mapping[str, Mapping[str, tuple[Entry, Path]]]
    """For each section the entries by name, and the directory of their file."""


def files(kubeconfig: str | None) -> list[Path]:
    """Return the files to read: the one asked for, those of KUBECONFIG, or the usual one."""
    if kubeconfig:
        return [Path(kubeconfig).expanduser()]
    listed = os.environ.get("KUBECONFIG", "").split(os.pathsep)
    return [Path(item).expanduser() for item in listed if item] or [Path(DEFAULT).expanduser()]


def load(kubeconfig: str | None, name: str | None) -> Context | None:
    """Return the context of that name, or the current one; None if no file is there.

    ``kubeconfig`` is the file asked for, if one was.

    Raises:
        UnreadableError: A file cannot be read, or does not have what the context needs.
    """
    config = _merged(files(kubeconfig))
    if config is None:
        return None
    contexts = config.found["contexts"]
    wanted = name or config.current
    if not wanted:
        raise UnreadableError(
            f"{config.where} has no current-context; its contexts: {_names(contexts)}",
            hint="lbdoctor scan --context NAME, or kubectl config use-context NAME",
        )
    if wanted not in contexts:
        raise UnreadableError(
            f"there is no context {wanted} in {config.where}; its contexts: {_names(contexts)}",
            hint="kubectl config get-contexts",
        )
    entry = contexts[wanted][0]
    cluster_name, user_name = _text(entry, "cluster"), _text(entry, "user")
    cluster, _ = _of_context(config, wanted, "cluster", cluster_name)
    nobody: tuple[Entry, Path] = ({}, Path())
    user, directory = _of_context(config, wanted, "user", user_name) if user_name else nobody
    return Context(
        name=wanted,
        namespace=_text(entry, "namespace") or "default",
        cluster_name=cluster_name,
        cluster=cluster,
        user_name=user_name,
        user=user,
        directory=directory,
        others=tuple(item for item in contexts if item != wanted),
        kubectl=_kubectl(kubeconfig, wanted),
    )


def _kubectl(kubeconfig: str | None, context: str) -> str:
    """Return how kubectl is called for that context, to be pasted into a shell."""
    file = f"--kubeconfig {shlex.quote(kubeconfig)} " if kubeconfig else ""
    return f"kubectl {file}--context {shlex.quote(context)}"


def _of_context(config: _Config, context: str, what: str, name: str) -> tuple[Entry, Path]:
    """Return the cluster or user that a context names."""
    found = config.found[f"{what}s"].get(name)
    if found is None:
        said = f"names the {what} {name}, which is not there" if name else f"names no {what}"
        raise UnreadableError(
            f"context {context} of {config.where} {said}", hint="kubectl config view"
        )
    return found


def _merged(paths: Sequence[Path]) -> _Config | None:
    """Return what the files that exist say; of two of a name the first counts."""
    documents = [(path, document) for path in paths if (document := _document(path)) is not None]
    if not documents:
        return None
    where = os.pathsep.join(str(path) for path, _ in documents)
    found: dict[str, dict[str, tuple[Entry, Path]]] = {section: {} for section in SECTIONS}
    for path, document in documents:
        for section, key in SECTIONS.items():
            for name, entry in _entries(path, document, section, key):
                found[section].setdefault(name, (entry, path.parent))
    if not found["contexts"]:
        raise UnreadableError(
            f"{where} has no contexts", hint="lbdoctor scan --kubeconfig FILE, or lbdoctor demo"
        )
    currents = (_text(document, "current-context") for _, document in documents)
    return _Config(where, next(filter(None, currents), ""), found)


def _document(path: Path) -> Entry | None:
    """Return what one file says, or None if it does not exist."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        found = yaml.safe_load(text)
    except FileNotFoundError:
        return None
    except OSError as error:
        hint = f"ls -ld {shlex.quote(str(path))}"
        raise UnreadableError(f"{path} cannot be read: {error.strerror}", hint=hint) from error
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise _no_kubeconfig(path, _problem(error)) from error
    if found is not None and not isinstance(found, dict):
        raise _no_kubeconfig(path, "it is no mapping")
    return found or {}


def _entries(path: Path, document: Entry, section: str, key: str) -> Iterable[tuple[str, Entry]]:
    """Yield the entries of a section by name."""
    listed = document.get(section) or []
    if not isinstance(listed, list):
        raise _no_kubeconfig(path, f"{section} is no list")
    for item in listed:
        content = (item.get(key) or {}) if isinstance(item, dict) else None
        if not isinstance(content, dict) or not isinstance(item.get("name"), str):
            raise _no_kubeconfig(path, f"an entry of {section} has no name, or no {key}")
        absolute = {
            field: str(path.parent.absolute() / content[field])
            for field in PATHS
            if isinstance(content.get(field), str) and content[field]
        }
        yield item["name"], {**content, **absolute}


def _no_kubeconfig(path: Path, why: str) -> UnreadableError:
    return UnreadableError(
        f"{path} is no kubeconfig: {why}", hint="kubectl config view, or --kubeconfig FILE"
    )


def _problem(error: Exception) -> str:
    """Say what is wrong with a text, without the text: it has secrets."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return "it is not YAML"


def _text(entry: Entry, key: str) -> str:
    found = entry.get(key)
    return found if isinstance(found, str) else ""


def _names(found: Iterable[str]) -> str:
    names = list(found)
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
