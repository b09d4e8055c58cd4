"""What the detector says in the journal is enough to replay it; and two configurations told apart over one history."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.scenarios.cascades import looping_below_the_limit
from tests.unit.detector.make import Watcher, config, failed, inactive, pending, starting, stopping, up

from standfast.config import load_text
from standfast.detector.check_tables import TcpCheck
from standfast.detector.config import DetectorConfig, Mode, Thresholds, Watch
from standfast.detector.history import parse, to_line
from standfast.detector.model import (
    CheckObservation,
    ClockEvent,
    ClockObservation,
    Ending,
    EndObservation,
    FileObservation,
    Level,
    Observation,
    Outcome,
    ReleaseObservation,
    RestartObservation,
    RunResult,
)
from standfast.detector.recorded import FIELD, LONGEST_READ, _observations, observations_of
from standfast.detector.recorder import Recorder
from standfast.detector.repetition import SAID_BETWEEN_LOOKS
from standfast.detector.replay import LevelChange, differences, replay

DETECTOR = "standfast-detector.service"


def entry(at: float = 5, /, **fields: Any) -> dict[str, Any]:
    return {"__REALTIME_TIMESTAMP": datetime.fromtimestamp(at, UTC), "_SYSTEMD_UNIT": DETECTOR, **fields}


def test_an_entry_of_the_detector_holds_its_observation() -> None:
    assert [*observations_of(entry(**{FIELD: f"{to_line(up(3))}\n{to_line(up(4))}"}))] == [up(3), up(4)]


def test_only_the_detector_is_believed() -> None:
    assert not [*observations_of(entry(**{FIELD: to_line(up(3)), "_SYSTEMD_UNIT": "evil.service"}))]


def on_record(caplog: pytest.LogCaptureFixture) -> list[Observation]:
    """What is in the journal's entries, in the order of its times."""
    entries = [entry(**{FIELD: getattr(one, FIELD)}) for one in caplog.records if hasattr(one, FIELD)]
    return sorted((one for found in entries for one in observations_of(found)), key=lambda one: one.at)


class Reader:
    """The journal's reader over entries of a test's own."""

    def __init__(self, *entries: dict[str, Any]) -> None:
        self._entries = [*entries]

    def get_next(self) -> dict[str, Any]:
        return self._entries.pop(0) if self._entries else {}


def test_of_master_restarts_the_detector_says_itself_when_it_heard() -> None:
    """Before its life nobody heard: there the entries of the master restart itself must do."""
    run: dict[str, Any] = {
        "STANDFAST": "1",
        "STANDFAST_EVENT": "restart",
        "STANDFAST_TYPE": "MASTER_RESTART_STARTED",
        "STANDFAST_UNIT": "standfast-master-restart.service",
        "_UID": 0,
        "_SYSTEMD_UNIT": "standfast-master-restart.service",
    }
    heard = RestartObservation(55.3, RunResult.STARTED, "x")
    found = _observations(
        Reader(
            entry(5, **run),
            entry(6, **{FIELD: to_line(up(6))}),
            entry(55, **run),
            entry(55.3, **{FIELD: to_line(heard)}),
            entry(70, **{FIELD: to_line(up(70))}),
        ),
        began=50,
        until=60,
    )
    assert list(found) == [RestartObservation(5, RunResult.STARTED), heard]


