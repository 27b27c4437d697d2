"""What the controller does about a LoadBalancer: book an address, finalize, give it back.

Source: load-balancer-harvester pkg/controller/loadbalancer/controller.go, v0.4.1 to v1.9, and
:89-279 of v0.2.6 for what was so up to v0.4.0. Not here: backend servers and health checks, and
that up to v0.4.0 a worker waits five seconds for the address of a Service.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lbdoctor.cluster import manifest as decode
from lbdoctor.cluster.api import Manifest, WritableApi, WriteError
from lbdoctor.cluster.memory.controller import services
from lbdoctor.cluster.memory.controller.allocation import DuplicateError
from lbdoctor.cluster.memory.controller.cache import Cache
from lbdoctor.cluster.memory.controller.conditions import with_ready
from lbdoctor.cluster.memory.controller.pools import PoolHandler
from lbdoctor.cluster.memory.controller.shapes import AutoRelease, Shape
from lbdoctor.cluster.memory.controller.steps import HandlerError, Pick, Step, Steps
from lbdoctor.domain.loadbalancers import FINALIZER, LoadBalancer
from lbdoctor.domain.refs import Kind, ObjectRef
from lbdoctor.ipam.selection import choose, requirement

DHCP_BOOKING: Final[Manifest] = {"ip": "0.0.0.0"}  # noqa: S104 - what stands for DHCP


class WaitError(HandlerError):
    """Something that is not there yet: written down, and looked for again a second later."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a handler works with."""

    api: WritableApi
    cache: Cache
    shape: Shape
    pick: Pick
    now: Callable[[], datetime]
    look_again: Callable[[ObjectRef, float], None]
    """Handles an object again after so many seconds."""


