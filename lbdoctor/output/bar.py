"""How far a run is: a bar on the terminal, below what it has told already."""

from __future__ import annotations

from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from lbdoctor.output.lines import say


class Bar:
    """Counts the items of a run on stderr, as a context manager.

    The bar goes before a line is said and comes back after it, so that the two may share a
    terminal, and stdout holds nothing but lines.
    """

    def __init__(self, total: int) -> None:
        self._progress = Progress(
            TextColumn("repairing"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._progress.add_task("", total=total)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def move_on(self, line: str | None) -> None:
        """Say what became of one item, if that is to be said, and go on to the next."""
        self._progress.advance(self._task)
        if line is not None:
            self._progress.stop()
            say(line)
            self._progress.start()
