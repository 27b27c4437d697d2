"""Which record a release means."""

from __future__ import annotations

from lbdoctor.domain.addresses import parse_address
from lbdoctor.domain.refs import Owner
from lbdoctor.repair.release import Several, check
from tests.cli.manifests import lb, pool
from tests.unit.repair.world import World


def test_two_spellings_in_one_pool_are_not_several_pools() -> None:

    held = {"10.0.0.5": "a/gone", "::ffff:10.0.0.5": "a/gone"}
    cluster = World(pool(allocated=held), lb("other"))
    address = parse_address("10.0.0.5")
    assert address is not None
    found = check(cluster.look(), address, Owner("a", "gone"), "p1")
    assert not isinstance(found, Several)
