"""The next page of a list is on its way while this one is decoded, and does no harm."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from lbdoctor.cluster import open_live
from lbdoctor.cluster.api import Api, ExpiredError
from lbdoctor.diagnosis.port import ReadError
from lbdoctor.domain.refs import Kind
from tests.cluster.server import FaultyServer, Reply, reply

SECONDS = 30.0
API_VERSION = "loadbalancer.harvesterhci.io/v1beta1"


def built_in(token: str) -> Reply:
    """Return a page as kube-apiserver writes one of its own kinds."""
    head = f'{{"kind":"ServiceList","apiVersion":"v1","metadata":{_metadata(token)}'
    return 200, {}, f'{head},"items":[]}}\n'.encode()


def custom(token: str) -> Reply:
    """Return a page as kube-apiserver writes one of a custom resource."""
    item = '{"metadata":{"name":"web"},"spec":{"metadata":{"continue":"no"}}}'
    head = f'{{"apiVersion":"{API_VERSION}","items":[{item}],"kind":"LoadBalancerList"'
    return 200, {}, f'{head},"metadata":{_metadata(token)}}}\n'.encode()


def misleading(token: str) -> Reply:
    """Return a page that names a token twice; the later one counts."""
    status, headers, body = built_in("wrong")
    last = f',"metadata": {_metadata(token)}}}'
    return status, headers, body.rstrip(b"}\n") + last.encode()


def _metadata(token: str) -> str:
    return f'{{"continue":"{token}","remainingItemCount":9,"resourceVersion":"7"}}'


PAGES = [built_in, custom, misleading]
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda item: item.__name__)


def api(server: FaultyServer, directory: Path) -> Api:
    kubeconfig = str(server.kubeconfig(directory))
    return open_live(kubeconfig=kubeconfig, context=None, timeout=SECONDS)


def token_of(path: str) -> str:
    return "".join(parse_qs(urlsplit(path).query).get("continue", []))


def in_order(page: Callable[[str], Reply], *tokens: str) -> dict[str, Reply]:
    """Return the page of each token, the last without a next one."""
    asked_by = ("", *tokens)
    return {
        token: page(following) for token, following in zip(asked_by, (*tokens, ""), strict=True)
    }


@pytest.mark.parametrize("page", [built_in, custom], ids=lambda item: item.__name__)
def test_the_next_page_is_asked_for_before_the_caller_does(
    page: Callable[[str], Reply], tmp_path: Path
) -> None:
    asked = threading.Event()

    def answering(path: str) -> Reply:
        if token_of(path) == "two":
            asked.set()
        return in_order(page, "two")[token_of(path)]

    with FaultyServer(answering) as server:
        cluster = api(server, tmp_path)
        assert cluster.page(Kind.LOAD_BALANCER).continue_token == "two"
        assert asked.wait(SECONDS)
        assert cluster.page(Kind.LOAD_BALANCER, continue_token="two").continue_token == ""
        assert [token_of(path) for path in server.paths] == ["", "two"]


@each_page
def test_every_page_is_what_was_asked_for(page: Callable[[str], Reply], tmp_path: Path) -> None:
    pages = {**in_order(page, "two", "three", "four"), "wrong": (500, {}, b"")}
    with FaultyServer(lambda path: pages[token_of(path)]) as server:
        cluster, token, found = api(server, tmp_path), "", []
        for _ in pages:
            token = cluster.page(Kind.LOAD_BALANCER, continue_token=token).continue_token
            found.append(token)
            if not token:
                break
        assert found == ["two", "three", "four", ""]


def test_a_page_that_is_not_asked_for_is_dropped_with_its_failure(tmp_path: Path) -> None:
    pages = {"": custom("lost"), "lost": (403, {}, b"{}")}
    with FaultyServer(lambda path: pages[token_of(path)]) as server:
        cluster = api(server, tmp_path)
        for _ in range(2):
            assert cluster.page(Kind.LOAD_BALANCER).continue_token == "lost"
        with pytest.raises(ReadError, match="forbidden"):
            cluster.page(Kind.LOAD_BALANCER, continue_token="lost")


def test_a_token_that_expired_meanwhile_says_so_when_it_is_used(tmp_path: Path) -> None:
    pages = {"": custom("old"), "old": reply({"kind": "Status"}, 410)}
    with FaultyServer(lambda path: pages[token_of(path)]) as server:
        cluster = api(server, tmp_path)
        cluster.page(Kind.LOAD_BALANCER)
        with pytest.raises(ExpiredError):
            cluster.page(Kind.LOAD_BALANCER, continue_token="old")


def test_another_list_does_not_get_the_page_of_the_first(tmp_path: Path) -> None:
    def answering(path: str) -> Reply:
        return custom("" if token_of(path) else f"next-of-{urlsplit(path).path.count('team')}")

    with FaultyServer(answering) as server:
        cluster = api(server, tmp_path)
        cluster.page(Kind.LOAD_BALANCER)
        page = cluster.page(Kind.LOAD_BALANCER, "team-a")
        assert page.continue_token == "next-of-1"


def test_a_page_that_never_comes_does_not_keep_the_process(tmp_path: Path) -> None:
    ended = threading.Event()

    def answering(path: str) -> Reply:
        if token_of(path):
            ended.wait(3 * SECONDS)
        return in_order(custom, "slow")[token_of(path)]

    with FaultyServer(answering) as server:
        script = (
            "from lbdoctor.cluster import open_live\n"
            "from lbdoctor.domain.refs import Kind\n"
            f"found = open_live(kubeconfig={str(server.kubeconfig(tmp_path))!r}, context=None,"
            " timeout=3600).page(Kind.LOAD_BALANCER)\n"
            "print(found.continue_token)"
        )
        try:
            done = subprocess.run(
                [sys.executable, "-c", script],
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        finally:
            ended.set()
        assert (done.returncode, done.stdout) == (0, "slow\n")
