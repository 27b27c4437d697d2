"""Text from a cluster is data: no markup, no escapes, no HTML, in any format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lbdoctor.cli.exit_codes import ExitCode
from lbdoctor.output import Format
from tests.cli.manifests import lb, listed, pool
from tests.cli.program import Program, spawn

HOSTILE = {
    "markup": "[red]x[/red][link=http://e]y[/link][/]",
    "emoji": ":warning:",
    "ansi": "\x1b[31mred\x1b[0m\x1b[2J",
    "8-bit ansi": "\x9b31m",
    "osc 8": "\x1b]8;;http://evil\x07click\x1b]8;;\x07",
    "osc 52": "\x1b]52;c;ZXZpbA==\x1b\\",
    "return": "safe\rerror    LBD999",
    "lines": "one\ntwo\r\nthree\x0bfour\x0cfive\x85six\u2028seven\u2029eight",
    "bidi": "\u202egpj.exe\u202c\u2066x\u2069\u200f",
    "zero-width": "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg",
    "nul": "a\0b\x7fc\x08d\te",
    "markdown": "a|b`c`<script>alert(1)</script>*d*_e_[f](http://g)![h](i)\\|",
    "surrogate": "\ud83d",
    "spaces": "a\u00a0b\u2003c\u3000d",
}
OWNERS = ("loadbalancer.harvesterhci.io/manuallyReleaseIP", "lbdoctor.io/ignore")


def poisoned(text: str) -> list[dict[str, Any]]:
    """Return objects with this text in every field that takes text."""
    held = pool(f"p{text}", {f"10.0.0.5{text}": f"a/{text}", "10.0.0.6": "a/gone"})
    held["metadata"]["annotations"] = dict.fromkeys(OWNERS, text)
    held["metadata"]["labels"] = {"loadbalancer.harvesterhci.io/global-ip-pool": text}
    held["metadata"]["uid"] = text
    held["spec"]["selector"] = {"network": text, "scope": [{"project": text, "namespace": text}]}
    held["spec"]["ranges"].append({"subnet": text, "rangeStart": text, "rangeEnd": text})
    held["status"]["allocatedHistory"] = {text: f"a/{text}"}
    held["status"]["lastAllocated"] = text
    waiting, booked = lb(f"web{text}", f"a{text}"), lb(f"api{text}", ip="10.0.0.9", pool_name=text)
    for item in (waiting, booked):
        item["metadata"].update(finalizers=[text], annotations=dict.fromkeys(OWNERS, text))
        item["status"]["conditions"][0].update(message=text, status="True", type="Ready")
        item["status"]["address"] = text
    waiting["spec"].update(ipPool="", ipam="", workloadType=text)
    broken = pool(f"broken{text}")
    broken["metadata"]["creationTimestamp"] = text
    broken["spec"] = {text: text, "ranges": text}
    return [held, waiting, booked, broken]


@pytest.mark.parametrize("output", Format)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_format_lets_anything_through_that_acts(
    program: Program, tmp_path: Path, text: str, output: Format
) -> None:
    name = text.replace("/", "").replace("\0", "").encode("utf-8", "replace").decode()
    source = tmp_path / f"file{name}.json"
    source.write_text(listed(poisoned(text)), encoding="utf-8")
    run = program.scan(source, "-o", output)
    assert run.code == ExitCode.FINDINGS
    odd = [char for char in run.stdout + run.stderr if char != "\n" and not char.isprintable()]
    assert odd == []


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_one_finding_stays_one_line_of_the_table(
    program: Program, tmp_path: Path, text: str
) -> None:
    source = tmp_path / "input.json"
    source.write_text(listed(poisoned(text)), encoding="utf-8")
    findings = program.report(source).document["findings"]
    assert len(findings) >= 5
    table = program.scan(source).stdout.splitlines()
    found = [line for line in table if line.startswith(("error ", "warning ", "info "))]
    assert [line.split()[1] for line in found] == [item["code"] for item in findings]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_one_finding_stays_one_row_of_five_cells_in_markdown(
    program: Program, tmp_path: Path, text: str
) -> None:
    source = tmp_path / "input.json"
    source.write_text(listed(poisoned(text)), encoding="utf-8")
    findings = program.report(source).document["findings"]
    text_lines = program.scan(source, "-o", "markdown").stdout.splitlines()
    rows = [line for line in text_lines if line.startswith("| ")][1:]
    assert len(rows) == len(findings)
    assert {_bars(row) for row in rows} == {6}
    bare = "".join(_unescaped(line) for line in text_lines if not line.startswith("|"))
    assert not set(bare) & set("`<>*[]")
    assert not set("".join(map(_unescaped, rows))) & set("`<>*[]")


def _bars(row: str) -> int:
    return _unescaped(row).count("|")


def _unescaped(line: str) -> str:
    r"""Return the characters that Markdown acts upon: those without a ``\`` before them."""
    found, characters = [], iter(line)
    for char in characters:
        if char == "\\":
            next(characters, "")
        else:
            found.append(char)
    return "".join(found)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_path_that_is_not_there_is_told_harmlessly(program: Program, text: str) -> None:
    run = program.scan(f"/nonexistent/{text}")
    assert run.code == ExitCode.UNREADABLE
    assert run.stderr.count("\n") == 1
    assert all(char == "\n" or char.isprintable() for char in run.stderr)


def test_colour_does_not_open_a_door_for_markup(tmp_path: Path) -> None:
    source = tmp_path / "input.json"
    source.write_text(listed(poisoned("[red]x[/red]\x1b[5m")), encoding="utf-8")
    run = spawn("scan", "--from", source, FORCE_COLOR="1", TERM="xterm-256color")
    assert "[red]x[/red]\\x1b[5m" in run.stdout
    assert "\x1b[5m" not in run.stdout
    assert "\x1b]" not in run.stdout


@pytest.fixture
def named(tmp_path: Path) -> Callable[[bytes], str]:
    """Write a healthy file under a name that is bytes."""

    def write(name: bytes) -> str:
        path = tmp_path / name.decode("utf-8", "surrogateescape")
        path.write_text(listed([pool(available=9)]), encoding="utf-8")
        return str(path)

    return write


@pytest.mark.parametrize("output", Format)
def test_a_file_name_that_is_not_utf_8_is_shown_all_the_same(
    program: Program, named: Callable[[bytes], str], output: Format
) -> None:
    run = program.scan(named(b"\xff\x1b[31m\n.yaml"), "-o", output)
    assert run.code == ExitCode.FINDINGS
    assert all(char == "\n" or char.isprintable() for char in run.stdout)
