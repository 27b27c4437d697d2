"""Standard output that closes early, or is not there, and what a pipe gets."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from lbdoctor.cli.exit_codes import ExitCode
from lbdoctor.output import Format
from tests.cli.manifests import listed
from tests.cli.program import COMMAND, ROOT, STUCK, environment, spawn

PAGES = [["--help"], ["scan", "--help"], ["explain"], ["schema"], ["demo"]]
FORMATS = [Format.TABLE, Format.JSON, Format.YAML, Format.NAME]
FIRST_BYTE = [*(["scan", "--from", str(STUCK), "-o", output] for output in FORMATS), *PAGES]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Input of which every format makes more than a pipe holds."""
    broken = [
        {"kind": "IPPool", "metadata": {"name": f"p{index:05}"}, "spec": index}
        for index in range(3000)
    ]
    path = tmp_path_factory.mktemp("large") / "pools.json"
    path.write_text(listed([*broken]), encoding="utf-8")
    return path


@pytest.mark.parametrize("output", [Format.TABLE, Format.JSON, Format.YAML, Format.MARKDOWN])
def test_a_reader_that_has_seen_enough_ends_the_program(large: Path, output: Format) -> None:
    process = subprocess.Popen(
        [*COMMAND, "scan", "--from", str(large), "-o", output],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=environment(),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=30) == ExitCode.CLOSED_OUTPUT


@pytest.mark.parametrize("arguments", FIRST_BYTE, ids=lambda item: " ".join(item)[-20:])
def test_a_reader_that_is_gone_before_the_first_byte_ends_it_too(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        run = spawn(*arguments, stdout=writer)
    finally:
        os.close(writer)
    assert (run.code, run.stderr) == (ExitCode.CLOSED_OUTPUT, "")


CLOSED = {
    ">&-": ExitCode.CLOSED_OUTPUT,
    "<&-": ExitCode.UNREADABLE,
    "2>&-": ExitCode.UNREADABLE,
}


@pytest.mark.parametrize("redirection", CLOSED)
def test_a_closed_descriptor_is_no_bug(redirection: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {redirection}', "sh", *COMMAND, "scan", "--from", "-"],
        input=b"",
        capture_output=True,
        cwd=ROOT,
        env=environment(),
        check=False,
        timeout=30,
    )
    assert done.returncode == CLOSED[redirection]
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("output", Format)
def test_a_pipe_gets_no_escapes_and_no_trailing_blanks(output: Format) -> None:
    run = spawn("scan", "--from", STUCK, "-o", output, TERM="xterm-256color")
    assert run.code == ExitCode.FINDINGS
    assert "\033" not in run.stdout
    assert [line for line in run.stdout.splitlines() if line != line.rstrip()] == []
    assert run.stdout.endswith("\n")
    assert run.stderr == ""


def test_a_pipe_gets_the_whole_line_however_narrow_the_terminal_is() -> None:
    wide = spawn("scan", "--from", STUCK, "-o", "wide", COLUMNS="20")
    assert wide.stdout == spawn("scan", "--from", STUCK, "-o", "wide").stdout


@pytest.mark.parametrize("output", FORMATS)
def test_a_terminal_without_unicode_is_no_bug(output: Format, tmp_path: Path) -> None:
    pool = {"kind": "IPPool", "metadata": {"name": "ä" * 30}, "spec": {"ranges": [{}]}}
    source = tmp_path / "ä.json"
    source.write_text(listed([pool]), encoding="utf-8")
    run = spawn("scan", "--from", source, "-o", output, PYTHONIOENCODING="ascii")
    assert run.code == ExitCode.FINDINGS
    assert run.stderr == ""
