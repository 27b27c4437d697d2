"""On a terminal: 80 columns, colour unless NO_COLOR says otherwise, progress taken away."""

from __future__ import annotations

import re
from pathlib import Path

import pexpect
import pytest
from rich.cells import cell_len

from tests.cli.manifests import listed, stale
from tests.cli.program import COMMAND, ROOT, STUCK, environment, spawn

ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-7]|38|9[0-7])(?:;\d+)*m")


def on_a_terminal(
    *arguments: object, columns: int = 80, talk: str = "2>/dev/null", **variables: str
) -> str:
    """Return what the program shows on a terminal of so many columns."""
    child = pexpect.spawn(
        "/bin/sh",
        ["-c", f'exec "$@" {talk}', "sh", *COMMAND, *map(str, arguments)],
        cwd=str(ROOT),
        env=environment(TERM="xterm-256color", **variables),
        dimensions=(24, columns),
        encoding="utf-8",
        timeout=30,
    )
    child.expect(pexpect.EOF)
    child.close()
    shown = child.before
    assert isinstance(shown, str)
    return shown.replace("\r\n", "\n")


@pytest.mark.parametrize("output", ["table", "wide"])
def test_no_line_is_longer_than_eighty_cells(tmp_path: Path, output: str) -> None:
    few = tmp_path / "few.json"
    few.write_text(listed(stale(4)), encoding="utf-8")
    for source in (STUCK, few):
        shown = ESCAPE.sub("", on_a_terminal("scan", "--from", source, "-o", output))
        assert [line for line in shown.splitlines() if cell_len(line) > 80] == []


@pytest.mark.parametrize(
    "arguments", [["demo"], ["explain"], ["explain", "LBD201"], ["scan", "-h"]]
)
def test_neither_is_a_line_of_any_other_page(arguments: list[str]) -> None:
    shown = ESCAPE.sub("", on_a_terminal(*arguments))
    assert [line for line in shown.splitlines() if cell_len(line) > 80] == []


def test_a_wrapped_line_goes_on_below_its_message() -> None:
    shown = ESCAPE.sub("", on_a_terminal("scan", "--from", STUCK, columns=60)).splitlines()
    at = next(index for index, line in enumerate(shown) if "LBD111" in line)
    assert shown[at + 1].startswith(" " * len("info     LBD111  storm  "))


def test_severities_are_coloured_on_a_terminal() -> None:
    assert COLOUR.search(on_a_terminal("scan", "--from", STUCK))


def test_nothing_is_coloured_with_no_color() -> None:
    shown = on_a_terminal("scan", "--from", STUCK, NO_COLOR="1")
    assert ESCAPE.findall(shown) == []
    assert "LBD201" in shown


def test_the_words_are_the_same_with_colour_and_without() -> None:
    coloured = on_a_terminal("scan", "--from", STUCK, columns=500)
    assert ESCAPE.sub("", coloured) == spawn("scan", "--from", STUCK).stdout


def test_json_is_never_coloured() -> None:
    shown = on_a_terminal("scan", "--from", STUCK, "-o", "json", FORCE_COLOR="1")
    assert "\x1b" not in shown


def test_progress_is_shown_on_a_terminal_and_taken_away_again() -> None:
    shown = on_a_terminal("scan", "--from", STUCK, "-o", "name", talk="")
    assert "reading LoadBalancers: 12" in shown
    left = shown.rpartition("\r\033[K")[2]
    assert left.splitlines()[0] == spawn("scan", "--from", STUCK, "-o", "name").stdout.split()[0]
