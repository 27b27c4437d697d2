"""What a plan file names, and which cluster it is of."""

from __future__ import annotations

import pytest

from lbdoctor.cli.plans import check_cluster
from lbdoctor.domain.errors import UnreadableError
from lbdoctor.domain.refs import Kind
from lbdoctor.repair.stamps import stamp
from tests.cli.manifests import lb, pool
from tests.unit.repair.test_single_fixes import second
from tests.unit.repair.test_stale_records import STALE
from tests.unit.repair.world import World


def two_pools() -> World:
    return World(pool(allocated=STALE), second({"10.1.0.5": "a/two"}), lb("other"))


def test_a_plan_of_this_cluster_of_which_one_pool_was_deleted_is_of_this_cluster() -> None:
    cluster = two_pools()
    now = cluster.look()
    named = {mark: cluster.clock.now() for one in now.counted if (mark := stamp(one, now.snapshot))}
    cluster.patch_pool({"status": {"allocated": None}}, "p2")
    cluster.server.delete(Kind.IP_POOL, "p2")
    check_cluster(named, cluster.look().snapshot)
    cluster.patch_pool({"status": {"allocated": None}})
    cluster.server.delete(Kind.IP_POOL, "p1")
    with pytest.raises(UnreadableError, match="the plan is of another cluster"):
        check_cluster(named, cluster.look().snapshot)


@pytest.mark.parametrize("key, is_named", [("10.0.0.5", True), ("10.9.9.9", False)])
def test_where_services_are_unknown_a_plan_names_what_could_be_released(
    key: str, is_named: bool
) -> None:
    cluster = World(pool(allocated={key: "a/gone"}), lb("other"))
    cluster.server.unserved.add(Kind.SERVICE)
    report = cluster.look()
    (found,) = [item for item in report.counted if item.code == "LBD101"]
    assert found.fix is None
    assert (stamp(found, report.snapshot) is not None) == is_named
