"""How often something is asked for, and what goes over the wire."""

from __future__ import annotations

from pathlib import Path

import pytest

from lbdoctor.cluster.live.connect import connect
from lbdoctor.cluster.live.transport import Transport
from tests.cluster.server import FaultyServer, reply


def transport(server: FaultyServer, directory: Path, timeout: float = 5.0) -> Transport:
    return Transport(connect(str(server.kubeconfig(directory)), None, timeout), timeout, None)


def test_a_read_is_tried_again(tmp_path: Path) -> None:
    with FaultyServer(lambda _: reply({}, 503, Retry_After="0")) as server:
        assert transport(server, tmp_path).get("/apis", {}).status == 503
        assert server.paths == ["/apis"] * 3


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_write_is_sent_once(method: str, tmp_path: Path) -> None:
    with FaultyServer(lambda _: reply({}, 503, Retry_After="0")) as server:
        sender = transport(server, tmp_path)
        kind = "application/merge-patch+json"
        answer = sender.send(method, "/apis", {"dryRun": "All"}, {"a": 1}, kind)
        assert answer.status == 503
        (asked,) = server.asked
        assert (asked.method, asked.path) == (method, "/apis?dryRun=All")
        assert (asked.headers["Content-Type"], asked.body) == (kind, b'{"a": 1}')
