"""Where objects come from: a live cluster, a file, a snapshot, a support bundle, memory.

The adapters are imported when they are opened: the client of Kubernetes costs half a
second, which a scan of a file need not pay.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from lbdoctor.cluster.api import Api, ReviewedApi
from lbdoctor.diagnosis.port import Earlier

if TYPE_CHECKING:
    from lbdoctor.cluster.memory.demo import Demo


def open_live(
    *,
    kubeconfig: str | None,
    context: str | None,
    timeout: float,
    trace: Callable[[str], None] | None = None,
) -> Api:
    """Return the cluster of a kubeconfig; ``timeout`` is in seconds, for each request.

    Raises:
        UnreadableError: There is no usable configuration.
    """
    from lbdoctor.cluster.live.api import LiveApi
    from lbdoctor.cluster.live.connect import connect

    return LiveApi(connect(kubeconfig, context, timeout), timeout, trace)


def open_writable(
    *,
    kubeconfig: str | None,
    context: str | None,
    timeout: float,
    trace: Callable[[str], None] | None = None,
) -> ReviewedApi:
    """Return the cluster of a kubeconfig to write to; see ``open_live``."""
    from lbdoctor.cluster.live.connect import connect
    from lbdoctor.cluster.live.writes import LiveCluster

    return LiveCluster(connect(kubeconfig, context, timeout), timeout, trace)


def open_path(path: Path) -> Api:
    """Return the objects of a snapshot, a support bundle, a file or a directory of files.

    Raises:
        UnreadableError: It cannot be read.
    """
    from lbdoctor.cluster import bundle, files, snapshots

    if snapshots.is_snapshot(path):
        return snapshots.open_snapshot(path)
    return bundle.open_path(path) or files.open_path(path)


def earlier(path: Path) -> Earlier:
    """Return what the look that wrote a snapshot knew beside the objects.

    Raises:
        UnreadableError: The snapshot is damaged.
    """
    from lbdoctor.cluster import snapshots

    return snapshots.read_earlier(path) if snapshots.is_snapshot(path) else Earlier()


def open_stream(stream: TextIO) -> Api:
    """Return the objects of standard input.

    Raises:
        UnreadableError: It cannot be read.
    """
    from lbdoctor.cluster import files

    return files.open_stream(stream)


def open_demo() -> Demo:
    """Return a made-up cluster that can be led into the race."""
    from lbdoctor.cluster.memory.demo import Demo

    return Demo()
