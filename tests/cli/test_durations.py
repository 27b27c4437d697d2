"""Durations on the command line."""

from __future__ import annotations

import pytest

from lbdoctor.cli.durations import parse_duration
from lbdoctor.domain.errors import UsageError


@pytest.mark.parametrize(
    "text, seconds",
    [("30s", 30), ("2m", 120), ("1h30m", 5400), ("45", 45), ("500ms", 0.5), ("8760h", 31536000)],
)
def test_a_duration_is_read_as_kubectl_reads_it(text: str, seconds: float) -> None:
    assert parse_duration(text, "--request-timeout") == seconds


@pytest.mark.parametrize("text", ["", "0", "0s", "-1s", "soon", "1d", "8761h", "999999999h", "1e3"])
def test_what_cannot_be_waited_for_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--request-timeout") as refused:
        parse_duration(text, "--request-timeout")
    assert refused.value.hint == "--request-timeout 30s"
