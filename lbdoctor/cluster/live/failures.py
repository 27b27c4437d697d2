"""Says in a few words why a request got no answer, and what to do about it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from typing import Final

import urllib3

from lbdoctor.cluster.live.answers import shortened

NO_TLS: Final = frozenset(
    {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNEXPECTED_MESSAGE"}
)
"""What OpenSSL says where the other side does not speak TLS at all."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer."""

    word: str
    """For the trace."""

    text: str
    hint: str = ""
    is_lasting: bool = False
    """Whether another try must fail in the same way."""


def failure(error: Exception, timeout: float) -> Failure:
    """Describe what the client raised; ``timeout`` is in seconds, as the user asked."""
    cause: BaseException = error
    while isinstance(cause, urllib3.exceptions.MaxRetryError) and cause.reason:
        cause = cause.reason
    tls = _first(cause, ssl.SSLError)
    if isinstance(tls, ssl.SSLCertVerificationError):
        return _bad_certificate(tls)
    if isinstance(tls, ssl.SSLError):
        return _bad_tls(tls)
    if isinstance(cause, urllib3.exceptions.ProxyError):
        return _bad_proxy(cause, timeout)
    return _of_connection(cause, timeout)


def _of_connection(cause: BaseException, timeout: float) -> Failure:
    match cause:
        case urllib3.exceptions.NameResolutionError():
            return Failure("no-such-name", "its name cannot be resolved")
        case urllib3.exceptions.NewConnectionError():
            return Failure("no-connection", f"no connection: {_errno(cause)}")
        case urllib3.exceptions.TimeoutError() | TimeoutError():
            hint = "a longer --request-timeout"
            return Failure("timed-out", _too_late(timeout), hint, is_lasting=True)
        case urllib3.exceptions.DecodeError():
            return Failure("garbled", "the answer is compressed wrongly", is_lasting=True)
        case urllib3.exceptions.ProtocolError():
            return _cut(cause)
        case OSError() if cause.strerror:
            return Failure("cut", f"the connection failed: {cause.strerror.lower()}")
        case _:
            return Failure("failed", shortened(str(cause)) or "no reason given")


def _too_late(timeout: float) -> str:
    return f"it did not answer within {timeout:g} s"


def _bad_certificate(error: ssl.SSLCertVerificationError) -> Failure:
    said = error.verify_message or "it cannot be verified"
    return Failure(
        "bad-certificate",
        f"its certificate is not accepted: {shortened(said.rstrip('.'))}",
        hint="a fresh kubeconfig from Harvester (Support, Download KubeConfig)",
        is_lasting=True,
    )


def _bad_tls(error: ssl.SSLError) -> Failure:
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return Failure("cut", "TLS failed: the connection was cut")
    if error.reason in NO_TLS:
        return Failure(
            "no-tls",
            "it does not speak TLS on this port",
            hint="http:// or another port in server: of the kubeconfig",
            is_lasting=True,
        )
    reason = (error.reason or "no reason given").replace("_", " ").lower()
    return Failure("no-tls", f"TLS failed: {reason}")


def _bad_proxy(error: urllib3.exceptions.ProxyError, timeout: float) -> Failure:
    inner = error.original_error
    while isinstance(inner, urllib3.exceptions.HTTPError) and inner.__cause__:
        inner = inner.__cause__  # type: ignore[assignment]
    match inner:
        case TimeoutError():
            said = _too_late(timeout)
        case OSError() if inner.strerror:
            said = inner.strerror
        case _:
            said = shortened(str(inner)) or "no reason given"
    return Failure(
        "no-proxy",
        f"the proxy: {said[:1].lower()}{said[1:]}",
        hint="another proxy-url in the kubeconfig, or NO_PROXY",
    )


def _cut(error: urllib3.exceptions.ProtocolError) -> Failure:
    cause = _first(error, HTTPException)
    if cause is None or isinstance(cause, RemoteDisconnected | IncompleteRead):
        return Failure("cut", "the connection was cut")
    return Failure("no-http", "what it answers is no HTTP", is_lasting=True)


def _errno(error: BaseException) -> str:
    """Return what the operating system says, without the number of the error."""
    cause = error.__cause__
    said = cause.strerror if isinstance(cause, OSError) else None
    return (said or shortened(str(error).rpartition("] ")[2])).lower()


def _first(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    """Return the first of that kind among an error, its arguments and its causes."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        found = waiting.pop(0)
        if not isinstance(found, BaseException) or id(found) in seen:
            continue
        if isinstance(found, kind):
            return found
        seen.add(id(found))
        waiting.extend([*found.args, found.__cause__, found.__context__])
    return None
