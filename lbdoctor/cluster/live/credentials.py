"""What proves to an API server who asks: tokens, certificates, what a plugin gives."""

from __future__ import annotations

import base64
import ssl
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kubernetes.client.configuration import Configuration

from lbdoctor.cluster.live import plugin
from lbdoctor.cluster.live.kubeconfig import Context, Entry
from lbdoctor.domain.errors import UnreadableError

BEFORE_EXPIRY: Final = 60.0
"""Seconds before its end at which a token is renewed."""

_INSECURE: Final = "insecure-skip-tls-verify"
_AUTHORITY: Final = "certificate-authority"
_PEM_FIELDS: Final = ("client-certificate", "client-key")
_TEXTS: Final = (
    *("token", "tokenFile", "username", "password"),
    *_PEM_FIELDS,
    *(f"{field}-data" for field in _PEM_FIELDS),
)


class Renewal:
    """Asks an exec plugin again before what it gave expires; the client calls it."""

    def __init__(self, context: Context, timeout: float, expires: float) -> None:
        self._context = context
        self._timeout = timeout
        self._expires = expires
        self._lock = threading.Lock()

    def __call__(self, configuration: Configuration) -> None:
        with self._lock:
            if time.time() < self._expires - BEFORE_EXPIRY:
                return
            found = plugin.ask(self._context, self._timeout)
            self._expires = found.expires or float("inf")
            if found.token:
                token = _checked(self._context, found.token)
                configuration.api_key["BearerToken"] = f"Bearer {token}"


@dataclass(frozen=True, slots=True)
class Identity:
    """A user as the client wants it: no plugin, no file of a token."""

    user: Entry
    renewal: Renewal | None = None


def of_user(context: Context, timeout: float) -> Identity:
    """Return who the user of a context is; ``timeout`` is in seconds, for an exec plugin.

    Raises:
        UnreadableError: What proves it is not there, or broken.
    """
    user = context.user
    for key in _TEXTS:
        if not isinstance(user.get(key, ""), str):
            raise unusable(context, f"{key} is no text")
    kept = {key: user[key] for key in _TEXTS if user.get(key) and not key.startswith("token")}
    if user.get("token"):
        return Identity({**kept, "token": _checked(context, user["token"])})
    if user.get("tokenFile"):
        return Identity({**kept, "token": _token_of_file(context, user["tokenFile"])})
    if user.get("exec") is not None:
        found = plugin.ask(context, timeout)
        _checked(context, found.token)
        renewal = Renewal(context, timeout, found.expires) if found.expires else None
        return Identity({**kept, **_of_plugin(found)}, renewal)
    if user.get("auth-provider") is not None:
        return Identity({**kept, "token": _token_of_provider(context, user["auth-provider"])})
    return Identity(kept)


def _of_plugin(found: plugin.Credential) -> Entry:
    certificate = {
        "client-certificate-data": base64.b64encode(found.certificate.encode()).decode(),
        "client-key-data": base64.b64encode(found.key.encode()).decode(),
    }
    return {
        **({"token": found.token} if found.token else {}),
        **(certificate if found.certificate and found.key else {}),
    }


def _token_of_file(context: Context, path: str) -> str:
    try:
        token = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise unusable(context, f"the token file {path} cannot be read") from error
    if not token:
        raise unusable(context, f"the token file {path} is empty")
    return _checked(context, token)


def _token_of_provider(context: Context, provider: Any) -> str:
    """Return the token that an old login left behind; nothing here renews it."""
    given = provider if isinstance(provider, dict) else {}
    config = given.get("config")
    left = config if isinstance(config, dict) else {}
    token = left.get("id-token") or left.get("access-token")
    if not isinstance(token, str):
        raise unusable(
            context,
            f"auth-provider {given.get('name')} has no token, and lbdoctor does not log in by it",
        )
    return _checked(context, token)


def _checked(context: Context, token: str) -> str:
    """Return the token without blanks around it; what cannot be sent is not shown either."""
    found = token.strip()
    if not (found.isascii() and found.isprintable()):
        raise unusable(context, "the token has characters that no token has")
    return found


def check_fields(context: Context) -> None:
    """See whether TLS is asked for in terms that make sense.

    Raises:
        UnreadableError: A file is not there, what should be base64 is not, or the like.
    """
    # A text "false" would turn the verification off.
    if not isinstance(context.cluster.get(_INSECURE, False), bool):
        raise unusable_cluster(context, f"{_INSECURE} is neither true nor false")
    if why := _broken(context.cluster, _AUTHORITY):
        raise unusable_cluster(context, why)
    for field in _PEM_FIELDS:
        if why := _broken(context.user, field):
            raise unusable(context, why)


def _broken(entry: Entry, field: str) -> str:
    """Say what is wrong with a field that has data, or names a file; empty if nothing is."""
    data, path = entry.get(f"{field}-data"), entry.get(field)
    try:
        if data:
            base64.b64decode(data)
        elif path:
            Path(path).read_bytes()
    except OSError as error:
        return f"{field} {path}: {_reason(error)}"
    except (ValueError, TypeError):
        return f"{field}-data is not base64" if data else f"{field} is no path"
    return ""


def check_certificates(context: Context, configuration: Configuration) -> None:
    """Load the certificates once, to name the one that is broken.

    Raises:
        UnreadableError: One is no certificate, or does not fit its key.
    """
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if configuration.ssl_ca_cert:
            tls.load_verify_locations(configuration.ssl_ca_cert)
    except OSError as error:
        raise unusable_cluster(context, f"{_AUTHORITY}: {_reason(error)}") from error
    try:
        if configuration.cert_file:
            # Without a password OpenSSL would ask for one on the terminal.
            tls.load_cert_chain(configuration.cert_file, configuration.key_file, password="")
    except OSError as error:
        raise unusable(context, f"{' and '.join(_PEM_FIELDS)}: {_reason(error)}") from error


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        said = (error.reason or "").replace("_", " ").lower()
        return said or "not PEM, or locked by a password"
    return (error.strerror or "no reason given").lower()


def unusable(context: Context, why: str) -> UnreadableError:
    return UnreadableError(
        f"the credentials of user {context.user_name} (context {context.name}) cannot be "
        f"used: {why}",
        hint=f"{context.kubectl} version",
    )


def unusable_cluster(context: Context, why: str, hint: str = "") -> UnreadableError:
    return UnreadableError(
        f"cluster {context.cluster_name} (context {context.name}) cannot be used: {why}",
        hint=hint or f"{context.kubectl} version",
    )