def test_news_of_the_ledger_is_on_record_as_of_when_it_was_heard(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    recorder = Recorder()
    step = Watcher(config("a")).see(up(0), scheduled=True)
    recorder.record([RestartObservation(99.6, RunResult.STARTED, "x")], step.assessment, 100)
    recorder.record([RestartObservation(99.6, RunResult.STARTED, "x")], step.assessment, 101)
    recorder.record([ReleaseObservation(110)], step.assessment, 110.4)
    recorder.record([RestartObservation(20, RunResult.SUCCESS, "y")], step.assessment, 120)
    recorder.tell_kept()
    assert on_record(caplog) == [
        RestartObservation(20, RunResult.SUCCESS, "y"),
        RestartObservation(100, RunResult.STARTED, "x"),
        ReleaseObservation(110.4),
    ]


def test_what_is_needed_and_each_run_of_a_unit_are_on_record(caplog: pytest.LogCaptureFixture) -> None:
    found = record([[up(0), up(0, "db")], [up(1, invocation_id="2")], [up(2, "db")], [failed(3, "db")]], caplog)
    assert on_record(caplog) == [up(0), up(0, "db"), up(1, invocation_id="2"), failed(3, "db")]
    assert [one.getMessage() for one in found[1:]] == [
        "[HEALTH-CHECK] db.service is active",
        "[HEALTH-CHECK] db.service is failed",
        "[HEALTH-CHECK] changed since the last look: a.service (1 change: another run of it; now healthy)",
    ]


def test_the_end_of_a_transient_unit_is_on_record(caplog: pytest.LogCaptureFixture) -> None:
    watcher = Watcher(DetectorConfig(watch=(Watch("run-*.service"),)))
    recorder = Recorder()
    caplog.set_level(logging.INFO)
    for seen in (up(0, "run-1"), inactive(9, "run-1", load_state="not-found"), up(20, "run-1")):
        recorder.record([seen], watcher.see(seen).assessment, seen.at)
    assert [one.getMessage().split(" is ")[1] for one in caplog.records] == [
        "healthy: active",
        "gone",
        "healthy: active",
    ]
    assert recorder._units.keys() == {"run-1.service"}


def test_what_is_judged_together_has_one_time_on_record(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    step = Watcher(config("a", "b")).see(up(9.9), up(9.95, "b"), scheduled=True)
    Recorder().record([up(9.9), up(9.95, "b", since=2)], step.assessment, 10)
    assert [getattr(one, FIELD) for one in caplog.records] == [
        to_line(up(10, since=9.9)),
        to_line(up(10, "b", since=2)),
    ]


@pytest.mark.parametrize("line", ["{", "[]", '{"at":1,"kind":"of tomorrow"}', '{"at":1,"kind":"unit"}'])
def test_what_another_version_wrote_is_passed_over(line: str, caplog: pytest.LogCaptureFixture) -> None:
    assert not [*observations_of(entry(**{FIELD: line}))]
    assert "does not understand" in caplog.text


def record(observations: Iterable[Sequence[Observation]], caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    watcher = Watcher(config("a", "b", "c"))
    recorder = Recorder()
    caplog.set_level(logging.INFO)
    for number, together in enumerate(observations):
        step = watcher.see(*together, scheduled=number == 0)
        recorder.record(together, step.assessment, together[0].at)
    recorder.tell_kept()
    return caplog.records


def test_a_change_is_said_once_with_its_observation(caplog: pytest.LogCaptureFixture) -> None:
    found = record([[up(0)], [up(1)], [pending(2)], [pending(3)], [failed(4, n=1)], [failed(5, n=1)]], caplog)
    assert [record.getMessage() for record in found] == [
        "[HEALTH-CHECK] a.service is healthy: active",
        "[STATE] a.service is crashed: ended (exit-code); systemd is going to restart it",
        "[STATE] a.service is given up: it ended (exit-code), and no restart is pending",
    ]
    assert [record.levelno for record in found] == [logging.INFO, logging.WARNING, logging.WARNING]
    assert on_record(caplog) == [up(0), pending(2), failed(4, n=1)]


def test_a_start_that_fails_of_what_was_given_up_is_nothing_new(caplog: pytest.LogCaptureFixture) -> None:
    way = [[failed(1)], [failed(2)], [starting(3)], [failed(3.1, job="start")], [failed(3.2)], [failed(3.3)]]
    found = record([[up(0)], *way], caplog)
    assert [record.getMessage().partition(": it ")[0].partition(" (")[0] for record in found[1:]] == [
        "[STATE] a.service is given up",
        "[HEALTH-CHECK] changed since the last look: a.service",
    ]


def test_a_restart_by_its_operator_is_a_part_of_one_line_at_the_look(caplog: pytest.LogCaptureFixture) -> None:
    way = [up(0)], [stopping(1, job="restart")], [inactive(1.1, job="restart")], [starting(1.2)]
    found = record([*way, [up(1.3, invocation_id="2")]], caplog)
    assert [record.getMessage() for record in found[1:]] == [
        "[HEALTH-CHECK] changed since the last look: a.service (4 changes: settling; now healthy)"
    ]
    assert len(on_record(caplog)) == 5, "a replay knows each step"


def test_a_reload_means_nothing_new(caplog: pytest.LogCaptureFixture) -> None:
    found = record([[up(0)], [up(1, active_state="reloading")], [up(2)]], caplog)
    assert len(found) == 1


def test_a_unit_that_is_stopped_and_started_all_the_time_is_a_few_lines(caplog: pytest.LogCaptureFixture) -> None:
    stop = [[inactive(at, ended_by=Ending.JOB), up(at + 0.5)] for at in range(1, 29)]
    found = record([[up(0)], *([one] for pair in stop for one in pair)], caplog)
    assert len(found) == 1 + SAID_BETWEEN_LOOKS
    assert len(on_record(caplog)) == 1 + 2 * 28


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
    record(history, caplog)
    recorded = on_record(caplog)
    whole = [observation for together in history for observation in together]
    assert [one.to_dict() for one in replay(recorded, settings)] == [one.to_dict() for one in replay(whole, settings)]


def live(settings: DetectorConfig, seen: list[Observation], end: int) -> list[tuple[float, Level]]:
    """When which level was entered, with a look each 30 s; what is seen is recorded as the detector does."""
    watcher, recorder, found = Watcher(settings), Recorder(), [(0.0, Level.NONE)]
    turns: dict[float, list[Observation]] = {float(at): [] for at in range(0, end, 30)}
    for one in seen:
        turns.setdefault(one.at, []).append(one)
    for at in sorted(turns):
        watcher.now = at
        step = watcher.see(*turns[at], scheduled=at % 30 == 0)
        recorder.record(turns[at], step.assessment, at, scheduled=at % 30 == 0)
        if step.assessment.level is not found[-1][1]:
            found.append((at, step.assessment.level))
    return found[1:]


PORT = TcpCheck(port=8001, interval_s=10)


@pytest.mark.parametrize(
    ("settings", "seen"),
    [
        (config("a", critical_files=("/f",)), [FileObservation(at, "/f", at < 60) for at in range(7, 400, 30)]),
        (
            DetectorConfig(watch=(Watch("a.service", check=(PORT,)),)),
            [
                CheckObservation(at, PORT.label, "a.service", Outcome.OK if at < 60 else Outcome.FAIL)
                for at in range(4, 400, 10)
            ],
        ),
        (config("a", "b"), [pending(at, "a") for at in (101, 111, 122, 133, 144, 165, 199)]),
    ],
    ids=["file", "check", "a unit that is looked at again, as after a reload"],
)
def test_what_is_seen_again_as_it_was_counts_when_it_does_in_a_replay(
    settings: DetectorConfig, seen: list[Observation], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    lived = live(settings, [up(0), up(0, "b"), *seen], 400)
    again = replay([*on_record(caplog), EndObservation(400)], settings)
    assert [(one.at, one.level) for one in again if isinstance(one, LevelChange)] == lived
    assert lived


def looping(end: int) -> list[Observation]:
    """A unit that crashes twice a second until somebody mends it."""
    found: list[Observation] = [up(0)]
    for n in range(1, 2 * end - 120):
        at = 1 + n / 2
        found += [pending(at, n=n - 1), starting(at + 0.1, n=n), up(at + 0.2, n=n)]
    return [*found, *(up(at, n=n) for at in (end - 40, end - 10))]  # each look reads some units that did not change


def test_a_crash_loop_is_a_line_a_look_and_replays_to_the_same(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    lived = live(config("a"), looping(400), 430)
    lines = [one.getMessage() for one in caplog.records]
    kept = [line for line in lines if "changed since the last look" in line]
    assert len(kept) == 13
    assert len(lines) == len(kept) + 3, "that it is well, its first crash, that it is well again"
    changed = "a.service (180 changes: crashed, settling; now looping)"
    assert kept[1] == f"[HEALTH-CHECK] changed since the last look: {changed}"
    assert lines[-1] == "[HEALTH-CHECK] a.service is healthy: active"
    again = replay([*on_record(caplog), EndObservation(400)], config("a"))
    assert [(one.at, one.level) for one in again if isinstance(one, LevelChange)] == lived
    assert [level for _, level in lived] == [Level.WARNING, Level.NONE]


def test_what_ends_a_crash_loop_is_said_at_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    end: list[Observation] = [stopping(380, n=637), inactive(381, n=637, ended_by=Ending.JOB)]
    live(config("a"), [inactive(0, ended_by=Ending.JOB), *looping(440)[1:-2], *end], 450)
    said = [one.getMessage() for one in caplog.records]
    assert "[HEALTH-CHECK] a.service is stopped: stopped by its operator" in said[-4:]


def test_what_is_kept_is_no_more_than_a_reader_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    recorder = Recorder()
    watcher = Watcher(config("a"))
    for one in looping(300):
        recorder.record([one], watcher.see(one).assessment, one.at)
    recorder.tell_kept()
    held = [getattr(one, FIELD) for one in caplog.records]
    assert max(map(len, held)) < LONGEST_READ
    assert sum(len(field.splitlines()) for field in held) == len(looping(300)[:-2]), "all that changed"


def test_the_host_that_is_up_for_long_did_not_boot_just_now(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    step = Watcher(config("a")).see(up(0), scheduled=True)
    for at in (1010.0, 90000.0):
        Recorder().record([ClockObservation(1000, ClockEvent.BOOT)], step.assessment, at)
    assert [one.getMessage() for one in caplog.records] == [
        "[HEALTH-CHECK] the host booted",
        "[HEALTH-CHECK] the host has been up since 1970-01-01T00:16:40.000+00:00",
    ]
    assert len({getattr(one, FIELD) for one in caplog.records}) == 1


def test_two_configurations_over_one_history() -> None:
    story = looping_below_the_limit()
    history = list(parse(story.history()))
    act = load_text(DetectorConfig, story.config, "detector.toml", {})
    later = DetectorConfig(mode=Mode.ACT, watch=act.watch, thresholds=Thresholds(3, 5, 9))
    found = list(differences(replay(history, act), replay(history, later)))
    asked = [(side, line["at"]) for side, line in found if line.get("allowed")]
    assert asked == [("-", 190.002), ("+", 250.002), ("-", 490.002), ("+", 550.002)]
    assert not list(differences(replay(history, act), replay(history, act)))
