"""Which record a release means."""

from __future__ import annotations

from lbdoctor.domain.addresses import parse_address
from lbdoctor.domain.refs import Owner
from lbdoctor.repair.plan import Item
from lbdoctor.repair.release import check
from tests.cli.manifests import lb, pool
from tests.unit.repair.world import World


def test_of_two_spellings_in_one_pool_the_one_that_harvester_writes_is_meant() -> None:
    held = {"::ffff:10.0.0.5": "a/gone", "10.0.0.5": "a/gone"}
    cluster = World(pool(allocated=held), lb("other"))
    address = parse_address("10.0.0.5")
    assert address is not None
    found = check(cluster.look(), address, Owner("a", "gone"), "p1")
    assert isinstance(found, Item)
    assert found.finding.address == "10.0.0.5"
