"""What is taken from kubeconfigs: as kubectl takes it."""

from __future__ import annotations

import json
import os
import stat
import warnings
from pathlib import Path

import pytest
import yaml

from lbdoctor.cluster.live.connect import connect
from lbdoctor.cluster.live.transport import Transport
from lbdoctor.diagnosis.port import ReadError
from lbdoctor.domain.errors import UnreadableError
from lbdoctor.domain.snapshot import Origin
from tests.cluster.faulty_networks import authority, certified
from tests.cluster.healthy import answer
from tests.cluster.server import FaultyServer

PLUGIN = {
    "apiVersion": "client.authentication.k8s.io/v1",
    "command": "./login",
    "interactiveMode": "Never",
}


def write(
    path: Path, context: str, server: str, user: object = None, current: str = "", **cluster: object
) -> str:
    """Write a kubeconfig of one context, whose cluster and user have its name."""
    path.parent.mkdir(exist_ok=True)
    of_context = {"cluster": context, "user": context, "namespace": f"of-{context}"}
    document = {
        "current-context": current,
        "clusters": [{"name": context, "cluster": {"server": server, **cluster}}],
        "contexts": [{"name": context, "context": of_context}],
        "users": [{"name": context, "user": user or {}}],
    }
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return str(path)


def origin(path: str | None = None, context: str | None = None) -> Origin:
    return connect(path, context, 5).origin


def script(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(stat.S_IRWXU)


def credential(**status: str) -> str:
    kind = {"apiVersion": PLUGIN["apiVersion"], "kind": "ExecCredential", "status": status}
    return json.dumps(kind)


def sent(server: FaultyServer, kubeconfig: str, times: int = 1) -> list[str | None]:
    """Ask, and return what the server then knew the user by."""
    asking = Transport(connect(kubeconfig, None, 5), 5, None)
    for _ in range(times):
        asking.get("/services", {})
    return [item.headers["Authorization"] for item in server.asked]


def test_of_a_list_of_files_the_first_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = write(tmp_path / "one", "a", "https://first:1", current="a")
    two = write(tmp_path / "two", "a", "https://second:1", current="b")
    three = write(tmp_path / "three", "b", "https://third:1")
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join((one, two, "/no/such/file", three)))
    assert origin() == Origin(origin().kind, "a", "https://first:1")
    assert origin(context="b").server == "https://third:1"
    assert connect(None, "b", 5).other_contexts == ("a",)
    assert connect(None, "b", 5).namespace == "of-b"


def test_a_file_that_is_named_is_the_only_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", write(tmp_path / "one", "a", "https://first:1", current="a"))
    other = write(tmp_path / "other:file", "b", "https://other:1", current="b")
    assert origin(other).name == "b"
    with pytest.raises(UnreadableError, match="no context a in"):
        origin(other, "a")


def test_a_kubeconfig_may_come_through_a_pipe(tmp_path: Path) -> None:
    text = Path(write(tmp_path / "one", "a", "https://first:1", current="a")).read_bytes()
    reading, writing = os.pipe()
    os.write(writing, text)
    os.close(writing)
    assert origin(f"/dev/fd/{reading}").name == "a"
    os.close(reading)


def test_files_are_looked_for_beside_the_kubeconfig_that_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    user = {"tokenFile": "token", "client-certificate": "user.pem", "client-key": "user.pem"}
    named = {"certificate-authority": "ca.pem"}
    write(home / "config", "a", "https://first:1", user, "a", **named)
    pair = authority().client("ann", ())
    (home / "ca.pem").write_bytes(authority().certificate)
    (home / "user.pem").write_bytes(pair.certificate + pair.key)
    (home / "token").write_text("of-file\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    configuration = connect("home/config", None, 5).client.configuration
    assert configuration.ssl_ca_cert == str(home / "ca.pem")
    assert configuration.cert_file == str(home / "user.pem")
    assert configuration.api_key == {"BearerToken": "Bearer of-file"}


def test_no_password_of_a_url_is_shown(tmp_path: Path) -> None:
    path = write(tmp_path / "one", "a", "https://ann:secret@first:1/k8s/", current="a")
    assert origin(path).server == "https://first:1/k8s/"


def test_who_asks_for_no_verification_gets_none_and_no_warning(tmp_path: Path) -> None:
    with certified(trusts=False)(tmp_path) as way:
        path = Path(str(way.arguments[1]))
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace("server:", "insecure-skip-tls-verify: true, server:"), encoding="utf-8"
        )
        with warnings.catch_warnings(record=True) as warned:
            asking = Transport(connect(str(path), None, 5), 5, None)
            assert asking.get("/services", {}).status == 200
        assert warned == []


