"""Objects with defaults, so that a test names only what it is about."""

from __future__ import annotations

from ipaddress import ip_address

from lbdoctor.domain.addresses import IPAddress
from lbdoctor.domain.controller import Controller
from lbdoctor.domain.loadbalancers import LoadBalancer
from lbdoctor.domain.pools import IPPool, Range, Scope
from lbdoctor.ipam.ranges import RangeSet, parse_ranges
from lbdoctor.ipam.selection import Choice, choose

NET = "default/vlan5"
EVERYONE = Scope("*", "*", "*")
OLD = Controller(tag="v1.6.2")
NEW = Controller(tag="v1.7.0")
UNKNOWN = Controller(tag="master-head")


def ip(text: str) -> IPAddress:
    return ip_address(text)


def ranges(*items: Range) -> RangeSet:
    return parse_ranges(items)


def usable(found: RangeSet, net: str, last_bytes: range) -> list[int]:
    """Return which of the addresses ``net + n`` can be given out."""
    return [n for n in last_bytes if found.is_usable(ip_address(int(ip_address(net)) + n))]


def pool(
    name: str,
    *scopes: Scope,
    priority: int = 0,
    network: str = NET,
    is_global: bool = False,
    subnets: tuple[str, ...] = (),
) -> IPPool:
    return IPPool(
        name=name,
        scopes=scopes,
        priority=priority,
        network=network,
        global_label="true" if is_global else "false",
        ranges=tuple(Range(subnet) for subnet in subnets),
    )


def balancer(
    *,
    project: str = "c-1/p-1",
    namespace: str = "default",
    cluster: str = "guest",
    network: str = NET,
    workload_type: str = "cluster",
    ip_pool: str = "",
) -> LoadBalancer:
    return LoadBalancer(
        namespace="default",
        name="web",
        workload_type=workload_type,
        ip_pool=ip_pool,
        network=network,
        project=project,
        scope_namespace=namespace,
        guest_cluster=cluster,
    )


def surely(*names: str) -> Choice:
    return Choice(frozenset(names), certain=True)


def perhaps(*names: str) -> Choice:
    return Choice(frozenset(names), certain=False)


def chosen(lb: LoadBalancer, *pools: IPPool, controller: Controller = NEW) -> Choice:
    return choose(lb, pools, controller)