class LoadBalancerHandler:
    def __init__(self, around: Surroundings, pools: PoolHandler) -> None:
        self._around = around
        self._pools = pools

    def handle(self, ref: ObjectRef) -> Steps[None]:
        """Book first and finalize second, so that an address is taken before it is guarded."""
        found = self._around.cache.get(ref)
        if found is None:
            return
        errors: list[HandlerError] = []
        for handler in (self._book, self._finalize):
            try:
                found = yield from handler(found)
            except HandlerError as error:
                errors.append(error)
                found = error.latest or found
        if errors:
            raise errors[0]

    def _book(self, manifest: Manifest) -> Steps[Manifest]:
        if "deletionTimestamp" in manifest["metadata"]:
            return manifest
        lb = decode.load_balancer(manifest)
        status = _status(manifest)
        problem: HandlerError | None = None
        try:
            booking = yield from self._address(lb)
            if booking is not None:
                status["allocatedAddress"] = booking
            if not lb.is_cluster:
                yield from self._serve(lb, status)
        except HandlerError as error:
            problem = error
        return (yield from self._write_status(manifest, lb, status, problem))

    def _write_status(
        self, manifest: Manifest, lb: LoadBalancer, status: Manifest, problem: HandlerError | None
    ) -> Steps[Manifest]:
        status = with_ready(status, str(problem or ""), self._around.now())
        written = manifest
        is_polled = isinstance(problem, WaitError) and self._around.shape.is_sticky
        if is_polled:
            self._around.look_again(lb.ref, 1.0)
        if status != _status(manifest):
            yield Step.W3
            text = "fail to update status, error: "
            if not self._around.shape.is_sticky:
                text = f"update lb {lb.owner} status failed, error: "
            written = self._write(manifest | {"status": status}, text)
        if problem is not None and not is_polled:
            raise HandlerError(str(problem), written)
        return written

    def _address(self, lb: LoadBalancer) -> Steps[Manifest | None]:
        """Return the new booking, empty to take it away, or None where nothing changes."""
        if not self._around.shape.is_sticky:
            try:
                return (yield from self._address_anew(lb))
            except HandlerError as error:
                text = f"allocate ip for lb {lb.owner} failed, error: {error}"
                raise HandlerError(text) from error
        if lb.ipam == "dhcp":
            return None if lb.booking and lb.booking.is_dhcp else DHCP_BOOKING
        booked = lb.booking.pool if lb.booking else ""
        if booked and lb.ip_pool and lb.ip_pool != booked:
            try:
                yield from self._pools.allocator(booked).release(str(lb.owner))
            except HandlerError as error:
                ip = lb.booking.ip if lb.booking else ""
                text = f"fail to release ip {ip} to pool {lb.ip_pool}, error: {error}"
                raise HandlerError(text) from error
            return {}
        return None if booked else (yield from self._take(lb))

    def _address_anew(self, lb: LoadBalancer) -> Steps[Manifest | None]:
        """Up to v0.4.0: choose the pool at every turn, and move where it is another one."""
        booked = lb.booking.pool if lb.booking else ""
        if lb.ipam == "dhcp":
            if booked:
                yield from self._pools.allocator(booked).release(str(lb.owner))
            return None if lb.booking and lb.booking.is_dhcp else DHCP_BOOKING
        pool = self._selected(lb)
        if booked == pool:
            return None
        if booked:
            yield from self._pools.allocator(booked).release(str(lb.owner))
        return (yield from self._pools.allocator(pool).take(str(lb.owner)))

    def _take(self, lb: LoadBalancer) -> Steps[Manifest]:
        pool = self._selected(lb)
        allocator = self._pools.allocator(pool)
        try:
            return (yield from allocator.take(str(lb.owner)))
        except DuplicateError as error:
            yield from self._release_duplicate(lb)
            raise self._named(error, pool) from error
        except HandlerError as error:
            raise self._named(error, pool) from error

    def _release_duplicate(self, lb: LoadBalancer) -> Steps[None]:
        """Give back a record of its own; what becomes of that is only logged."""
        rule = self._around.shape.auto_release
        if rule is AutoRelease.NEVER or (rule is AutoRelease.WITH_POOL and not lb.ip_pool):
            return
        try:
            # Selected once more: it may be another pool than the one that failed.
            yield from self._pools.allocator(self._selected(lb)).release(str(lb.owner))
        except HandlerError:
            return

    def _named(self, error: HandlerError, pool: str) -> HandlerError:
        if not self._around.shape.names_the_pool:
            return error
        return HandlerError(f"fail to get ip from pool {pool}, error: {error}")

    def _selected(self, lb: LoadBalancer) -> str:
        if lb.ip_pool:
            return lb.ip_pool
        pools = [decode.ip_pool(item) for item in self._around.cache.all(Kind.IP_POOL)]
        names = choose(lb, pools, self._around.shape.told).names
        if names:
            return self._around.pick(sorted(names))
        wanted = requirement(lb)
        text = (
            f"requirement &{{Network:{wanted.network} Project:{wanted.project} "
            f"Namespace:{wanted.namespace} Cluster:{wanted.cluster}}}"
        )
        if self._around.shape.is_sticky:
            raise WaitError(f"no matched IPPool with {text}")
        text = f"no matching IP pool with {text}"
        raise HandlerError(f"fail to select the pool for lb {lb.owner}, error: {text}")

    def _serve(self, lb: LoadBalancer, status: Manifest) -> Steps[None]:
        """Write the Service of a virtual machine's LoadBalancer and read its address.

        From v0.4.1 on it asks for the booking as that was read, so the first has none.
        """
        is_sticky = self._around.shape.is_sticky
        read = lb.booking.ip if lb.booking else ""
        wanted = read if is_sticky else str(status["allocatedAddress"].get("ip", ""))
        yield from services.ensure(self._around.api, lb, wanted)
        ip = services.external_ip(self._around.api, lb)
        if ip:
            status["address"] = ip
            return
        if not is_sticky:
            raise HandlerError(f"wait service {lb.owner} external ip failed, error: timeout")
        status.pop("address", None)
        raise WaitError("service is waiting for external IP")

    def _finalize(self, manifest: Manifest) -> Steps[Manifest]:
        metadata = manifest["metadata"]
        finalizers = list(metadata.get("finalizers") or ())
        if "deletionTimestamp" not in metadata:
            if FINALIZER in finalizers:
                return manifest
            yield Step.W4
            return self._write(_with_finalizers(manifest, [*finalizers, FINALIZER]))
        if FINALIZER not in finalizers:
            return manifest
        lb = decode.load_balancer(manifest)
        if lb.ipam == "pool" and lb.booking and lb.booking.pool:
            try:
                yield from self._pools.allocator(lb.booking.pool).release(str(lb.owner))
            except HandlerError as error:
                text = f"fail to release ip {lb.booking.ip}, error: {error}"
                if not self._around.shape.is_sticky:
                    text = f"release ip of lb {lb.owner} failed, error: {error}"
                raise HandlerError(text) from error
        finalizers.remove(FINALIZER)
        yield Step.R2
        return self._write(_with_finalizers(manifest, finalizers))

    def _write(self, manifest: Manifest, prefix: str = "") -> Manifest:
        try:
            return self._around.api.replace(Kind.LOAD_BALANCER, manifest)
        except WriteError as error:
            raise HandlerError(f"{prefix}{error}") from error


def _status(manifest: Manifest) -> Manifest:
    """Return the status as Go writes it: a struct that is empty is not left out."""
    return {"allocatedAddress": {}, **(manifest.get("status") or {})}


def _with_finalizers(manifest: Manifest, finalizers: list[str]) -> Manifest:
    return manifest | {"metadata": {**manifest["metadata"], "finalizers": finalizers}}
