"""What a command imports, and what it needs: as little as it can do with."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.program import ROOT, STUCK, environment, spawn

PRINT_LOADED = "import sys; print('\\n'.join(sorted(sys.modules)))"
RUN = "from lbdoctor.cli.main import main; main({arguments!r})"


def loaded(code: str) -> set[str]:
    """Return the modules that are loaded after some code has run, and its parents."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nprint('<loaded>')\n{PRINT_LOADED}"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(),
        check=True,
        timeout=30,
    )
    return set(done.stdout.rpartition("<loaded>")[2].split())


def test_the_program_starts_without_what_it_may_not_need() -> None:
    heavy = {"kubernetes", "yaml", "rich.console", "jsonschema", "urllib3", "pydantic"}
    assert loaded("import lbdoctor.cli.main") & heavy == set()


OFFLINE = [
    ["scan", "--from", str(STUCK)],
    ["scan", "--from", str(STUCK), "-o", "json"],
    ["demo"],
    ["explain", "LBD201"],
    ["schema"],
    ["completion", "bash"],
    ["scan", "--from", "/nonexistent"],
]


@pytest.mark.parametrize("arguments", OFFLINE, ids=lambda item: " ".join(item)[-20:])
def test_what_reads_no_cluster_never_loads_the_client(arguments: list[str]) -> None:
    found = loaded(RUN.format(arguments=arguments))
    assert "lbdoctor.cli.main" in found
    assert found & {"kubernetes", "urllib3", "ssl", "jsonschema"} == set()


def test_machine_formats_do_not_load_rich() -> None:
    found = loaded(RUN.format(arguments=["scan", "--from", str(STUCK), "-o", "json"]))
    assert "rich.console" not in found


UNUSED = {"rich.console", "kubernetes", "urllib3", "yaml", "lbdoctor.rules"}
"""What nothing needs that reads nothing."""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_loads_neither_rich_nor_the_client(shell: str) -> None:
    asked = {
        "_LBDOCTOR_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": "lbdoctor scan --o",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "COMP_WORDS": "lbdoctor scan --o",
        "COMP_CWORD": "2",
    }
    found = loaded(f"import os; os.environ.update({asked!r})\n" + RUN.format(arguments=[]))
    assert "typer._completion_classes" in found
    assert found & UNUSED == set()


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["scan", "--help"], ["scan", "--nonsense"]], ids=str
)
def test_help_and_usage_errors_load_no_rules(arguments: list[str]) -> None:
    assert loaded(RUN.format(arguments=arguments)) & UNUSED == set()


def test_the_demo_needs_no_home_and_no_network() -> None:
    blocked = (
        "import socket\n"
        "def refuse(*_a, **_k): raise OSError('no network')\n"
        "socket.socket.connect = refuse\nsocket.getaddrinfo = refuse\n"
    )
    code = blocked + "import os; os.environ.pop('HOME', None)\n"
    assert "lbdoctor.cli.demo" in loaded(code + RUN.format(arguments=["demo"]))


def test_the_demo_is_the_same_each_time() -> None:
    first = spawn("demo", PYTHONHASHSEED="1", HOME="/nonexistent", TZ="Asia/Tokyo")
    second = spawn("demo", PYTHONHASHSEED="2", HOME="/", TZ="UTC")
    assert (first.code, first.stderr) == (0, "")
    assert first == second


@pytest.mark.parametrize("output", ["table", "json", "name"])
def test_a_report_is_the_same_each_time(output: str) -> None:
    arguments = ["scan", "--from", STUCK, "-o", output]
    assert spawn(*arguments, PYTHONHASHSEED="1") == spawn(*arguments, PYTHONHASHSEED="2")
