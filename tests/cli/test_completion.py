"""Completion scripts, sourced in the real shells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from lbdoctor.cli.completion import Shell
from tests.cli.program import ROOT, Program, environment

FILES = {
    Shell.BASH: "lbdoctor.bash",
    Shell.ZSH: "_lbdoctor",
    Shell.FISH: "lbdoctor.fish",
    Shell.KUBECTL: "kubectl_complete-lbdoctor",
}
CASES = {
    "command": ("lbdoctor sc", {"scan", "schema"}),
    "flag": ("lbdoctor scan --fail", {"--fail-on"}),
    "value": ("lbdoctor scan --fail-on wa", {"warning"}),
    "code": ("lbdoctor explain LBD20", {f"LBD20{digit}" for digit in range(1, 10)}),
    "code of an option": ("lbdoctor scan --only LBD11", {"LBD110", "LBD111"}),
}
every_case = pytest.mark.parametrize("line,wanted", CASES.values(), ids=CASES)


def completions() -> Path:
    return ROOT / "completions"


def needed(name: str) -> str:
    """Return the path of a shell; without it the test is skipped, but never in CI."""
    found = shutil.which(name)
    if found is None:
        message = f"no {name}: apt-get install {name}"
        if os.environ.get("CI") == "true":
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    return found


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which ``lbdoctor`` is a command."""
    launcher = tmp_path / "bin" / "lbdoctor"
    launcher.parent.mkdir()
    launcher.write_text(f'#!/bin/sh\nexec {sys.executable} -m lbdoctor "$@"\n', encoding="utf-8")
    launcher.chmod(0o755)
    path = f"{launcher.parent}:{os.environ['PATH']}"
    return environment(PATH=path, HOME=str(tmp_path), PYTHONPATH=str(ROOT))


def output_of(arguments: list[str], variables: dict[str, str], directory: Path) -> list[str]:
    done = subprocess.run(
        arguments,
        capture_output=True,
        text=True,
        env=variables,
        cwd=directory,
        check=True,
        timeout=30,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize("shell", Shell)
def test_the_files_are_what_the_program_prints(program: Program, shell: Shell) -> None:
    kept = (completions() / FILES[shell]).read_text(encoding="utf-8")
    assert program.run("completion", shell).stdout == kept


def test_there_is_no_file_that_the_program_does_not_print() -> None:
    assert {path.name for path in completions().iterdir()} == set(FILES.values())


@every_case
def test_bash_completes(
    variables: dict[str, str], tmp_path: Path, line: str, wanted: set[str]
) -> None:
    script = (
        f"source {completions() / FILES[Shell.BASH]}\n"
        f"COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n"
        "_lbdoctor_completion lbdoctor\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
        "complete -p lbdoctor >/dev/null\n"
    )
    found = output_of([needed("bash"), "--norc", "-c", script], variables, tmp_path)
    assert set(found) == wanted


@every_case
def test_fish_completes(
    variables: dict[str, str], tmp_path: Path, line: str, wanted: set[str]
) -> None:
    script = f"source {completions() / FILES[Shell.FISH]}\ncomplete -C'{line}'"
    found = output_of([needed("fish"), "--no-config", "-c", script], variables, tmp_path)
    assert {item.partition("\t")[0] for item in found} == wanted
    assert all("\t" in item for item in found) or wanted == {"warning"}


@pytest.fixture
def zsh(variables: dict[str, str], tmp_path: Path) -> Iterator[pexpect.spawn[str]]:
    """Start an interactive zsh on whose fpath the completion is, as when it is installed."""
    functions = tmp_path / "functions"
    functions.mkdir()
    shutil.copy(completions() / FILES[Shell.ZSH], functions)
    shell = pexpect.spawn(
        needed("zsh"),
        ["-f", "-i"],
        env={**variables, "TERM": "xterm"},
        cwd=str(tmp_path),
        encoding="utf-8",
        dimensions=(50, 200),
        timeout=10,
    )
    try:
        shell.sendline(f"fpath=({functions} $fpath)")
        shell.sendline("autoload -Uz compinit && compinit -u -D; PROMPT='rea''dy> '")
        shell.expect_exact("ready> ")
        yield shell
    finally:
        shell.close(force=True)


def press_tab(zsh: pexpect.spawn[str], line: str, wanted: set[str]) -> None:
    """Type a line and Tab; all that is wanted has to come, in any order."""
    zsh.send(f"{line}\t")
    left = sorted(wanted, key=len, reverse=True)
    while left:
        del left[zsh.expect_exact(left)]


@every_case
def test_zsh_completes(zsh: pexpect.spawn[str], line: str, wanted: set[str]) -> None:
    zsh.sendline(f"source {completions() / FILES[Shell.ZSH]}")
    zsh.expect_exact("ready> ")
    press_tab(zsh, line, wanted)


def test_zsh_completes_at_the_first_tab(zsh: pexpect.spawn[str]) -> None:
    press_tab(zsh, *CASES["command"])


@every_case
def test_kubectl_completes(
    variables: dict[str, str], tmp_path: Path, line: str, wanted: set[str]
) -> None:
    script = completions() / FILES[Shell.KUBECTL]
    words = line.split()[1:]
    found = output_of(["sh", str(script), *words], variables, tmp_path)
    assert found[-1] == ":4", "kubectl is told to offer no files"
    assert {item.partition("\t")[0] for item in found[:-1]} == wanted


def test_kubectl_is_given_every_command_for_an_empty_word(
    variables: dict[str, str], tmp_path: Path
) -> None:
    script = completions() / FILES[Shell.KUBECTL]
    found = output_of(["sh", str(script), ""], variables, tmp_path)
    assert len(found) > 5
    assert all("\t" in item for item in found[:-1])


def test_the_plugins_script_can_be_run_as_it_is() -> None:
    assert os.access(completions() / FILES[Shell.KUBECTL], os.X_OK)
