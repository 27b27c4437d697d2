"""A cluster without problems, as its API server answers; for what a test does not break."""

from __future__ import annotations

from collections.abc import Callable

from tests.cluster.server import Answering, Reply, reply

GROUP = "loadbalancer.harvesterhci.io"
POOLS = f"/apis/{GROUP}/v1beta1/ippools"
LOAD_BALANCERS = f"/apis/{GROUP}/v1beta1/loadbalancers"
OF_DEFAULT = f"/apis/{GROUP}/v1beta1/namespaces/default/loadbalancers"
LISTS = {"ippools": "IPPool", "loadbalancers": "LoadBalancer", "services": "Service"}


def status(code: int, reason: str = "", message: str = "", **details: str) -> Reply:
    body = {"kind": "Status", "reason": reason, "message": message, "details": details}
    return reply(body, code)


def a_list(kind: str, *items: object, token: str = "") -> Reply:
    return reply({"kind": f"{kind}List", "metadata": {"continue": token}, "items": items})


def pool(**allocated: str) -> dict[str, object]:
    """A pool of eight addresses; ``allocated`` has owners by the end of their address."""
    return {
        "apiVersion": f"{GROUP}/v1beta1",
        "kind": "IPPool",
        "metadata": {"name": "edge"},
        "spec": {"ranges": [{"subnet": "10.0.0.0/29"}]},
        "status": {
            "total": 6,
            "available": 6 - len(allocated),
            "allocated": {f"10.0.0.{key[1:]}": owner for key, owner in allocated.items()},
        },
    }


def answer(path: str) -> Reply:
    """Answer as a cluster that serves everything and holds nothing."""
    plural = path.partition("?")[0].rpartition("/")[2]
    if plural in LISTS:
        return a_list(LISTS[plural])
    return reply({"kind": "Status", "reason": "NotFound"}, 404)


def but(path: str, other: Callable[[], Reply]) -> Answering:
    """Answer so, except for what begins with ``path``."""
    return lambda asked: other() if asked.startswith(path) else answer(asked)
