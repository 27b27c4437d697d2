"""``collect``, with a cluster in memory in place of a live one."""

from __future__ import annotations

from pathlib import Path

import pytest

from lbdoctor import cluster
from lbdoctor.cli.exit_codes import ExitCode
from lbdoctor.cluster.api import Api
from lbdoctor.cluster.recorder import Call
from lbdoctor.domain.refs import Kind
from tests.cli.manifests import lb, namespace, pool, stale
from tests.cli.program import Program, assert_one_line_of_help
from tests.unit.cluster.clusters import Failing, cluster_of


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    return live(cluster_of([*stale(), namespace("a"), namespace("b")]), monkeypatch)


def live(found: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    """Let every command find this cluster where it would open a live one."""
    monkeypatch.setattr(cluster, "open_live", lambda **_options: found)
    return found


@pytest.mark.usefixtures("api")
def test_the_files_are_told_on_stdout_and_what_to_type_on_stderr(
    program: Program, tmp_path: Path
) -> None:
    run = program.run("collect", tmp_path / "s")
    assert run.code == ExitCode.OK
    assert [Path(line).name for line in run.stdout.splitlines()] == sorted(
        (path.name for path in (tmp_path / "s").iterdir()), key=run.stdout.index
    )
    assert run.stderr == f"next: lbdoctor scan --from {tmp_path / 's'}\n"
    assert run.stdout.splitlines()[-1].endswith("snapshot.yaml")


@pytest.mark.usefixtures("api")
def test_what_it_says_to_type_next_gives_the_report_of_the_cluster(
    program: Program, tmp_path: Path
) -> None:
    for index, arguments in enumerate([[], ["-n", "a"], ["-n", "a", "-n", "b"]]):
        alive = program.run("scan", "-o", "name", *arguments)
        hint = program.run("collect", tmp_path / str(index), *arguments).stderr
        assert hint.startswith("next: lbdoctor ")
        again = program.run(*hint.split()[2:], "-o", "name")
        assert (again.code, again.stdout) == (alive.code, alive.stdout)


@pytest.mark.usefixtures("api")
def test_a_directory_in_use_is_one_line_and_stays_as_it_is(
    program: Program, tmp_path: Path
) -> None:
    (tmp_path / "mine").write_text("x", encoding="utf-8")
    run = program.run("collect", tmp_path)
    assert run.code == ExitCode.UNREADABLE
    assert_one_line_of_help(run)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_what_could_not_be_read_is_told_and_exits_with_4(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(Failing(cluster_of([pool(), lb()]), Call(Kind.LOAD_BALANCER)), monkeypatch)
    run = program.run("collect", tmp_path / "s")
    assert run.code == ExitCode.INCOMPLETE
    assert "not read: LoadBalancer" in run.stderr
    assert run.stderr.splitlines()[-1].startswith("next: ")


def test_nothing_readable_writes_nothing(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = (Call(Kind.IP_POOL), Call(Kind.LOAD_BALANCER), Call(Kind.LOAD_BALANCER, "default"))
    live(Failing(cluster_of([pool(), lb()]), *calls, Call(Kind.NAMESPACE)), monkeypatch)
    run = program.run("collect", tmp_path / "s")
    assert run.code == ExitCode.UNREADABLE
    assert_one_line_of_help(run)
    assert not (tmp_path / "s").exists()
