"""Why the webhook would refuse every update of a pool.

Source: load-balancer-harvester pkg/webhook/ippool/{validator,mutator}.go.
Records outside the ranges freeze a pool too; they are rule LBD104's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lbdoctor.domain.pools import IPPool
from lbdoctor.ipam.ranges import InvalidRangeError, parse_ranges, read_ranges
from lbdoctor.ipam.selection import Requirement, matches_scopes


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason for a refusal, in Harvester's words, and what to change."""

    pool: str
    field: str
    value: str
    text: str
    remedy: str


def refusals(pool: IPPool, pools: Sequence[IPPool]) -> Iterator[Refusal]:
    """Yield why an update of ``pool`` would be refused, the network aside.

    A pool that is being deleted is not checked.
    """
    if pool.deleted_at:
        return
    others = [other for other in pools if other.name != pool.name]
    yield from _invalid_ranges([pool, *others])
    yield from _overlaps(pool, others)
    if pool.is_global_by_spec:
        yield from _global_twins(pool, others)
    else:
        yield from _own_scopes(pool)
        yield from _same_priority(pool, others)


def _invalid_ranges(pools: Sequence[IPPool]) -> Iterator[Refusal]:
    for pool in pools:
        try:
            parse_ranges(pool.ranges)
        except InvalidRangeError as error:
            yield Refusal(
                pool.name,
                "spec.ranges",
                "; ".join(item.subnet for item in pool.ranges) or "<none>",
                str(error),
                f"correct spec.ranges of pool {pool.name}",
            )


def _overlaps(pool: IPPool, others: Sequence[IPPool]) -> Iterator[Refusal]:
    mine = read_ranges(pool.ranges)
    if mine is None:
        return
    for index, first in enumerate(mine.ranges):
        for second in mine.ranges[index + 1 :]:
            if first.overlaps(second):
                text = f"there are overlaps between range {first} and {second}"
                yield Refusal(
                    pool.name, "spec.ranges", f"{first} {second}", text, "make its ranges disjoint"
                )
    for other in others:
        theirs = read_ranges(other.ranges)
        if theirs is not None and mine.overlaps(theirs):
            yield Refusal(
                other.name,
                "spec.ranges",
                str(theirs),
                f"the ranges {mine} overlap with other pools ({other.name}: {theirs})",
                f"make the ranges of {pool.name} and {other.name} disjoint",
            )


def _global_twins(pool: IPPool, others: Sequence[IPPool]) -> Iterator[Refusal]:
    for other in others:
        if other.is_global_by_label:
            yield Refusal(
                other.name,
                "spec.selector.scope",
                "*/*/*",
                f"there is already a global IP pool: {other.name}",
                f"narrow the scope of {pool.name} or of {other.name}",
            )


def _own_scopes(pool: IPPool) -> Iterator[Refusal]:
    for index, scope in enumerate(pool.scopes):
        wanted = Requirement(pool.network, scope.project, scope.namespace, scope.guest_cluster)
        if matches_scopes(pool.scopes[index + 1 :], wanted):
            yield Refusal(
                pool.name,
                f"spec.selector.scope[{index}]",
                str(scope),
                "selector is invalid: scope overlaps",
                "remove the scope that another one of the pool covers",
            )


def _same_priority(pool: IPPool, others: Sequence[IPPool]) -> Iterator[Refusal]:
    for other in others:
        if other.is_global_by_spec or other.priority != pool.priority:
            continue
        if pool.priority:
            text = f"the priority can't be the same as the pool {other.name}"
        elif pool.network == other.network and any(
            matches_scopes(
                other.scopes,
                Requirement(pool.network, scope.project, scope.namespace, scope.guest_cluster),
            )
            for scope in pool.scopes
        ):
            text = f"scope selector is same as the pool {other.name} with priority 0"
        else:
            continue
        yield Refusal(
            other.name,
            "spec.selector.priority",
            str(other.priority),
            text,
            f"give {pool.name} another priority than {other.name}",
        )
