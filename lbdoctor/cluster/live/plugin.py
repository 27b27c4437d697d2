"""Gets credentials from the program that a kubeconfig names, within the time-out."""

from __future__ import annotations

import base64
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from lbdoctor.cluster.live.answers import shortened
from lbdoctor.cluster.live.kubeconfig import Context
from lbdoctor.domain.errors import UnreadableError

API_VERSIONS: Final = tuple(f"client.authentication.k8s.io/{each}" for each in ("v1", "v1beta1"))
CLUSTER_FIELDS: Final = (
    "server",
    "tls-server-name",
    "insecure-skip-tls-verify",
    "certificate-authority-data",
    "proxy-url",
)
EXTENSION: Final = "client.authentication.k8s.io/exec"
LOOK_EACH: Final = 0.1
"""Seconds after which a plugin is looked after that does not close its output."""

INTERRUPTED: Final = (-signal.SIGINT, 128 + signal.SIGINT)


@dataclass(frozen=True, slots=True)
class Credential:
    """What a plugin answered: a token, or a certificate and its key in PEM."""

    token: str = ""
    certificate: str = ""
    key: str = ""
    expires: float | None = None
    """When, in seconds since 1970; None is never."""


def ask(context: Context, timeout: float) -> Credential:
    """Run the exec plugin of the context's user; ``timeout`` is in seconds.

    Raises:
        UnreadableError: It cannot be run, fails, does not end in time, or talks nonsense.
    """
    plugin = context.user["exec"]
    if not isinstance(plugin, dict) or not isinstance(plugin.get("command"), str):
        raise _failed(context, "", "names no command")
    version = plugin.get("apiVersion")
    if version not in API_VERSIONS:
        raise _failed(context, "", f"asks for apiVersion {version}, which is unknown")
    output = _run(context, plugin, timeout)
    return _credential(context, plugin, output)


def _started(
    context: Context, plugin: Mapping[str, Any], command: str, *, interactive: bool
) -> subprocess.Popen[bytes]:
    """Start the plugin in a process group of its own, so that all of it can be ended."""
    info = _info(context, plugin, interactive=interactive)
    try:
        return subprocess.Popen(  # noqa: S603 - the kubeconfig names it, as for kubectl
            [command, *_arguments(plugin)],
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=None if interactive else subprocess.PIPE,
            env={**os.environ, **_environment(plugin), "KUBERNETES_EXEC_INFO": info},
            process_group=0,
        )
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise _failed(context, command, f"cannot be run: {said}") from error


def _run(context: Context, plugin: Mapping[str, Any], timeout: float) -> bytes:
    """Return what the plugin prints."""
    command = _command(context, plugin)
    interactive = _may_ask(context, plugin)
    with ThreadPoolExecutor(1) as starter:
        # Signals meet the main thread only: none gets lost between the start and the try.
        start = starter.submit(_started, context, plugin, command, interactive=interactive)
        try:
            process = start.result()
            with _terminal_for(process.pid) if interactive else nullcontext():
                output, said = _output(process, timeout)
        except subprocess.TimeoutExpired as error:
            raise _failed(
                context,
                command,
                f"did not end within {timeout:g} s",
                hint="log in by hand first, or --request-timeout 5m",
            ) from error
        finally:
            _clean_up(start.result())
    if interactive and process.returncode in INTERRUPTED:
        raise KeyboardInterrupt
    if process.returncode:
        text = shortened(said.decode(errors="replace"))
        why = f": {text}" if text else ""
        raise _failed(context, command, f"failed with {process.returncode}{why}")
    return output


def _output(process: subprocess.Popen[bytes], timeout: float) -> tuple[bytes, bytes]:
    """Return what a plugin printed until it ended, even where a child of it goes on."""
    end = time.monotonic() + timeout
    while True:
        has_ended = process.poll() is not None
        left = end - time.monotonic()
        try:
            output, said = process.communicate(timeout=max(0.0, min(LOOK_EACH, left)))
            return output, said or b""
        except subprocess.TimeoutExpired as so_far:
            if has_ended:
                return so_far.output or b"", so_far.stderr or b""
            if left <= 0:
                raise


def _clean_up(process: subprocess.Popen[bytes]) -> None:
    """End a plugin that did not end well, and all that it has started."""
    with process, suppress(ProcessLookupError):
        if process.returncode != 0:
            os.killpg(process.pid, signal.SIGKILL)


