"""Reading what systemd was told about the unit."""

import logging
from pathlib import Path

import pytest

from standfast.agent.unit import is_being_restarted, warn_of_short_stop_timeout
from standfast.timespan import timespan_s


@pytest.mark.parametrize(
    ("text", "expected"),
    [("10s\n", 10), ("1min 30s", 90), ("1h 500ms", 3600.5), ("infinity", None), ("", None), ("1min x", None)],
)
def test_time_spans(text: str, expected: float | None) -> None:
    assert timespan_s(text) == expected


@pytest.mark.parametrize(("allowed", "warns"), [("8s", True), ("9s", True), ("10s", False), ("infinity", False)])
def test_a_stop_timeout_that_is_too_short_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, allowed: str, warns: bool
) -> None:
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(f"#!/bin/sh\necho {allowed}\n")
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with caplog.at_level(logging.WARNING):
        warn_of_short_stop_timeout("standfast-agent@x.service", 9)
    assert ("does not fit into TimeoutStopSec" in caplog.text) is warns


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        ("653 standfast-agent@x.service restart running", True),
        ("653 standfast-agent@x.service stop running", False),
        ("653 standfast-agent@xx.service restart waiting", False),
        ("", False),
        ("Failed to connect to bus", False),
    ],
)
def test_a_restart_is_known_by_its_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: str, expected: bool
) -> None:
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(f"#!/bin/sh\necho '{jobs}'\n")
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert is_being_restarted("standfast-agent@x.service") is expected
