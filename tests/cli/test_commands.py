"""``explain``, ``schema``, ``demo``, ``completion``, ``--version`` and every help page."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest

from lbdoctor import __version__
from lbdoctor.cli.exit_codes import ExitCode
from lbdoctor.cli.main import app
from lbdoctor.rules import CATALOGUE
from tests.cli.program import ROOT, STUCK, Program, assert_one_line_of_help

COMMANDS = [
    item.name or item.callback.__name__ for item in app.registered_commands if item.callback
]
CODES = [rule.code for rule in CATALOGUE]


@pytest.mark.parametrize("code", CODES)
def test_explain_tells_a_code_in_eighty_columns(program: Program, code: str) -> None:
    run = program.run("explain", code)
    assert (run.code, run.stderr) == (ExitCode.OK, "")
    assert run.stdout.startswith(f"{code}  ")
    assert "Remedy: " in run.stdout
    assert [line for line in run.stdout.splitlines() if len(line) > 80] == []
    assert run.stdout.splitlines()[-1].startswith("next: ")


def test_explain_takes_a_code_in_any_case(program: Program) -> None:
    assert program.run("explain", "lbd201") == program.run("explain", "LBD201")


def test_explain_alone_lists_the_catalogue(program: Program) -> None:
    run = program.run("explain")
    assert re.findall(r"^LBD\d{3}", run.stdout, re.MULTILINE) == CODES
    assert [line for line in run.stdout.splitlines() if len(line) > 80] == []


def test_explain_of_no_code_is_a_usage_error(program: Program) -> None:
    run = program.run("explain", "LBD999")
    assert run.code == ExitCode.USAGE
    assert_one_line_of_help(run)


def test_explain_in_json_fits_the_schema(program: Program) -> None:
    schema = json.loads(program.run("schema").stdout)
    for arguments, count in (([], len(CODES)), (["LBD201"], 1)):
        document = program.run("explain", *arguments, "-o", "json").document
        jsonschema.Draft202012Validator(schema).validate(document)
        assert len(document["rules"]) == count


def test_explain_in_markdown_is_the_page_of_the_repository(program: Program) -> None:
    page = (ROOT / "CODES.md").read_text(encoding="utf-8")
    assert program.run("explain", "-o", "markdown").stdout == page


def test_the_address_of_each_code_is_a_section_of_the_page() -> None:
    page = (ROOT / "CODES.md").read_text(encoding="utf-8")
    for rule in CATALOGUE:
        assert rule.docs == f"CODES.md#{rule.code.lower()}"
        assert f"\n## {rule.code}\n" in page


def test_schema_prints_a_schema_that_a_scan_fits(program: Program) -> None:
    schema = json.loads(program.run("schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(program.report(STUCK).document)


def test_demo_shows_findings_but_exits_well(program: Program) -> None:
    run = program.run("demo")
    assert (run.code, run.stderr) == (ExitCode.OK, "")
    assert "LBD101" in run.stdout
    assert "LBD201" in run.stdout


def test_demo_makes_its_state_by_the_race_itself(program: Program) -> None:
    story, _, scanned = program.run("demo").stdout.partition("$ lbdoctor scan")
    taken = re.search(r"takes (\S+) for it", story)
    refused = re.search(r"for UID \.\.\.(\d+), and is refused: the UID\s+is \.\.\.(\d+)", story)
    assert taken
    assert refused
    assert refused[1] != refused[2]
    assert f"{taken[1]} has been allocated to" in story
    assert re.search(rf"LBD201 .* {re.escape(taken[1])}  stuck", scanned)


def test_demo_tells_the_whole_story(program: Program) -> None:
    parts = program.run("demo").stdout.split("\n$ lbdoctor ")
    assert [part.split()[0] for part in parts[1:]] == ["scan", "repair", "scan", "undo"]
    _, before, repaired, after, undone = parts
    assert "12 error" in before
    assert "12 done; to take it back: lbdoctor undo" in repaired
    assert "no problems found" in after
    assert "put back 10.77.0.16" in undone


def test_the_version_is_the_packages(program: Program) -> None:
    assert program.run("--version").stdout == f"lbdoctor {__version__}\n"


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shows_help_with_an_example(
    program: Program, command: str, flag: str
) -> None:
    run = program.run(command, flag)
    assert (run.code, run.stderr) == (ExitCode.OK, "")
    assert run.stdout.startswith(f"Usage: lbdoctor {command}")
    examples = run.stdout.partition("Examples:")[2]
    assert f"lbdoctor {command}" in examples
    assert [line for line in run.stdout.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_the_examples_of_the_help_are_commands_that_exist(program: Program, command: str) -> None:
    examples = program.run(command, "-h").stdout.partition("Examples:")[2]
    flat = re.sub(r"\\\n\s*", "", examples)
    for example in re.findall(r"lbdoctor ([a-z]+)((?: -{1,2}[a-z-]+)*)", flat):
        name, flags = example
        assert name in COMMANDS
        known = program.run(name, "-h").stdout
        assert [flag for flag in flags.split() if flag not in known] == []


def test_help_alone_names_every_command(program: Program) -> None:
    run = program.run("-h")
    assert run.code == ExitCode.OK
    assert all(re.search(rf"^  {name}\b", run.stdout, re.MULTILINE) for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_flag_is_explained(program: Program, command: str) -> None:
    options = program.run(command, "-h").stdout.partition("Options:")[2].partition("Examples:")[0]
    flags = re.findall(r"^  (-\S+.*)$", options, re.MULTILINE)
    assert flags
    bare = [flag for flag in flags if re.fullmatch(r"(-\S+,? ?)+([A-Z]+|\[.*\])?", flag)]
    folded = [flag for flag in bare if f"{flag}\n     " not in options]
    assert folded == []


def test_as_a_plugin_it_calls_itself_kubectl_lbdoctor(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["/usr/local/bin/kubectl-lbdoctor"])
    assert program.run("scan", "-h").stdout.startswith("Usage: kubectl lbdoctor scan")
