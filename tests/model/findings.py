"""What lbdoctor's own rules find in a world, and what a write has added to it."""

from __future__ import annotations

from collections.abc import Mapping

from lbdoctor.cluster.writer import Writer
from lbdoctor.diagnosis.collect import collect
from lbdoctor.diagnosis.judge import judge
from lbdoctor.domain.findings import Finding
from lbdoctor.rules import CATALOGUE

Found = Mapping[object, Finding]
"""Findings by what makes them the same ones."""

BACKING_OFF = "LBD207"
LEFT_BEHIND = frozenset({"LBD103", "LBD201"})
"""Codes whose LoadBalancer waits for its next try once the record is out of its way."""


def standing(cluster: Writer) -> Found:
    """Return what is wrong right now."""
    findings, _ = judge(collect(cluster, None), CATALOGUE)
    return {item.identity: item for item in findings}


def made(before: Found, after: Found) -> set[object]:
    """Return what was not wrong before.

    A stuck LoadBalancer whose record was taken out of its way waits for its next try: of the
    two that is the lesser evil, and what the release is for.
    """
    gone = [before[identity] for identity in before.keys() - after.keys()]
    freed = {owner for item in gone if item.code in LEFT_BEHIND for owner in item.depends_on}
    return {
        identity
        for identity in after.keys() - before.keys()
        if after[identity].code != BACKING_OFF or freed.isdisjoint(after[identity].depends_on)
    }
