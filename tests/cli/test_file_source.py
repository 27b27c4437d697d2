"""What a scan of files reads, and what it takes for absent, unknown or now."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from lbdoctor.cli.exit_codes import ExitCode
from tests.cli.manifests import (
    EARLIER,
    GROUP,
    TIME,
    V1,
    Manifest,
    healthy,
    lb,
    listed,
    pool,
    stale,
    stream,
)
from tests.cli.program import STUCK, Program, spawn

Write = Callable[[str], Path]


def typed(kind: str, objects: list[Manifest]) -> Manifest:
    """Return a list as the API server sends it: the items do not say what they are."""
    bare = [
        {key: item[key] for key in item if key not in ("apiVersion", "kind")} for item in objects
    ]
    return {"apiVersion": V1, "kind": f"{kind}List", "metadata": {}, "items": bare}


def typed_lists() -> list[Manifest]:
    pools, lbs = stale()[:1], stale()[1:]
    return [typed("IPPool", pools), typed("LoadBalancer", lbs)]


SHAPES = {
    "List in JSON": listed(stale()),
    "List in YAML": yaml.safe_dump(json.loads(listed(stale()))),
    "documents": yaml.safe_dump_all(stale()),
    "documents with gaps": "---\n---\n" + yaml.safe_dump_all(stale(), explicit_end=True),
    "values": stream(stale()),
    "values without a gap": "".join(json.dumps(item) for item in stale()),
    "array": json.dumps(stale()),
    "typed lists": stream(typed_lists()),
    "Windows": yaml.safe_dump_all(stale(), line_break="\r\n"),
    "byte order mark": "\ufeff" + yaml.safe_dump_all(stale()),
    "byte order mark, JSON": "\ufeff" + listed(stale()),
    "without apiVersion": stream(
        [{key: item[key] for key in item if key != "apiVersion"} for item in stale()]
    ),
    "something else beside": stream(
        [*stale(), {"apiVersion": "v1", "kind": "Pod", "metadata": {}}]
    ),
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
def test_every_shape_of_the_same_objects_gives_the_same_report(
    program: Program, file: Write, text: str
) -> None:
    run = program.report(file(text))
    assert (run.code, run.codes, run.gaps) == (ExitCode.FINDINGS, ["LBD101"], [])
    assert run.document["read"] == {"ipPools": 1, "loadBalancers": 1}
    assert run.document["takenAt"] == EARLIER


def test_standard_input_is_read_as_a_file_is() -> None:
    run = spawn("scan", "--from", "-", "-o", "json", stdin=listed(stale()))
    assert (run.code, run.codes) == (ExitCode.FINDINGS, ["LBD101"])
    assert run.document["source"]["name"] == "standard input"


def test_standard_input_that_is_not_utf_8_cannot_be_read(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe"), encoding="utf-8"))
    assert program.scan("-").code == ExitCode.UNREADABLE


def test_a_directory_is_the_sum_of_its_yaml_and_json_files(
    program: Program, tmp_path: Path
) -> None:
    first, second = stale()
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "pools.yml").write_text(yaml.safe_dump(first), encoding="utf-8")
    (tmp_path / "deep" / "er" / "lbs.json").write_text(json.dumps(second), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("{broken", encoding="utf-8")
    (tmp_path / "directory.yaml").mkdir()
    run = program.report(tmp_path)
    assert (run.codes, run.document["read"]) == (["LBD101"], {"ipPools": 1, "loadBalancers": 1})


def test_a_single_object_is_enough(program: Program, file: Write) -> None:
    assert program.report(file(yaml.safe_dump(pool(available=9)))).codes == ["LBD105"]


@pytest.mark.parametrize(
    "api_version", ["whereabouts.cni.cncf.io/v1alpha1", "network.harvesterhci.io/v1alpha1", "v1"]
)
def test_objects_of_other_groups_are_not_ours(
    program: Program, file: Write, api_version: str
) -> None:
    foreign = {**pool("theirs", {"10.0.0.9": "a/gone"}), "apiVersion": api_version}
    run = program.report(file(listed([*healthy(), foreign])))
    assert (run.code, run.document["read"]["ipPools"]) == (ExitCode.OK, 1)
    assert program.scan(file(listed([foreign]))).code == ExitCode.UNREADABLE


@pytest.mark.parametrize("version", ["v1alpha1", "v1beta1", "v2"])
def test_every_version_of_our_group_is_ours(program: Program, file: Write, version: str) -> None:
    objects = [{**item, "apiVersion": f"{GROUP}/{version}"} for item in healthy()]
    run = program.report(file(listed(objects)))
    assert (run.codes, run.document["read"]) == ([], {"ipPools": 1, "loadBalancers": 1})


@pytest.mark.parametrize("kind", ["List", "LoadBalancerList"])
def test_an_empty_list_tells_that_there_is_nothing(
    program: Program, file: Write, kind: str
) -> None:
    empty = {"apiVersion": "v1", "kind": kind, "items": []}
    records = pool(allocated={"10.0.0.5": "a/gone"})
    run = program.report(file(stream([records, empty])))
    assert (run.codes, run.gaps) == (["LBD101"], [])


def test_an_empty_list_alone_is_a_healthy_cluster(program: Program, file: Write) -> None:
    run = program.scan(file(listed([])))
    assert run.code == ExitCode.OK
    assert "0 pools   0 load balancers" in run.stdout


def test_an_empty_list_of_pools_tells_nothing_of_load_balancers(
    program: Program, file: Write
) -> None:
    run = program.report(file(stream([{"apiVersion": V1, "kind": "IPPoolList", "items": []}])))
    assert (run.code, run.gaps) == (ExitCode.INCOMPLETE, [("LoadBalancer", None, None)])


def test_an_empty_list_of_something_else_tells_nothing(program: Program, file: Write) -> None:
    empty = {"apiVersion": "v1", "kind": "ServiceList", "items": []}
    run = program.report(file(stream([pool(allocated={"10.0.0.5": "a/web"}), empty])))
    assert (run.code, run.codes) == (ExitCode.INCOMPLETE, [])


def test_the_time_of_the_look_is_the_latest_that_an_object_names(
    program: Program, file: Write
) -> None:
    younger = pool("p2", net="10.1.0")
    younger["metadata"]["managedFields"] = [{"time": TIME}, {"manager": "kubectl"}]
    assert program.report(file(listed(healthy()))).document["takenAt"] == EARLIER
    run = program.report(file(listed([*healthy(), younger])))
    assert run.document["takenAt"] == TIME


def test_the_time_of_the_look_is_never_the_clocks(program: Program, file: Write) -> None:
    objects = healthy()
    for item in objects:
        del item["metadata"]["creationTimestamp"]
        item["status"]["conditions"] = []
    run = program.report(file(listed(objects)))
    assert (run.code, run.document["takenAt"]) == (ExitCode.OK, None)


def test_a_young_load_balancer_of_a_file_is_judged_by_the_files_own_time(
    program: Program, file: Write
) -> None:
    young = lb()
    young["metadata"]["creationTimestamp"] = "2020-01-01T00:00:00Z"
    young["status"]["conditions"][0]["lastUpdateTime"] = "2020-01-01T00:00:00Z"
    held = pool(allocated={"10.0.0.5": "a/web"})
    held["metadata"]["creationTimestamp"] = "2019-01-01T00:00:00Z"
    held["status"]["conditions"] = []
    settling = program.report(file(listed([held, young])))
    assert (settling.codes, settling.document["settling"]) == ([], ["a/web"])
    held["status"]["conditions"] = [{"type": "Ready", "lastUpdateTime": "2020-01-01T00:00:10Z"}]
    assert program.report(file(listed([held, young]))).codes == ["LBD201"]


def test_a_file_cannot_be_confirmed_but_counts(program: Program, file: Write) -> None:
    document = program.report(file(listed(stale(2)))).document
    assert [item["confirmed"] for item in document["findings"]] == [False, False]
    assert document["summary"] == {"error": 2, "warning": 0, "info": 0, "unconfirmed": 0}


def test_a_namespace_limits_what_is_told(program: Program, file: Write) -> None:
    records = {"10.0.0.5": "a/gone", "10.0.0.6": "b/gone"}
    source = file(listed([pool(allocated=records), lb("web", "a"), lb("web", "b")]))
    both = program.report(source, "-A", "--only", "LBD101").document["findings"]
    one = program.report(source, "-n", "b", "--only", "LBD101").document["findings"]
    assert [item["address"] for item in both] == ["10.0.0.5", "10.0.0.6"]
    assert [item["address"] for item in one] == ["10.0.0.6"]


def test_the_real_stuck_state_is_told_twelve_times_and_nothing_else(program: Program) -> None:
    run = program.report(STUCK)
    errors = [item["code"] for item in run.document["findings"] if item["severity"] == "error"]
    assert (run.code, errors) == (ExitCode.FINDINGS, ["LBD201"] * 12)
    assert run.document["source"]["type"] == "file"
    assert run.gaps == []


@pytest.mark.parametrize("code", ["LBD201", "lbd201", "LBD101,LBD201", "lbd201,"])
def test_codes_are_taken_in_any_case_and_by_commas(program: Program, code: str) -> None:
    assert set(program.report(STUCK, "--only", code).codes) == {"LBD201"}
    assert "LBD201" not in program.report(STUCK, "--ignore", code).codes
