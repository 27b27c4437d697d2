"""Carries out a plan, item by item; one refusal does not stop the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from lbdoctor.diagnosis.port import ReadError
from lbdoctor.domain.errors import UnreadableError
from lbdoctor.domain.fixes import (
    DropRecords,
    HealStuck,
    LoadBalancerId,
    ReleaseRecord,
    WakeLoadBalancer,
)
from lbdoctor.domain.snapshot import Snapshot
from lbdoctor.repair.fenced import FencedDrop
from lbdoctor.repair.outcomes import Outcome, Result
from lbdoctor.repair.plan import Item
from lbdoctor.repair.port import JournalError, StoppedError
from lbdoctor.repair.single import settle
from lbdoctor.repair.stale import Batches
from lbdoctor.repair.stuck import Healing
from lbdoctor.repair.waking import Waking
from lbdoctor.repair.writing import Pen


def carry_out(pen: Pen, base: Snapshot, items: Iterable[Item]) -> Iterator[Outcome]:
    """Yield what becomes of each item, in the order of the plan.

    ``base`` is the look that the items were judged in last. When somebody wants the run to
    end, or nothing can be noted or read any more, the rest is named as not begun.
    """
    left = {id(item): item for item in items}
    try:
        for outcome, item in _outcomes(pen, base, list(left.values())):
            left.pop(id(item), None)
            yield outcome
    except StoppedError:
        yield from (Outcome(item.finding, Result.STOPPED, "not begun") for item in left.values())
    except (JournalError, ReadError, UnreadableError) as error:
        text = f"not begun: {error}"
        yield from (Outcome(item.finding, Result.FAILED, text) for item in left.values())


def _outcomes(pen: Pen, base: Snapshot, items: list[Item]) -> Iterator[tuple[Outcome, Item]]:
    stale: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        if isinstance(item.fix.action, ReleaseRecord):
            stale[item.finding.pool].append(item)
    for item in items:
        match item.fix.action:
            case ReleaseRecord():
                batch = stale.pop(item.finding.pool, [])
                by_finding = {id(one.finding): one for one in batch}
                for outcome in Batches(pen, base, batch).release():
                    yield outcome, by_finding[id(outcome.finding)]
            case DropRecords(fence=LoadBalancerId(owner=owner)) as action:
                yield FencedDrop(pen, base, item, action, owner).drop(), item
            case HealStuck(load_balancer=lb):
                yield Healing(pen, base, item, lb.owner).heal(), item
            case WakeLoadBalancer(load_balancer=lb):
                yield Waking(pen, base, item, lb.owner).wake(), item
            case _:
                yield settle(pen, base, item), item
