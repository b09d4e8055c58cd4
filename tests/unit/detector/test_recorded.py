"""What the detector says in the journal is enough to replay it; and two configurations told apart over one history."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.scenarios.cascades import looping_below_the_limit
from tests.unit.detector.make import Watcher, config, failed, pending, stopping, up

from standfast.config import load_text
from standfast.detector.config import DetectorConfig, Mode, Thresholds
from standfast.detector.history import parse, to_line
from standfast.detector.model import CheckObservation, Observation, Outcome, RestartObservation, RunResult
from standfast.detector.recorded import FIELD, observation_of
from standfast.detector.recorder import Recorder
from standfast.detector.replay import differences, replay

DETECTOR = "standfast-detector.service"


def entry(**fields: Any) -> dict[str, Any]:
    return {"__REALTIME_TIMESTAMP": datetime.fromtimestamp(5, UTC), "_SYSTEMD_UNIT": DETECTOR, **fields}


def test_an_entry_of_the_detector_holds_its_observation() -> None:
    assert observation_of(entry(**{FIELD: to_line(up(3))})) == up(3)


def test_only_the_detector_is_believed() -> None:
    assert observation_of(entry(**{FIELD: to_line(up(3)), "_SYSTEMD_UNIT": "evil.service"})) is None


def test_a_master_restart_is_part_of_the_history() -> None:
    fields = {
        "STANDFAST": "1",
        "STANDFAST_EVENT": "restart",
        "STANDFAST_TYPE": "MASTER_RESTART_STARTED",
        "STANDFAST_UNIT": "standfast-master-restart.service",
        "_UID": 0,
    }
    assert observation_of(entry(**fields)) == RestartObservation(5, RunResult.STARTED)


@pytest.mark.parametrize("line", ["{", "[]", '{"at":1,"kind":"of tomorrow"}', '{"at":1,"kind":"unit"}'])
def test_what_another_version_wrote_is_passed_over(line: str, caplog: pytest.LogCaptureFixture) -> None:
    assert observation_of(entry(**{FIELD: line})) is None
    assert "does not understand" in caplog.text


def record(observations: list[list[Observation]], caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    watcher = Watcher(config("a", "b", "c"))
    recorder = Recorder()
    caplog.set_level(logging.INFO)
    for number, together in enumerate(observations):
        step = watcher.see(*together, scheduled=number == 0)
        recorder.record(together, step.assessment, together[0].at)
    return caplog.records


def test_a_change_is_said_once_with_its_observation(caplog: pytest.LogCaptureFixture) -> None:
    found = record([[up(0)], [up(1)], [pending(2)], [pending(3)], [up(4, n=1)]], caplog)
    assert [record.getMessage() for record in found] == [
        "[HEALTH-CHECK] a.service is healthy: active (active/running)",
        "[HEALTH-CHECK] a.service is crashed: ended (exit-code); systemd is going to restart it "
        "(activating/auto-restart)",
        "[HEALTH-CHECK] a.service is looping: active, but restarted once since the last look (active/running)",
    ]
    assert [record.levelno for record in found] == [logging.INFO, logging.WARNING, logging.WARNING]
    assert [getattr(record, FIELD) for record in found] == [to_line(up(0)), to_line(pending(2)), to_line(up(4, n=1))]


def test_checks_are_said_when_they_change(caplog: pytest.LogCaptureFixture) -> None:
    checks = [CheckObservation(at, "http", "a.service", outcome) for at, outcome in enumerate([Outcome.OK] * 3)]
    checks.append(CheckObservation(9, "http", "a.service", Outcome.FAIL, "refused"))
    observations: list[list[Observation]] = [[up(0)]]
    observations += [[check] for check in checks]
    found = record(observations, caplog)
    assert [record.getMessage() for record in found][1:] == [
        "[HEALTH-CHECK] a.service: check http: ok",
        "[HEALTH-CHECK] a.service: check http: fail, refused",
    ]


def test_what_is_recorded_of_a_cascade_replays_to_the_same(caplog: pytest.LogCaptureFixture) -> None:
    """The journal holds changes only; that must be enough."""
    settings = config("a", "b", "c")
    history: list[list[Observation]] = [
        [up(0, "a"), up(0, "b"), up(0, "c")],
        [stopping(10, "c")],
        [failed(11, "c")],
        [up(20, "c", invocation_id="2")],
        [failed(100, "a")],
        [failed(101, "b")],
        [failed(102, "c", invocation_id="2")],
    ]
    found = [observation_of(entry(**{FIELD: getattr(one, FIELD)})) for one in record(history, caplog)]
    recorded = [one for one in found if one is not None]
    whole = [observation for together in history for observation in together]
    assert [one.to_dict() for one in replay(recorded, settings)] == [one.to_dict() for one in replay(whole, settings)]


def test_two_configurations_over_one_history() -> None:
    story = looping_below_the_limit()
    history = list(parse(story.history()))
    act = load_text(DetectorConfig, story.config, "detector.toml", {})
    later = DetectorConfig(mode=Mode.ACT, watch=act.watch, thresholds=Thresholds(3, 5, 9))
    found = list(differences(replay(history, act), replay(history, later)))
    asked = [(side, line["at"]) for side, line in found if line.get("allowed")]
    assert asked == [("-", 190.002), ("+", 250.002), ("-", 490.002), ("+", 550.002)]
    assert not list(differences(replay(history, act), replay(history, act)))
