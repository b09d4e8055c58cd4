"""What the lines say by which the detector's history stands in the journal."""

from __future__ import annotations

import logging

import pytest
from tests.unit.detector.make import Watcher, config, up

from standfast.detector.model import AgentObservation
from standfast.detector.recorder import Recorder

AGENT = "standfast-agent@dip.service"


@pytest.mark.parametrize(
    ("state", "words"),
    [("WAITING", "says that it is WAITING"), ("", "says nothing of itself: it has no status file")],
)
def test_an_agent_that_says_nothing_is_not_said_to_be_nothing(
    state: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assessment = Watcher(config("a")).see(up(0)).assessment
    Recorder().record([AgentObservation(1, AGENT, state)], assessment, 1)
    assert caplog.records[-1].getMessage() == f"[HEALTH-CHECK] {AGENT} {words}"