def test_the_name_that_a_certificate_is_to_have_may_be_given(tmp_path: Path) -> None:
    from tests.cluster.faulty_networks import OTHER

    with certified(OTHER)(tmp_path) as way:
        path = Path(str(way.arguments[1]))
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace("server:", "tls-server-name: other.example, server:"), encoding="utf-8"
        )
        assert Transport(connect(str(path), None, 5), 5, None).get("/services", {}).status == 200


def test_nothing_is_written_into_the_kubeconfig(tmp_path: Path) -> None:
    old = {"auth-provider": {"name": "oidc", "config": {"id-token": "a.b.c", "refresh-token": "r"}}}
    with FaultyServer(answer) as server:
        path = write(tmp_path / "one", "a", server.url, old, "a")
        before = Path(path).read_bytes()
        assert sent(server, path) == ["Bearer a.b.c"]
        assert Path(path).read_bytes() == before
        assert [item.name for item in tmp_path.iterdir()] == ["one"]


def test_an_exec_plugin_is_found_beside_the_kubeconfig_and_told_of_the_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    out = tmp_path / "info.json"
    script(
        home / "login",
        f'printf "%s" "$KUBERNETES_EXEC_INFO" > {out}\nprintf "%s" "$ANSWER"; pwd >&2',
    )
    environment = [{"name": "ANSWER", "value": credential(token="of-plugin")}]
    user = {"exec": {**PLUGIN, "env": environment, "provideClusterInfo": True}}
    extension = {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x"}}
    (tmp_path / "home" / "ca.pem").write_bytes(authority().certificate)
    with FaultyServer(answer) as server:
        more = {"extensions": [extension], "certificate-authority": "ca.pem"}
        path = write(home / "config", "a", server.url, user, "a", **more)
        monkeypatch.chdir(tmp_path)
        assert sent(server, path) == ["Bearer of-plugin"]
    info = json.loads(out.read_text(encoding="utf-8"))
    assert info["kind"] == "ExecCredential"
    assert info["spec"]["interactive"] is False
    cluster = info["spec"]["cluster"]
    assert cluster["server"] == server.url
    assert cluster["config"] == {"audience": "x"}
    assert cluster["certificate-authority-data"]


@pytest.mark.parametrize(
    "expires, asked", [("2020-01-01T00:00:00Z", 4), ("2099-01-01T00:00:00Z", 1)]
)
def test_a_plugin_is_asked_again_when_its_token_expires(
    expires: str, asked: int, tmp_path: Path
) -> None:
    count = tmp_path / "count"
    answers = credential(token="t", expirationTimestamp=expires)
    script(tmp_path / "login", f"echo x >> {count}\nprintf '%s' '{answers}'")
    with FaultyServer(answer) as server:
        path = write(tmp_path / "one", "a", server.url, {"exec": PLUGIN}, "a")
        assert sent(server, path, times=3) == ["Bearer t"] * 3
    assert count.read_text(encoding="utf-8").count("x") == asked


def test_a_plugin_that_fails_later_fails_that_one_request(tmp_path: Path) -> None:
    answers = credential(token="t", expirationTimestamp="2020-01-01T00:00:00Z")
    script(tmp_path / "login", f"printf '%s' '{answers}'")
    with FaultyServer(answer) as server:
        asking = Transport(
            connect(write(tmp_path / "one", "a", server.url, {"exec": PLUGIN}, "a"), None, 5),
            5,
            None,
        )
        assert asking.get("/services", {}).status == 200
        script(tmp_path / "login", "echo no ticket >&2; exit 1")
        with pytest.raises(ReadError, match="no ticket"):
            asking.get("/services", {})


def test_the_token_of_a_file_counts_before_a_plugin(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("of-file", encoding="utf-8")
    user = {"tokenFile": "token", "exec": {**PLUGIN, "command": "/no/such/login"}}
    with FaultyServer(answer) as server:
        path = write(tmp_path / "one", "a", server.url, user, "a")
        assert sent(server, path) == ["Bearer of-file"]


def test_a_user_may_have_a_name_and_a_password(tmp_path: Path) -> None:
    with FaultyServer(answer) as server:
        user = {"username": "ann", "password": "word"}
        path = write(tmp_path / "one", "a", server.url, user, "a")
        assert sent(server, path) == ["Basic YW5uOndvcmQ="]


def test_a_proxy_that_no_proxy_excepts_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with FaultyServer(answer) as server:
        path = write(tmp_path / "one", "a", server.url, None, "a")
        assert sent(server, path) == [None]
        assert connect(path, None, 5).proxy == ""
