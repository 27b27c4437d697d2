"""Exec plugins that do not help."""

from __future__ import annotations

from tests.cluster.faults import Arrange, Fault
from tests.cluster.faulty_configs import WHO, of_user

CREDENTIAL = (
    '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {%s}}'
)
TOKEN = '"token": "secret"'


def plugin(script: str, more: str = "interactiveMode: Never") -> Arrange:
    """Lead to a healthy cluster, with an exec plugin that is a shell script."""
    quoted = script.replace("'", "''")
    return of_user(
        "{exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, "
        f"args: ['-c', '{quoted}'], {more}}}}}"
    )


FAULTS = (
    Fault(
        "an exec plugin that hangs",
        plugin("sleep 600"),
        3,
        ("error: the exec plugin ", f"/sh {WHO} did not end within 1 s; try: "),
    ),
    Fault(
        "an exec plugin that fails",
        plugin("echo no ticket >&2; echo run kinit >&2; exit 3"),
        3,
        (f"/sh {WHO} failed with 3: no ticket run kinit; try: ",),
    ),
    Fault(
        "an exec plugin whose child goes on",
        plugin(f"sleep 3 & echo '{CREDENTIAL % TOKEN}'"),
        0,
        ("no problems found",),
    ),
    Fault(
        "an exec plugin that is not there",
        of_user("{exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-login}}"),
        3,
        (
            f"the exec plugin no-such-login {WHO} is not there, or cannot be run",
            "; try: command -v no-such-login",
        ),
    ),
    Fault(
        "an exec plugin with an installHint",
        of_user(
            "{exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-login, "
            "installHint: get it at example.org}}"
        ),
        3,
        ("; try: get it at example.org",),
    ),
    Fault(
        "an exec plugin that prints no JSON",
        plugin("echo secret"),
        3,
        (f"{WHO} printed no ExecCredential with a status; try: ",),
    ),
    Fault(
        "an exec plugin without a token",
        plugin(f"echo '{CREDENTIAL % ''}'"),
        3,
        (f"{WHO} gave neither a token nor a certificate with its key; try: ",),
    ),
    Fault(
        "an exec plugin that needs a terminal",
        plugin("cat", "interactiveMode: Always"),
        3,
        (f"{WHO} needs a terminal; try: ",),
    ),
    Fault(
        "an exec plugin of another version",
        of_user("{exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: sh}}"),
        3,
        ("asks for apiVersion client.authentication.k8s.io/v1alpha1, which is unknown; try: ",),
    ),
)
