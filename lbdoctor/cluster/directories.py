"""Walks a directory that somebody handed over: no way out of it, no pipe, no end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lbdoctor.domain.errors import UnreadableError

MOST_ENTRIES: Final = 200_000
MOST_DEPTH: Final = 40


def files_below(root: Path) -> list[Path]:
    """Return all files of a directory, sorted; links are followed within it only.

    Raises:
        UnreadableError: A link leads out of it, or there is something that is no file.
        OSError: It cannot be read.
    """
    within = Path(os.path.realpath(root))
    return sorted(path for path in entries(root) if _is_file(path, within))


def entries(root: Path) -> Iterator[Path]:
    """Yield everything below a directory that is no directory itself."""
    left, count = [(root, 0)], 0
    while left:
        directory, depth = left.pop()
        if depth > MOST_DEPTH:
            raise _refused(root, f"{directory.name[:40]} lies more than {MOST_DEPTH} deep")
        with os.scandir(directory) as entries:
            for entry in entries:
                count += 1
                if count > MOST_ENTRIES:
                    raise _refused(root, f"it holds more than {MOST_ENTRIES} files")
                path = directory / entry.name
                if entry.is_dir(follow_symlinks=False):
                    left.append((path, depth + 1))
                else:
                    yield path


def _is_file(path: Path, within: Path) -> bool:
    """Tell whether something is a file to read; a directory behind a link is none."""
    if path.is_symlink():
        target = Path(os.path.realpath(path))
        if target.is_dir():
            return False
        if not target.is_relative_to(within):
            raise _refused(path, "it is a link out of the directory")
    if not path.is_file():
        raise _refused(path, "it is no file" if path.exists() else "it is a link to nothing")
    return True


def _refused(path: Path, why: str) -> UnreadableError:
    return UnreadableError(f"{path}: {why}", hint="remove it, or name a single file")
