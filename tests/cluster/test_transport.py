"""How often something is asked for, how long that takes, and what goes over the wire."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from lbdoctor.cluster.live.connect import connect
from lbdoctor.cluster.live.transport import Trace, Transport
from lbdoctor.diagnosis.port import ReadError, Unread
from lbdoctor.domain.errors import UnreadableError
from tests.cluster.faulty_networks import certified, long_answer
from tests.cluster.healthy import status
from tests.cluster.proxy import Rules, TcpProxy
from tests.cluster.server import FaultyServer, Reply, reply, write_kubeconfig
from tests.cluster.waiting import until

TOKEN = "{token: secret-token}"


def transport(
    server: FaultyServer,
    directory: Path,
    timeout: float = 5.0,
    trace: Trace | None = None,
    user: str = "{}",
) -> Transport:
    kubeconfig = str(server.kubeconfig(directory, user))
    return Transport(connect(kubeconfig, None, timeout), timeout, trace)


def in_turn(*replies: Reply) -> Callable[[str], Reply]:
    left = list(replies)
    return lambda _: left.pop(0)


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


def test_a_write_whose_connection_is_cut_is_sent_once(tmp_path: Path) -> None:
    with FaultyServer(long_answer) as server, TcpProxy(server.port, Rules(cut_after=0)) as proxy:
        kubeconfig = write_kubeconfig(tmp_path, f"http://127.0.0.1:{proxy.port}")
        sender = Transport(connect(str(kubeconfig), None, 5), 5, None)
        with pytest.raises(UnreadableError, match="the connection was cut"):
            sender.send("PATCH", "/apis", {}, {})
        assert len(server.asked) == 1


@pytest.mark.parametrize("code", [400, 401, 403, 404, 409, 410])
def test_what_will_not_change_is_asked_for_once(code: int, tmp_path: Path) -> None:
    with FaultyServer(lambda _: status(code)) as server:
        sender = transport(server, tmp_path)
        if code == 401:
            with pytest.raises(UnreadableError):
                sender.get("/apis", {})
        else:
            assert sender.get("/apis", {}).status == code
        assert len(server.asked) == 1


@pytest.mark.parametrize("is_date", [False, True])
def test_a_short_retry_after_is_waited_for(is_date: bool, tmp_path: Path) -> None:
    def answering(_: str) -> Reply:
        asked_at.append(time.monotonic())
        then = format_datetime(datetime.now(UTC) + timedelta(seconds=3))
        again = reply({}, 429, Retry_After=then if is_date else "2")
        return again if len(asked_at) == 1 else reply({})

    asked_at: list[float] = []
    with FaultyServer(answering) as server:
        assert transport(server, tmp_path, timeout=20).get("/apis", {}).status == 200
    first, second = asked_at
    assert second - first > 1.5


@pytest.mark.parametrize("asked", ["6", "3600", "999999999999"])
def test_a_retry_after_beyond_the_time_out_is_not_waited_for(asked: str, tmp_path: Path) -> None:
    with FaultyServer(lambda _: reply({}, 429, Retry_After=asked)) as server:
        started = time.monotonic()
        assert transport(server, tmp_path, timeout=5).get("/apis", {}).status == 429
        assert time.monotonic() - started < 4
        assert len(server.asked) == 1


@pytest.mark.parametrize("asked", ["soon", "nan", "inf", "", "Wed, 99 Foo 2026 00:00:00 GMT"])
def test_a_retry_after_that_says_nothing_is_no_reason_not_to_try_again(
    asked: str, tmp_path: Path
) -> None:
    with FaultyServer(in_turn(reply({}, 503, Retry_After=asked), reply({}))) as server:
        assert transport(server, tmp_path).get("/apis", {}).status == 200


def test_an_answer_is_not_forgotten_for_a_later_try_that_gets_none(tmp_path: Path) -> None:
    cut = 200, {"Content-Length": "9"}, b""
    with FaultyServer(in_turn(reply({}, 503, Retry_After="0"), cut, cut)) as server:
        assert transport(server, tmp_path).get("/apis", {}).status == 503
        assert len(server.asked) == 3


def test_a_redirect_is_not_followed_and_no_token_leaves_for_another_host(tmp_path: Path) -> None:
    with FaultyServer(lambda _: reply({})) as other:
        away = 307, {"Location": f"{other.url}/login"}, b""
        with FaultyServer(lambda _: away) as server:
            sender = transport(server, tmp_path, user=TOKEN)
            assert sender.get("/apis", {}).status == 307
            assert sender.send("POST", "/apis", {}, {}).status == 307
            sent = [item.headers["Authorization"] for item in server.asked]
            assert sent == ["Bearer secret-token"] * 2
        assert other.asked == []


def test_the_trace_has_a_line_for_each_try_and_no_secret(tmp_path: Path) -> None:
    lines: list[str] = []
    answers = in_turn(
        reply({}, 503, Retry_After="0"), (200, {"Content-Length": "9"}, b""), reply({})
    )
    with FaultyServer(answers) as server:
        sender = transport(server, tmp_path, trace=lines.append, user=TOKEN)
        sender.get("/apis", {"continue": "secret-page"})
    assert [line.split()[:3] for line in lines] == [
        ["GET", "/apis", "503"],
        ["GET", "/apis", "cut"],
        ["GET", "/apis", "200"],
    ]
    assert all(line.endswith(" ms") and "secret" not in line for line in lines)


def test_what_is_left_of_a_cut_answer_is_not_taken_for_the_next_one(tmp_path: Path) -> None:
    large = b" " * (33 << 20)
    with FaultyServer(in_turn((200, {}, large), reply({"second": 1}))) as server:
        sender = transport(server, tmp_path)
        with pytest.raises(ReadError, match="larger than 32 MiB"):
            sender.get("/apis", {})
        assert sender.get("/apis", {}).body == b'{"second": 1}'


def test_a_server_that_fell_silent_is_not_waited_for_again_and_again(tmp_path: Path) -> None:
    with FaultyServer(long_answer) as server, TcpProxy(server.port, Rules()) as proxy:
        kubeconfig = str(write_kubeconfig(tmp_path, f"http://127.0.0.1:{proxy.port}"))
        sender = Transport(connect(kubeconfig, None, 1), 1, None)
        assert sender.get("/services", {}).status == 200
        proxy.hold()
        for _ in range(2):
            with pytest.raises(ReadError, match="did not answer within 1 s") as lost:
                sender.get("/services", {})
            assert lost.value.why is Unread.FAILED
        asked = len(server.asked)
        started = time.monotonic()
        with pytest.raises(ReadError, match="not asked for"):
            sender.get("/services", {})
        assert time.monotonic() - started < 0.9
        assert len(server.asked) == asked


def test_an_answer_that_came_too_slowly_is_not_read_on(tmp_path: Path) -> None:
    rules = Rules(pace=0.01)
    with FaultyServer(long_answer) as server, TcpProxy(server.port, rules) as proxy:
        kubeconfig = str(write_kubeconfig(tmp_path, f"http://127.0.0.1:{proxy.port}"))
        sender = Transport(connect(kubeconfig, None, 3), 3, None)
        with pytest.raises(UnreadableError, match="did not answer within 3 s"):
            sender.get("/services", {})
        until(lambda: "request" not in {thread.name for thread in threading.enumerate()})


def test_a_certificate_that_is_not_accepted_is_looked_at_once(tmp_path: Path) -> None:
    lines: list[str] = []
    with certified(trusts=False)(tmp_path) as way:
        sender = Transport(connect(str(way.arguments[1]), None, 5), 5, lines.append)
        with pytest.raises(UnreadableError, match="certificate"):
            sender.get("/services", {})
    assert [line.split()[2] for line in lines] == ["bad-certificate"]


def test_a_second_thread_may_ask_at_the_same_time(tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=20)

    def answering(path: str) -> Reply:
        both.wait()  # each is answered when the other has come in
        return reply({"path": path})

    bodies: dict[str, bytes] = {}
    with FaultyServer(answering) as server:
        sender = transport(server, tmp_path, timeout=20)

        def ask(path: str) -> None:
            bodies[path] = sender.get(path, {}).body

        threads = [threading.Thread(target=ask, args=(path,)) for path in ("/a", "/b")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert bodies == {path: b'{"path": "%s"}' % path.encode() for path in ("/a", "/b")}
