"""What every test stands on: no settings of the machine, and no luck with random data."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

SCRUBBED = ("KUBECONFIG", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TERM")
SCRUBBED_PREFIXES = ("LBDOCTOR_", "_LBDOCTOR_", "XDG_", "KUBERNETES_SERVICE_")

settings.register_profile(
    "tests",
    deadline=None,
    database=None,
    derandomize=os.environ.get("CI") == "true",
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("tests")


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Take away what would change the output or lead to somebody's cluster."""
    for name in list(os.environ):
        if name in SCRUBBED or name.startswith(SCRUBBED_PREFIXES):
            monkeypatch.delenv(name)
    # Commands keep a journal and a memory: not among the user's own.
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state", numbered=True)))
