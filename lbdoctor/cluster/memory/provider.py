"""A guest cluster's cloud provider: it wants an address within ten seconds, or begins anew.

Source: cloud-provider-harvester pkg/cloud-controller-manager/loadbalancer.go:196-203,373-375,
429-442 and the vendored service controller:58-59. The name is stable, so what it deletes and
what it creates are the same owner to a pool.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lbdoctor.cluster.api import Manifest, Unwritten, WritableApi, WriteError
from lbdoctor.cluster.manifest import load_balancer, namespaced_name
from lbdoctor.domain.refs import Kind

POLLS: Final = 10
POLL_SECONDS: Final = 1.0
FIRST_BACK_OFF: Final = 5.0
LONGEST_BACK_OFF: Final = 300.0


def provide(api: WritableApi, wanted: Manifest) -> Iterator[float]:
    """Create a LoadBalancer and wait for its address; yield how many seconds to wait each time.

    It ends when the address is there and announced, which ``status.address`` then says.
    """
    namespace, name = namespaced_name(wanted)
    back_off = FIRST_BACK_OFF
    while True:
        if _is_created(api, wanted):
            for _ in range(POLLS):
                yield POLL_SECONDS
                found = api.get(Kind.LOAD_BALANCER, name, namespace)
                booking = load_balancer(found).booking if found else None
                # It does not ask whether what it found is on its way out.
                if booking is not None and booking.ip:
                    body = {"status": {"address": booking.ip}}
                    api.patch(Kind.LOAD_BALANCER, name, namespace, body=body)
                    return
            _delete(api, name, namespace)
        yield back_off
        back_off = min(back_off * 2, LONGEST_BACK_OFF)


def _is_created(api: WritableApi, wanted: Manifest) -> bool:
    """Whether it is there by now; one that was there is taken as it is."""
    try:
        api.create(Kind.LOAD_BALANCER, wanted)
    except WriteError as error:
        return error.why is Unwritten.EXISTS
    return True


def _delete(api: WritableApi, name: str, namespace: str) -> None:
    try:
        api.delete(Kind.LOAD_BALANCER, name, namespace)
    except WriteError as error:
        if error.why is not Unwritten.ABSENT:
            raise
