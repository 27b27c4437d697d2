"""What has to hold when everything has come to rest."""

from __future__ import annotations

from lbdoctor.cluster import manifest as decode
from lbdoctor.domain.refs import Kind
from lbdoctor.repair.outcomes import Result
from tests.model.world import World


def check(world: World) -> str | None:
    return _taken_from_the_living(world) or _given_to_nobody(world) or _claimed(world)


def _taken_from_the_living(world: World) -> str | None:
    """Nobody is booked on an address whose record lbdoctor took away."""
    pools = {item.name: item for item in map(decode.ip_pool, world.server.every(Kind.IP_POOL))}
    taken = set(world.taken)
    for manifest in world.server.every(Kind.LOAD_BALANCER):
        lb = decode.load_balancer(manifest)
        booking = lb.booking
        if booking is None or lb.is_terminating:
            continue
        pool = pools.get(booking.pool)
        record = pool.record(booking.ip) if pool else None
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
            if entry not in world.given or record.owner is None:
                continue
            owner = record.owner
            if world.server.get(Kind.LOAD_BALANCER, owner.name, owner.namespace) is None:
                return f"lbdoctor wrote {record.key} for {owner}, which is gone"
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
        owner = world.server.get(Kind.LOAD_BALANCER, record.owner.name, record.owner.namespace)
        if owner is None and record.owner_text == finding.subject.owner:
            return f"{finding.address} was called released, and is held for nobody who lives"
    return None
