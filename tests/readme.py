"""What README.md shows: the commands in it, and what it says they print."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"

_CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_ROW = re.compile(r"^\| `(lbdoctor [^`]*)` \|", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Example:
    """A command, and what stands below it."""

    command: str
    output: str

    @property
    def arguments(self) -> list[str]:
        return shlex.split(self.command)[1:]


def console_examples() -> list[Example]:
    """Return the commands of the console blocks with their output."""
    found = []
    for block in _CONSOLE.findall(README.read_text(encoding="utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append(Example(command, output))
    return found


def table_commands() -> list[str]:
    """Return the example of each command in the table of commands."""
    return _ROW.findall(README.read_text(encoding="utf-8"))


def printed(example: Example) -> str:
    """Return what the command prints on a terminal of 80 columns."""
    done = subprocess.run(
        [sys.executable, "-m", "lbdoctor", *example.arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "COLUMNS": "80", "HOME": "/nonexistent"},
        check=False,
    )
    assert done.stderr == ""
    return done.stdout


def rewrite(examples: list[Example]) -> None:
    """Put the outputs of the examples into README.md, in order."""
    left = iter(examples)

    def block(match: re.Match[str]) -> str:
        commands = re.findall(r"^\$ ", match[1], re.MULTILINE)
        parts = [next(left) for _ in commands]
        return (
            "```console\n" + "".join(f"$ {item.command}\n{item.output}" for item in parts) + "```"
        )

    text = _CONSOLE.sub(block, README.read_text(encoding="utf-8"))
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    rewrite([Example(item.command, printed(item)) for item in console_examples()])