def _command(context: Context, plugin: Mapping[str, Any]) -> str:
    """Return the program; one with a slash is relative to the kubeconfig."""
    named = str(plugin["command"])
    path = str(context.directory.absolute() / named) if os.sep in named else named
    found = shutil.which(path)
    if found is None:
        hint = plugin.get("installHint")
        raise _failed(
            context,
            named,
            "is not there, or cannot be run",
            hint=shortened(hint)
            if isinstance(hint, str) and hint.strip()
            else f"command -v {shlex.quote(named)}",
        )
    return found


def _arguments(plugin: Mapping[str, Any]) -> list[str]:
    listed = plugin.get("args")
    return [str(item) for item in listed] if isinstance(listed, list) else []


def _environment(plugin: Mapping[str, Any]) -> dict[str, str]:
    listed = plugin.get("env")
    items = listed if isinstance(listed, list) else []
    return {
        str(item["name"]): str(item.get("value", ""))
        for item in items
        if isinstance(item, dict) and "name" in item
    }


def _may_ask(context: Context, plugin: Mapping[str, Any]) -> bool:
    """Whether the plugin gets the terminal: if there is one, it may have it, and it is ours."""
    mode = plugin.get("interactiveMode") or "IfAvailable"
    if mode == "Never":
        return False
    try:
        is_ours = sys.stdin is not None and os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        is_ours = False
    if mode == "Always" and not is_ours:
        raise _failed(context, str(plugin["command"]), "needs a terminal", hint="run it in one")
    return is_ours


def _info(context: Context, plugin: Mapping[str, Any], *, interactive: bool) -> str:
    """Return what the plugin is told, in JSON."""
    spec: dict[str, Any] = {"interactive": interactive}
    if plugin.get("provideClusterInfo"):
        given = context.cluster
        about: dict[str, Any] = {field: given[field] for field in CLUSTER_FIELDS if field in given}
        if "certificate-authority-data" not in about and "certificate-authority" in given:
            with suppress(OSError):
                raw = Path(given["certificate-authority"]).read_bytes()
                about["certificate-authority-data"] = base64.b64encode(raw).decode()
        extensions = given.get("extensions")
        for item in extensions if isinstance(extensions, list) else ():
            if isinstance(item, dict) and item.get("name") == EXTENSION:
                about["config"] = item.get("extension")
        spec["cluster"] = about
    told = {"apiVersion": plugin["apiVersion"], "kind": "ExecCredential", "spec": spec}
    return json.dumps(told, default=str)  # YAML has times, JSON has not


@contextmanager
def _terminal_for(group: int) -> Iterator[None]:
    """Give the terminal to a process group, and take it back as it was.

    Ctrl-C goes to that group alone meanwhile.
    """
    settings = termios.tcgetattr(0)
    _hand_terminal(group)
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGCONT)  # it may have asked before it had the terminal
    try:
        yield
    finally:
        _hand_terminal(os.getpgrp())
        termios.tcsetattr(0, termios.TCSADRAIN, settings)


def _hand_terminal(group: int) -> None:
    # Who is not in the foreground is stopped for this, unless the signal is blocked.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        with suppress(OSError):  # the group has ended already
            os.tcsetpgrp(0, group)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _credential(context: Context, plugin: Mapping[str, Any], output: bytes) -> Credential:
    """Read what the plugin printed; no message quotes it, for it is secret."""
    command = str(plugin["command"])
    try:
        found = json.loads(output)
    except (ValueError, RecursionError):
        found = None
    status = found.get("status") if isinstance(found, dict) else None
    if not isinstance(status, dict):
        raise _failed(context, command, "printed no ExecCredential with a status")
    if found.get("apiVersion") != plugin["apiVersion"]:
        raise _failed(
            context, command, f"answers in another apiVersion than {plugin['apiVersion']}"
        )
    token, certificate, key = (
        value if isinstance(value := status.get(field), str) else ""
        for field in ("token", "clientCertificateData", "clientKeyData")
    )
    if not token and not (certificate and key):
        raise _failed(context, command, "gave neither a token nor a certificate with its key")
    return Credential(token.strip(), certificate, key, _expiry(status.get("expirationTimestamp")))


def _expiry(text: object) -> float | None:
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return None


def _failed(context: Context, command: str, said: str, hint: str = "") -> UnreadableError:
    which = f"the exec plugin {command}" if command else "the exec plugin"
    return UnreadableError(
        f"{which} of user {context.user_name} (context {context.name}) {said}",
        hint=hint or f"{context.kubectl} version",
    )
