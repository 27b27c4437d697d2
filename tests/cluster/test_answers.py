"""Answers that mean less than they seem to."""

from __future__ import annotations

from pathlib import Path

import pytest

from lbdoctor import __version__
from lbdoctor.cluster import open_live
from lbdoctor.cluster.api import Api
from lbdoctor.cluster.reader import Reader
from lbdoctor.diagnosis.port import ReadError, Unread
from lbdoctor.domain.errors import UnreadableError
from lbdoctor.domain.refs import Kind
from tests.cluster.server import FaultyServer, Reply, reply

GROUP = "loadbalancer.harvesterhci.io"


def api(server: FaultyServer, directory: Path, timeout: float = 5.0) -> Api:
    kubeconfig = str(server.kubeconfig(directory))
    return open_live(kubeconfig=kubeconfig, context=None, timeout=timeout)


def status(code: int, reason: str = "", message: str = "", **details: str) -> Reply:
    body = {"kind": "Status", "reason": reason, "message": message, "details": details}
    return reply(body, code)


def a_list(items: object, token: str = "") -> Reply:
    return reply({"kind": "LoadBalancerList", "metadata": {"continue": token}, "items": items})


ABSENT = {"group": GROUP, "kind": "loadbalancers", "name": "web"}


def test_not_found_for_exactly_that_name_proves_absence(tmp_path: Path) -> None:
    with FaultyServer(lambda _: status(404, "NotFound", "", **ABSENT)) as server:
        assert api(server, tmp_path).get(Kind.LOAD_BALANCER, "web", "a") is None


@pytest.mark.parametrize(
    "answer",
    [
        status(404, "NotFound", "", **{**ABSENT, "name": "we"}),
        status(404, "NotFound", "", **{**ABSENT, "kind": "ippools"}),
        status(404, "NotFound", "", **{**ABSENT, "group": "other.io"}),
        status(404, "Gone", "", **ABSENT),
        status(403, "Forbidden", "no", **ABSENT),
        (404, {}, b"404 page not found"),
        (404, {}, b""),
        (200, {}, b""),
        (200, {}, b"<html>"),
    ],
    ids=["name", "kind", "group", "reason", "forbidden", "text", "empty", "nothing", "html"],
)
def test_no_other_answer_proves_absence(answer: Reply, tmp_path: Path) -> None:
    with FaultyServer(lambda _: answer) as server, pytest.raises(ReadError):
        api(server, tmp_path).get(Kind.LOAD_BALANCER, "web", "a")


@pytest.mark.parametrize(
    "body",
    [{"metadata": {}}, {"kind": "LoadBalancerList", "items": []}, [], {"kind": "Status"}],
    ids=["no kind", "no metadata", "no object", "a status"],
)
def test_what_is_no_list_is_not_an_empty_one(body: object, tmp_path: Path) -> None:
    with FaultyServer(lambda _: reply(body)) as server, pytest.raises(ReadError):
        Reader(api(server, tmp_path)).load_balancers()


def test_a_token_that_is_repeated_ends_the_list(tmp_path: Path) -> None:
    with FaultyServer(lambda _: a_list([], "again")) as server:
        with pytest.raises(ReadError, match="repeated"):
            Reader(api(server, tmp_path)).load_balancers()
        assert len(server.paths) == 2


def test_a_list_that_fails_on_an_old_object_is_explained(tmp_path: Path) -> None:
    text = "conversion webhook failed: not found pool for lb a/web with address 10.0.0.5"
    with FaultyServer(lambda _: status(500, "InternalError", text)) as server:
        with pytest.raises(ReadError, match=r"v1alpha1.*a/web with address 10.0.0.5") as refused:
            Reader(api(server, tmp_path)).load_balancers()
        assert refused.value.why is Unread.NOT_CONVERTIBLE


def test_services_are_listed_whole_where_they_cannot_be_selected(tmp_path: Path) -> None:
    def answering(path: str) -> Reply:
        return status(400, "BadRequest") if "fieldSelector" in path else a_list([])

    with FaultyServer(answering) as server:
        assert Reader(api(server, tmp_path)).services().items == ()
        assert len(server.paths) == 2


def test_a_retry_after_of_less_than_nothing_is_no_time_at_all(tmp_path: Path) -> None:
    answers = [reply({}, 503, Retry_After="-1"), a_list([])]
    with FaultyServer(lambda _: answers.pop(0)) as server:
        assert Reader(api(server, tmp_path)).load_balancers().items == ()


def test_refused_credentials_end_the_run(tmp_path: Path) -> None:
    refusing = FaultyServer(lambda _: status(401, "Unauthorized"))
    with (
        refusing as server,
        pytest.raises(UnreadableError, match=r"context x.*credentials \(401\)"),
    ):
        Reader(api(server, tmp_path)).load_balancers()


def test_a_server_that_is_not_there_is_said_to_refuse_the_connection(tmp_path: Path) -> None:
    with FaultyServer(lambda _: a_list([])) as server:
        gone = api(server, tmp_path, timeout=1)
    with pytest.raises(UnreadableError, match="no connection"):
        Reader(gone).load_balancers()


def test_an_exec_plugin_that_fails_is_quoted(tmp_path: Path) -> None:
    plugin = (
        "{exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, "
        "args: ['-c', 'echo no ticket >&2; exit 3'], interactiveMode: Never}}"
    )
    with FaultyServer(lambda _: a_list([])) as server:
        kubeconfig = str(server.kubeconfig(tmp_path, plugin))
        with pytest.raises(UnreadableError, match="no ticket"):
            open_live(kubeconfig=kubeconfig, context=None, timeout=5)


def test_every_request_names_lbdoctor_and_asks_for_most_recent(tmp_path: Path) -> None:
    with FaultyServer(lambda _: a_list([])) as server:
        Reader(api(server, tmp_path)).load_balancers()
        assert server.asked[0].headers["User-Agent"] == f"lbdoctor/{__version__}"
        assert "limit=500" in server.paths[0]
        assert "resourceVersion" not in server.paths[0]
