"""The cluster of ``lbdoctor demo``: made up, but every state in it has been seen."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files
from typing import Final

from lbdoctor.cluster.files import kind_of, objects_of
from lbdoctor.cluster.objects import Objects
from lbdoctor.cluster.yamltext import documents
from lbdoctor.domain.snapshot import Origin, OriginKind

NOW: Final = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def stuck_cluster() -> Objects:
    """Return a cluster whose pool is nearly full of records that serve nobody."""
    cluster = Objects(Origin(OriginKind.MEMORY, "demo"), now=NOW)
    text = files("lbdoctor.cluster.memory").joinpath("stuck.yaml").read_text(encoding="utf-8")
    for document in documents(text):
        for manifest in objects_of(document):
            if kind := kind_of(manifest):
                cluster.put(kind, manifest)
    return cluster
