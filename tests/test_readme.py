"""README.md shows what the program really prints; `python -m tests.readme` puts it there."""

from __future__ import annotations

import pytest

from lbdoctor.cli.main import app
from tests.readme import README, Example, console_examples, printed, table_commands


@pytest.mark.parametrize("example", console_examples(), ids=lambda item: item.command)
def test_the_readme_shows_what_is_printed(example: Example) -> None:
    assert printed(example) == example.output


def test_every_command_has_an_example_and_a_help_block() -> None:
    callbacks = (command.callback for command in app.registered_commands)
    names = {callback.__name__ for callback in callbacks if callback}
    helped = {item.command for item in console_examples()}
    assert {f"lbdoctor {name} --help" for name in names} <= helped
    assert {command.split()[1] for command in table_commands()} == names


def test_each_of_the_two_commands_is_one_line() -> None:
    lines = README.read_text(encoding="utf-8").splitlines()
    setups = [line for line in lines if line.startswith("python3 -m venv .venv && ")]
    assert [line.rsplit(" && ", 1)[1] for line in setups] == [
        ".venv/bin/lbdoctor demo",
        ".venv/bin/python -m pytest -n 2",
    ]
