"""Each exit code of a scan of files; the format never changes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lbdoctor.cli.exit_codes import ExitCode
from lbdoctor.diagnosis.report import Report
from lbdoctor.output import Format
from tests.cli.manifests import healthy, lb, listed, pool, stale
from tests.cli.program import STUCK, Program, assert_one_line_of_help, spawn

Write = Callable[[str], Path]

INPUTS = {
    ExitCode.OK: listed(healthy()),
    ExitCode.FINDINGS: listed(stale()),
    ExitCode.INCOMPLETE: listed([pool(allocated={"10.0.0.5": "a/web"})]),
}


@pytest.mark.parametrize("output", Format)
@pytest.mark.parametrize("code", INPUTS)
def test_the_format_does_not_change_the_exit_code(
    program: Program, file: Write, output: Format, code: ExitCode
) -> None:
    run = program.scan(file(INPUTS[code]), "-o", output)
    assert (run.code, run.stderr) == (code, "")


@pytest.mark.parametrize("fail_on,code", [("error", 0), ("warning", 1), ("info", 1), ("never", 0)])
def test_fail_on_says_from_which_severity_on_a_scan_fails(
    program: Program, file: Write, fail_on: str, code: int
) -> None:
    drifted = [pool(allocated={"10.0.0.5": "a/web"}, available=9), lb(ip="10.0.0.5")]
    run = program.report(file(listed(drifted)), "--fail-on", fail_on)
    assert (run.code, run.codes) == (code, ["LBD105"])


def test_a_finding_below_fail_on_does_not_hide_that_something_is_missing(
    program: Program, file: Write
) -> None:
    alone = file(listed([pool(available=9)]))
    assert program.scan(alone).code == ExitCode.FINDINGS
    assert program.scan(alone, "--fail-on", "error").code == ExitCode.INCOMPLETE
    assert program.scan(alone, "--fail-on", "never").code == ExitCode.INCOMPLETE


@pytest.mark.parametrize(
    "arguments",
    [
        ["--only", "LBD999"],
        ["--ignore", "nonsense"],
        ["-n", "Not_A_Name"],
        ["-n", ""],
        ["-n", "a/b"],
        ["-A", "-n", "a"],
        ["--context", "prod"],
        ["--kubeconfig", "config"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_is_a_usage_error(
    program: Program, file: Write, arguments: list[str]
) -> None:
    run = program.scan(file(listed(healthy())), *arguments)
    assert run.code == ExitCode.USAGE
    assert_one_line_of_help(run)


@pytest.mark.parametrize("duration", ["", "0", "0s", "-1s", "soon", "5 s", "1d", "1h-2m"])
def test_a_bad_duration_is_a_usage_error(program: Program, duration: str) -> None:
    run = program.run("scan", "--request-timeout", duration)
    assert run.code == ExitCode.USAGE
    assert_one_line_of_help(run)


@pytest.mark.parametrize(
    "arguments",
    [["scan", "-o", "xml"], ["scan", "--bogus"], ["scan", "extra"], ["bogus"], ["collect"]],
    ids=" ".join,
)
def test_what_cannot_be_parsed_is_a_usage_error_too(program: Program, arguments: list[str]) -> None:
    run = program.run(*arguments)
    assert (run.code, run.stdout) == (ExitCode.USAGE, "")
    assert "Traceback" not in run.stderr


UNREADABLE = {
    "empty": b"",
    "blank": b" \n\n",
    "comment": b"# nothing here\n",
    "text": b"no such resource",
    "number": b"42",
    "null": b"null",
    "not yaml": b"kind: IPPool\n  metadata: {name: p1\n",
    "tab": b"kind:\tIPPool\n\tmetadata: {}\n",
    "not json": b'{"kind": IPPool}',
    "trailing": b'{"kind": "IPPool"} nonsense',
    "truncated json": listed(healthy()).encode()[:-20],
    "truncated yaml": b'kind: IPPool\nmetadata: {name: "p1',
    "binary": b"\x00\x01\x02\xff\xfe",
    "nul": b"\x00\x00",
    "gzip": b"\x1f\x8b\x08\x00\x00",
    "utf-16": "kind: IPPool".encode("utf-16"),
    "latin-1": b"kind: IPPool\nmetadata: {name: \xe4}",
    "another kind": b"kind: Pod\nmetadata: {name: p}\n",
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_without_objects_cannot_be_read(
    program: Program, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "input.yaml"
    path.write_bytes(content)
    run = program.scan(path)
    assert run.code == ExitCode.UNREADABLE
    assert_one_line_of_help(run)


def test_what_is_not_there_cannot_be_read(program: Program, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("kind: IPPool", encoding="utf-8")
    (tmp_path / "loop").symlink_to("loop")
    for path in ("missing", "missing/deeper", "empty", "other", "loop", "n" * 5000):
        run = program.scan(tmp_path / path)
        assert run.code == ExitCode.UNREADABLE, path[:20]
        assert_one_line_of_help(run)


def test_one_bad_file_of_a_directory_is_named(program: Program, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(listed(healthy()), encoding="utf-8")
    (tmp_path / "b.yaml").write_text("kind: [", encoding="utf-8")
    run = program.scan(tmp_path)
    assert run.code == ExitCode.UNREADABLE
    assert "b.yaml" in run.stderr
    assert_one_line_of_help(run)


KUBECONFIGS = {
    "empty": "",
    "text": "garbage",
    "list": "[1, 2]",
    "not yaml": "{{{",
    "no contexts": "apiVersion: v1\nkind: Config\n",
    "dangling": "apiVersion: v1\nkind: Config\ncurrent-context: x\n"
    "contexts: [{name: x, context: {cluster: y, user: z}}]\nclusters: []\nusers: []\n",
    "wrong types": "apiVersion: v1\nkind: Config\ncurrent-context: 5\ncontexts: {a: b}\n",
}


@pytest.mark.parametrize("content", KUBECONFIGS.values(), ids=KUBECONFIGS)
def test_a_kubeconfig_that_is_garbage_cannot_be_read(
    program: Program, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "config"
    path.write_text(content, encoding="utf-8")
    run = program.run("scan", "--kubeconfig", path)
    assert run.code == ExitCode.UNREADABLE
    assert_one_line_of_help(run)


def test_a_kubeconfig_that_is_binary_or_a_directory_cannot_be_read(
    program: Program, tmp_path: Path
) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\x00\xff\xfe")
    for path in (binary, tmp_path, tmp_path / "missing"):
        run = program.run("scan", "--kubeconfig", path)
        assert run.code == ExitCode.UNREADABLE, path.name
        assert_one_line_of_help(run)


def test_a_context_that_is_not_there_cannot_be_read(program: Program, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: x\n"
        "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
        "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\n"
        "users: [{name: u, user: {}}]\n",
        encoding="utf-8",
    )
    run = program.run("scan", "--kubeconfig", config, "--context", "other")
    assert run.code == ExitCode.UNREADABLE
    assert "other" in run.stderr
    assert_one_line_of_help(run)


@pytest.mark.parametrize(
    "missing,objects",
    [("LoadBalancer", [pool(allocated={"10.0.0.5": "a/web"})]), ("IPPool", [lb(ip="10.0.0.5")])],
)
def test_one_kind_alone_is_incomplete_and_nothing_is_stale(
    program: Program, file: Write, missing: str, objects: list[dict[str, object]]
) -> None:
    run = program.report(file(listed(objects)))
    assert run.code == ExitCode.INCOMPLETE
    assert run.codes == []
    assert run.document["complete"] is False
    assert (missing, None, None) in run.gaps


def test_a_bug_exits_with_70_and_says_so(
    program: Program, file: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_report: Report) -> tuple[object, ...]:
        raise RuntimeError("a deep one")

    monkeypatch.setattr(Report, "counted", property(broken))
    run = program.scan(file(listed(healthy())), "-o", "name")
    assert (run.code, run.stdout) == (ExitCode.INTERNAL, "")
    assert "a deep one" in run.stderr
    assert "bug" in run.stderr.splitlines()[-1]


def test_debug_shows_where_an_error_comes_from(program: Program, tmp_path: Path) -> None:
    run = program.scan(tmp_path / "missing", "--debug")
    assert run.code == ExitCode.UNREADABLE
    assert run.stderr.startswith("Traceback")
    assert run.stderr.splitlines()[-1].startswith("error: ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
@pytest.mark.parametrize("output", [Format.TABLE, Format.JSON])
def test_a_full_disk_is_one_line_and_no_bug(output: Format) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        run = spawn("scan", "--from", STUCK, "-o", output, stdout=full.fileno())
    assert run.code not in (ExitCode.OK, ExitCode.FINDINGS, ExitCode.INTERNAL)
    assert run.stderr.count("\n") == 1
    assert "Traceback" not in run.stderr


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="/proc is Linux's")
def test_a_file_that_fails_while_it_is_read_is_named_with_the_reason(program: Program) -> None:
    run = program.scan("/proc/self/mem")
    assert run.code == ExitCode.UNREADABLE
    assert "/proc/self/mem" in run.stderr
    assert_one_line_of_help(run)
