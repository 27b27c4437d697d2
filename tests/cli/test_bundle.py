"""What a scan of a support bundle tells, and what it must not conclude."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from lbdoctor.cli.exit_codes import ExitCode
from tests.bundle.collector import LOG, collect, pack
from tests.bundle.sample import DATA, write
from tests.bundle.served import Served
from tests.cli.manifests import TIME, deployment, lb, listed, namespace, network, pool, service
from tests.cli.program import Program, Run, assert_one_line_of_help

Manifest = dict[str, Any]
Bundle = Callable[..., Path]
V1 = "loadbalancer.harvesterhci.io/v1beta1"
LBS = f"yamls/namespaced/a/{V1}/loadbalancers.yaml"
NAMESPACES = [namespace(name) for name in ("a", "default", "kube-system", "harvester-system")]
STALE = {"10.0.0.5": "a/web", "10.0.0.6": "a/gone"}


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """Write the bundle of a cluster with these objects and return its top folder."""

    def write_it(
        objects: Iterable[Manifest],
        *,
        extra: Iterable[str] = ("a",),
        failing: Iterable[str] = (),
        version: str = "v1beta1",
    ) -> Path:
        served = Served([*NAMESPACES, *objects], version=version)
        served.failing.update(failing)
        return collect(served, tmp_path, extra=extra)

    return write_it


def unread(run: Run) -> dict[tuple[str, str | None], str]:
    return {(gap["kind"], gap["namespace"]): gap["reason"] for gap in run.document["gaps"]}


def test_the_bundle_in_the_data_is_what_the_collector_writes(tmp_path: Path) -> None:
    written = write(tmp_path)
    assert written.read_bytes() == (DATA / written.name).read_bytes()


def test_the_bundle_in_the_data_tells_this_and_nothing_else(program: Program) -> None:
    run = program.report(next(DATA.glob("*.zip")))
    document = run.document
    assert run.code == ExitCode.FINDINGS
    assert [(item["code"], item["address"]) for item in document["findings"]] == [
        ("LBD101", "10.0.0.6"),
        ("LBD109", None),
        ("LBD201", "10.0.0.7"),
    ]
    assert {gap["namespace"] for gap in document["gaps"]} == {"tenant"}
    assert (document["source"]["type"], document["takenAt"]) == ("bundle", TIME)
    assert document["controller"]["version"] == "v1.5.1"
    assert not any(item["confirmed"] for item in document["findings"])
    table = program.scan(next(DATA.glob("*.zip"))).stdout
    assert table.startswith("support bundle ")
    assert "LoadBalancers in namespace tenant: this namespace is not in the support" in table


def test_a_stale_record_has_a_fix_where_all_services_are_there(
    program: Program, bundle: Bundle
) -> None:
    run = program.report(bundle([pool(allocated=STALE), lb(ip="10.0.0.5"), deployment()]))
    assert (run.code, run.codes, run.gaps) == (ExitCode.FINDINGS, ["LBD101"], [])
    assert run.document["findings"][0]["fix"] is not None


def test_a_namespace_without_any_load_balancer_has_none(program: Program, bundle: Bundle) -> None:
    top = bundle([pool(allocated={"10.0.0.6": "a/gone"})])
    assert not (top / LBS).exists()
    run = program.report(top)
    assert (run.codes, run.gaps) == (["LBD101"], [])


def test_an_owner_in_a_namespace_that_is_not_there_is_unknown(
    program: Program, bundle: Bundle
) -> None:
    run = program.report(bundle([pool(allocated={"10.0.0.6": "b/gone"}), namespace("b")]))
    assert (run.code, run.codes) == (ExitCode.INCOMPLETE, [])
    assert run.gaps == [("LoadBalancer", "b", None)]


def test_a_namespace_of_which_only_secrets_were_collected_is_unknown(
    program: Program, bundle: Bundle
) -> None:
    top = bundle([pool(allocated={"10.0.0.6": "fleet-local/gone"})])
    secrets = top / "yamls" / "namespaced" / "fleet-local" / "v1" / "secrets.yaml"
    secrets.parent.mkdir(parents=True)
    secrets.write_text(listed([]), encoding="utf-8")
    run = program.report(top)
    assert (run.code, run.gaps) == (ExitCode.INCOMPLETE, [("LoadBalancer", "fleet-local", None)])


def test_a_list_that_the_collector_failed_to_get_is_unknown(
    program: Program, bundle: Bundle
) -> None:
    url = f"/apis/{V1}/namespaces/a/loadbalancers"
    run = program.report(bundle([pool(allocated=STALE)], failing=[url]))
    assert (run.code, run.codes) == (ExitCode.INCOMPLETE, [])
    assert unread(run)["LoadBalancer", "a"] == "the collector failed: it is forbidden"


def test_a_file_that_was_not_written_to_its_end_is_unknown(
    program: Program, bundle: Bundle
) -> None:
    top = bundle([pool(allocated=STALE), lb(ip="10.0.0.5")])
    line = f"Support Bundle: failed to generate /tmp/sb/bundle/{LBS}: no space left on device\n"
    (top / LOG).write_text(line, encoding="utf-8")
    run = program.report(top)
    assert (run.code, run.codes) == (ExitCode.INCOMPLETE, [])
    assert "no space left on device" in unread(run)["LoadBalancer", "a"]


@pytest.mark.parametrize("log", [None, "x" * (9 << 20)], ids=["missing", "too long"])
def test_without_the_log_no_file_proves_nothing(
    program: Program, bundle: Bundle, log: str | None
) -> None:
    top = bundle([pool(allocated={"10.0.0.6": "a/gone"})])
    (top / LOG).unlink()
    if log:
        (top / LOG).write_text(log, encoding="utf-8")
    run = program.report(top)
    assert (run.code, run.codes) == (ExitCode.INCOMPLETE, [])
    assert LOG in unread(run)["LoadBalancer", "a"]


def test_no_pools_are_none(program: Program, bundle: Bundle) -> None:
    run = program.report(bundle([lb()]))
    assert (run.codes, run.gaps) == (["LBD204"], [])


@pytest.mark.parametrize(
    "line",
    [
        f"Failed to get /apis/{V1}/ippools: the server was unable to return a response",
        "Unable to fetch cluster resources: metrics.k8s.io/v1beta1: stale GroupVersion discovery",
    ],
)
def test_pools_that_the_collector_failed_to_get_are_unknown(
    program: Program, bundle: Bundle, line: str
) -> None:
    top = bundle([lb()])
    (top / LOG).write_text(f"{line}\n", encoding="utf-8")
    run = program.report(top)
    assert (run.code, run.codes) == (ExitCode.INCOMPLETE, [])
    assert line.rpartition(": ")[2] in unread(run)["IPPool", None]


def test_without_the_list_of_namespaces_others_may_exist(program: Program, bundle: Bundle) -> None:
    top = bundle([pool(allocated={"10.0.0.5": "a/web"}), lb(ip="10.0.0.5")])
    (top / "yamls" / "cluster" / "v1" / "namespaces.yaml").unlink()
    run = program.report(top)
    assert (run.code, run.gaps) == (ExitCode.INCOMPLETE, [("Namespace", None, None)])


def test_a_namespace_that_was_made_meanwhile_is_judged_too(
    program: Program, bundle: Bundle
) -> None:
    top = bundle([pool(), lb("web", "a")])
    path = top / "yamls" / "cluster" / "v1" / "namespaces.yaml"
    path.write_text(path.read_text().replace("name: a\n", "name: z\n"), encoding="utf-8")
    assert program.report(top).document["read"]["loadBalancers"] == 1


def test_a_carrier_in_a_namespace_that_is_there_is_named(program: Program, bundle: Bundle) -> None:
    objects = [pool(allocated=STALE), lb(ip="10.0.0.5"), service("shop", "a", "10.0.0.6")]
    run = program.report(bundle([*objects, namespace("b")]))
    finding = run.document["findings"][0]
    assert "Service a/shop carries the address" in finding["message"]
    assert finding["fix"] is None
    assert ("Service", "b") in unread(run)


def test_a_network_is_absent_only_where_its_namespace_is_there(
    program: Program, bundle: Bundle
) -> None:
    pools = [pool("p1"), pool("p2", net="10.1.0")]
    for item, name in zip(pools, ("a/gone", "nets/vlan"), strict=True):
        item["spec"]["selector"].update(network=name, priority=len(name))
    run = program.report(bundle([*pools, network("other", "a")]))
    assert [item["pool"] for item in run.document["findings"]] == ["p1"]
    assert run.gaps == [("NetworkAttachmentDefinition", "nets", "vlan")]


def test_the_old_version_of_load_balancers_is_read(program: Program, bundle: Bundle) -> None:
    old = lb(ip="")
    old["status"] = {"address": "10.0.0.5", "conditions": []}
    top = bundle([pool(allocated={"10.0.0.5": "a/web"}), old], version="v1alpha1")
    run = program.report(top)
    assert run.document["read"] == {"ipPools": 1, "loadBalancers": 1}
    assert (run.code, run.codes) == (ExitCode.OK, [])


def test_a_bundle_of_another_product_says_so(program: Program, bundle: Bundle) -> None:
    top = bundle([])
    path = top / "yamls/cluster/apiextensions.k8s.io/v1/customresourcedefinitions.yaml"
    path.write_text(path.read_text().replace("harvesterhci", "longhorn"), encoding="utf-8")
    run = program.scan(top)
    assert run.code == ExitCode.UNREADABLE
    assert "does not know IPPools; is it Harvester?" in run.stderr
    assert_one_line_of_help(run)


@pytest.mark.parametrize("damage", ["bundlecreatedat: yesterday\n", "a: [", "- x\n"])
def test_metadata_that_cannot_be_read_is_refused(
    program: Program, bundle: Bundle, damage: str
) -> None:
    top = bundle([pool()])
    (top / "metadata.yaml").write_text(damage, encoding="utf-8")
    run = program.scan(top)
    assert run.code == ExitCode.UNREADABLE
    assert "metadata.yaml" in run.stderr
    assert_one_line_of_help(run)


def test_a_load_balancer_may_be_called_null_but_a_pool_may_not(
    program: Program, bundle: Bundle, tmp_path: Path
) -> None:
    objects = [pool(allocated={"10.0.0.5": "a/null"}), lb("null", ip="10.0.0.5")]
    assert program.report(bundle(objects)).code == ExitCode.OK
    shutil.rmtree(next(tmp_path.glob("supportbundle_*")))
    run = program.scan(bundle([pool("null")]))
    assert run.code == ExitCode.UNREADABLE
    assert "IPPool called null" in run.stderr


@pytest.mark.parametrize("folder", [True, False], ids=["in a folder", "without one"])
def test_a_zip_may_hold_the_folder_or_what_is_in_it(
    program: Program, bundle: Bundle, *, folder: bool
) -> None:
    packed = pack(bundle([pool(allocated=STALE), lb(ip="10.0.0.5")]), folder=folder)
    assert program.report(packed).codes == ["LBD101"]


def test_the_folder_around_a_bundle_is_as_good(program: Program, bundle: Bundle) -> None:
    top = bundle([pool(allocated=STALE), lb(ip="10.0.0.5")])
    around, itself = program.report(top.parent), program.report(top)
    assert around.document["findings"] == itself.document["findings"] != []


def test_a_directory_with_nothing_but_a_zip_names_it(program: Program, tmp_path: Path) -> None:
    shutil.copy(next(DATA.glob("*.zip")), tmp_path)
    run = program.scan(tmp_path)
    assert run.code == ExitCode.UNREADABLE
    assert run.stderr.rstrip().endswith(".zip")
    assert_one_line_of_help(run)


def test_a_namespace_asked_for_that_is_not_there_is_incomplete(
    program: Program, bundle: Bundle
) -> None:
    top = bundle([pool(allocated=STALE), lb(ip="10.0.0.5"), namespace("b")])
    assert program.report(top, "-n", "a").codes == ["LBD101"]
    assert program.report(top, "-n", "b").code == ExitCode.INCOMPLETE
    assert program.scan(top, "-n", "nowhere").code == ExitCode.UNREADABLE
