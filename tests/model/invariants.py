"""What has to hold when everything has come to rest."""

from __future__ import annotations

from lbdoctor.cluster import manifest as decode
from lbdoctor.domain.findings import Severity
from lbdoctor.domain.refs import Kind, Owner
from lbdoctor.repair.outcomes import Result
from lbdoctor.repair.stamps import owners_of
from tests.model.world import World

REPAIRED = frozenset({Result.DONE, Result.ALREADY})


def check(world: World) -> str | None:
    return (
        _made(world)
        or _taken_from_the_living(world)
        or _given_to_nobody(world)
        or _claimed(world)
        or _unsaid(world)
        or _left(world)
    )


def _made(world: World) -> str | None:
    """No finding is left that a write of lbdoctor made.

    Some are for a moment: a record that is restored for a LoadBalancer which went away just
    then is taken out again.
    """
    for identity, finding in world.standing().items():
        if identity in world.deeds.made:
            return f"a write of lbdoctor made {finding.code}: {finding.message}"
    return None


def _taken_from_the_living(world: World) -> str | None:
    """Nobody is booked on an address whose record lbdoctor took away.

    Nor is anybody else on the address that a LoadBalancer was away from for a moment only,
    while its guest cluster went on announcing it.
    """
    pools = {item.name: item for item in map(decode.ip_pool, world.server.every(Kind.IP_POOL))}
    taken = set(world.deeds.taken)
    for manifest in world.server.every(Kind.LOAD_BALANCER):
        lb = decode.load_balancer(manifest)
        booking = lb.booking
        if booking is None or lb.is_terminating:
            continue
        pool = pools.get(booking.pool)
        record = pool.record(booking.ip) if pool else None
        announced = (booking.pool, booking.ip, world.announced.get(booking.ip, ""))
        if announced in taken and announced[2] != str(lb.owner):
            return f"{lb.owner} got {booking.ip}, which the guest of {announced[2]} announces"
        if record is not None and record.owner == lb.owner:
            continue
        if (booking.pool, booking.ip, str(lb.owner)) in taken:
            return f"{lb.owner} is booked on {booking.ip}, the record of which lbdoctor took away"
    return None


def _given_to_nobody(world: World) -> str | None:
    """No record that lbdoctor wrote is left for a LoadBalancer that is gone."""
    for manifest in world.server.every(Kind.IP_POOL):
        pool = decode.ip_pool(manifest)
        for record in pool.records:
            entry = (pool.name, record.key, record.owner_text)
            if entry not in world.deeds.given or record.owner is None:
                continue
            if not _exists(world, record.owner):
                return f"lbdoctor wrote {record.key} for {record.owner}, which is gone"
    return None


def _claimed(world: World) -> str | None:
    """What is called done is done: no record of an absent owner that was reported released."""
    pools = {item.name: item for item in map(decode.ip_pool, world.server.every(Kind.IP_POOL))}
    for outcome in world.doctor.outcomes:
        finding = outcome.finding
        if outcome.result is not Result.DONE or finding.code != "LBD101":
            continue
        pool = pools.get(finding.pool)
        record = pool.record(finding.address) if pool else None
        if record is None or record.owner is None:
            continue
        if not _exists(world, record.owner) and record.owner_text == finding.subject.owner:
            return f"{finding.address} was called released, and is held for nobody who lives"
    return None


def _exists(world: World, owner: Owner) -> bool:
    return world.server.get(Kind.LOAD_BALANCER, owner.name, owner.namespace) is not None


def _unsaid(world: World) -> str | None:
    """Of everything that was planned it is said what became of it."""
    said, planned = len(world.doctor.outcomes), world.doctor.planned
    return f"{planned} planned, {said} told of" if said != planned else None


def _left(world: World) -> str | None:
    """Where nobody else meddles, all that lbdoctor wrote to is well, or told of as not repaired.

    That ``status.address`` is empty is the cloud provider's, who is not in these worlds.
    """
    if not world.is_quiet:
        return None
    told = [item.finding for item in world.doctor.outcomes if item.result not in REPAIRED]
    ours = world.deeds.touched.difference(*map(owners_of, told))
    for finding in world.standing().values():
        if finding.severity > Severity.INFO and not ours.isdisjoint(finding.depends_on):
            return f"it ends with {finding.code}: {finding.message}"
    return None
