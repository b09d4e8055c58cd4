"""Predictions from observation to message: a problem of their own, in the level's reasons, and over by themselves."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.detector.make import config, failed, inactive, pending, up

from standfast.detector.announce import status_line
from standfast.detector.check_tables import HttpCheck
from standfast.detector.config import DetectorConfig, Watch
from standfast.detector.history import from_line, to_line
from standfast.detector.mind import Mind, Turn
from standfast.detector.model import CheckObservation, Level, Observation, Outcome
from standfast.detector.prediction.model import Figure, FigureObservation
from standfast.detector.prediction.settings import PredictionSettings
from standfast.detector.prediction.wording import size
from standfast.detector.recorder import Recorder
from standfast.detector.remembering import Remembered, to_plain
from standfast.detector.status import status
from standfast.events import Event, Kind, Severity

MIB = 2**20
HOUR = 3600
LEAKING_S = 4 * HOUR


class Day:
    """A mind that looks every 30 s, and everything it said of problems."""

    def __init__(self, settings: DetectorConfig | None = None) -> None:
        self.settings = settings or config("a", "b", "c")
        self.mind = Mind(self.settings)
        self.events: list[Event] = []
        self.now = 0.0
        self.turn = self.see(*(up(0, unit, invocation_id="run") for unit in "abc"))

    def see(self, *observations: Observation) -> Turn:
        self.turn = self.mind.take(observations, self.now, scheduled=True)
        self.events += [event for event in self.turn.events if event.kind is not Kind.LEVEL]
        return self.turn

    def leak(self, *units: str, until: float = LEAKING_S, per_hour: float = 50.0, start: float = 100.0) -> Day:
        """Let memory grow from now on, look by look."""
        begin = self.now
        while self.now < until:
            self.now += 30
            used = start + per_hour * (self.now - begin) / HOUR
            self.see(*(memory(self.now, unit, used) for unit in units))
        return self

    def told(self) -> list[tuple[Kind, str, str]]:
        told = (event for event in self.events if event.kind is not Kind.UPDATE)
        return [(event.kind, event.type, event.unit) for event in told]

    def updates(self) -> list[str]:
        return [event.message for event in self.events if event.kind is Kind.UPDATE]


def memory(at: float, unit: str, used: float, run: str = "run") -> FigureObservation:
    return FigureObservation(at, Figure.MEMORY, f"{unit}.service", used * MIB, 512 * MIB, run)


BEGUN = (Kind.PROBLEM, "MEMORY_RUNNING_OUT", "a.service")
OVER = (Kind.RESOLVED, "MEMORY_RUNNING_OUT", "a.service")


def test_a_leak_is_a_warning_with_its_basis() -> None:
    day = Day().leak("a")
    assert day.turn.step.assessment.level is Level.WARNING
    assert day.turn.step.decision is None
    (event,) = day.events
    assert (event.kind, event.type, event.unit, event.severity) == (*BEGUN, Severity.WARNING)
    assert event.message == (
        "Foreseen: memory of a.service grows 50 MiB/h over the last 2.8 h; reaches MemoryMax 512 MiB at about 08:17 UTC"
    )
    assert "a.service" in event.action
    assert day.turn.step.assessment.reasons == (
        "memory of a.service grows 50 MiB/h over the last 3 h; reaches MemoryMax 512 MiB at about 08:17 UTC",
    )
    assert status_line(day.turn.step).startswith("WARNING: memory of a.service grows 50 MiB/h")


def test_it_stands_in_the_status() -> None:
    day = Day().leak("a")
    (shown,) = json.loads(json.dumps(status(day.turn.step, day.settings, day.now)))["predictions"]
    assert (shown["type"], shown["unit"], shown["figure"]) == ("MEMORY_RUNNING_OUT", "a.service", "memory")
    assert shown["message"] in day.turn.step.assessment.reasons
    assert shown["since"] < shown["ends_at"]


@pytest.mark.parametrize("how", ["restarted", "stopped", "failed"])
def test_it_is_over_with_the_run_it_was_of(how: str) -> None:
    day = Day().leak("a")
    day.now += 30
    if how == "restarted":
        day.see(up(day.now, "a", invocation_id="another"), memory(day.now, "a", 20, "another"))
    elif how == "stopped":
        day.see(inactive(day.now, "a", invocation_id="run", job="stop"))
    else:
        day.see(failed(day.now, "a", invocation_id="run"))
    assert day.told()[:2] == [BEGUN, OVER]
    assert "superseded_by" not in day.events[1].data
    why = {
        "restarted": "it was restarted by its operator at 04:00",
        "stopped": "the unit is down: being stopped by its operator",
        "failed": "the unit fails now; ",
    }
    assert f"MEMORY_RUNNING_OUT of a.service is over after 1 h 9 min: {why[how]}" in day.events[1].message


@pytest.mark.parametrize("is_seen", [True, False])
def test_one_that_came_true_says_so(is_seen: bool) -> None:
    day = Day()
    for seen in (pending(1, "a", invocation_id="first", result="oom-kill"), up(2, "a", invocation_id="run")):
        day.mind.take([seen], seen.at, scheduled=False)
    day.leak("a")
    day.now += 30
    if is_seen:
        day.mind.take([pending(day.now, "a", invocation_id="run", result="oom-kill")], day.now, scheduled=False)
    day.see(up(day.now, "a", n=1, invocation_id="another"), memory(day.now, "a", 20, "another"))
    (over,) = (event for event in day.events if event.kind is Kind.RESOLVED)
    cause = "it came true: the kernel killed it for its memory" if is_seen else "its process ended"
    assert f": {cause}, and systemd restarted it at 04:0" in over.message
    assert over.message.endswith("it is watched anew from there")


def test_each_run_begins_its_series_anew() -> None:
    day = Day().leak("a", until=2 * HOUR)
    day.see(up(day.now, "a", invocation_id="another"))
    for _ in range(30):
        day.now += 30
        day.see(memory(day.now, "a", 400 + day.now / 1000, "another"))
    assert day.events == []


def test_it_is_over_when_the_growth_is() -> None:
    day = Day().leak("a").leak("a", until=9 * HOUR, per_hour=0.0, start=300.0)
    assert day.told() == [BEGUN, OVER]
    assert day.events[-1].message.endswith(": its memory rises no more towards its limit")
    assert 1 <= len(day.updates()) <= 4, "that it comes later and later is said, not at each sample"
    assert "MEMORY_RUNNING_OUT goes on. Foreseen: memory of a.service grows" in day.updates()[0]
    assert day.turn.step.assessment.level is Level.NONE


def test_it_is_over_when_nothing_is_known_of_it_any_more() -> None:
    day = Day().leak("a").leak(until=9 * HOUR)
    assert day.told() == [BEGUN, OVER]


def test_what_fails_neither_hides_nor_ends_it() -> None:
    day = Day().leak("a")
    day.now += 30
    turn = day.see(failed(day.now, "b"))
    assert turn.step.assessment.level is Level.WARNING
    assert day.told() == [BEGUN, (Kind.PROBLEM, "UNIT_FAILING", "b.service")]
    day.now += 30
    turn = day.see(failed(day.now, "c"), memory(day.now, "a", 301))
    assert turn.step.assessment.level is Level.CRITICAL
    assert OVER not in day.told()


def test_three_predictions_are_no_cascade() -> None:
    day = Day().leak("a", "b", "c", until=8 * HOUR)
    assert day.turn.step.assessment.level is Level.WARNING
    assert day.turn.step.decision is None
    assert [kind for kind, *_ in day.told()] == [Kind.PROBLEM] * 3


@pytest.mark.parametrize("settings", [PredictionSettings(enabled=False), PredictionSettings(figures=(Figure.DISK,))])
def test_switched_off(settings: PredictionSettings) -> None:
    day = Day(replace(config("a", "b", "c"), prediction=settings)).leak("a")
    assert day.events == []


def test_switching_it_off_ends_what_was_told() -> None:
    day = Day().leak("a")
    day.mind.reconfigure(replace(day.settings, prediction=PredictionSettings(enabled=False)))
    day.now += 30
    day.see()
    assert day.told() == [BEGUN, OVER]


def test_it_outlives_the_detectors_own_restart_and_is_not_told_again() -> None:
    day = Day().leak("a")
    plain = json.loads(json.dumps(to_plain(day.mind.state, day.mind.told, "boot", day.now)))
    after = Day()
    after.events, after.now = [], day.now + 20
    after.mind = Mind(after.settings)
    after.mind.recall((), None, Remembered(plain, "boot", after.now))
    after.see(*(up(after.now, unit, invocation_id="run") for unit in "abc"))
    assert list(after.mind.state.predictions.values()) == list(day.mind.state.predictions.values())
    after.leak("a", until=7 * HOUR, start=300.0)
    assert after.events == []
    assert after.turn.step.assessment.level is Level.WARNING


def test_what_another_version_remembered_is_passed_over() -> None:
    plain = to_plain(Mind(config()).state, Mind(config()).told, "boot", 0.0)
    odd: Iterable[Any] = [{"figure": "of tomorrow", "of": "x"}, {"of": "x"}, {"figure": "disk", "of": "/", "new": 1}]
    mind = Mind(config())
    mind.recall((), None, Remembered({**plain, "predictions": list(odd)}, "boot", 1.0))
    assert mind.state.predictions == {}


def test_a_step_of_the_clock_leaves_it_as_it_is() -> None:
    day = Day().leak("a")
    words = day.turn.step.assessment.reasons
    day.mind.clock_set(7200.0, 0.0)
    day.now += 7200.0
    assert day.see().step.assessment.reasons == (words[0].replace("08:17", "10:17"),)


@pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.UNKNOWN])
def test_a_certificate_that_expires(outcome: Outcome) -> None:
    check = HttpCheck(url="https://127.0.0.1/", name="web", tls_warn_days=14)
    day = Day(replace(config("b", "c"), watch=(Watch("a.service", check=(check,)), *config("b", "c").watch)))
    expires_at = 14 * 86400 + 100
    day.see(CheckObservation(0, "web", "a.service", Outcome.OK, "", expires_at))
    assert day.events == []
    day.now = 120.0
    day.see()
    assert day.told() == [(Kind.PROBLEM, "CERTIFICATE_EXPIRING", "a.service")]
    assert day.events[0].message == "Foreseen: the certificate of web (a.service) expires on 1970-01-15"
    day.see(CheckObservation(130, "web", "a.service", outcome))  # a look that saw none
    assert len(day.events) == 1
    day.now = expires_at + 60.0
    assert "the certificate of web (a.service) expired on 1970-01-15" in str(day.see().step.assessment.reasons)
    day.see(CheckObservation(day.now, "web", "a.service", Outcome.OK, "", expires_at + 90 * 86400))
    assert day.told()[-1] == (Kind.RESOLVED, "CERTIFICATE_EXPIRING", "a.service")


def certified() -> Day:
    """A day on which the certificate of a expires soon, and that was told."""
    check = HttpCheck(url="https://127.0.0.1/", name="web")
    day = Day(replace(config("b", "c"), watch=(Watch("a.service", check=(check,)), *config("b", "c").watch)))
    day.see(CheckObservation(0, "web", "a.service", Outcome.OK, "", 86400.0))
    assert day.told() == [(Kind.PROBLEM, "CERTIFICATE_EXPIRING", "a.service")]
    return day


def test_a_restart_renews_no_certificate() -> None:
    day = certified()
    day.see(inactive(0, "a", invocation_id="run", job="stop"))
    day.see(up(1, "a", invocation_id="another"))
    assert len(day.events) == 1


def test_a_check_that_is_wanted_no_more_foresees_nothing() -> None:
    day = certified()
    day.mind.reconfigure(config("a", "b", "c"))
    day.see()
    assert day.told()[-1] == (Kind.RESOLVED, "CERTIFICATE_EXPIRING", "a.service")


def test_a_restart_of_the_detector_forgets_no_certificate_of_a_check_that_fails() -> None:
    day = certified()
    day.see(CheckObservation(10, "web", "a.service", Outcome.FAIL, "status 500"))
    kept = json.loads(json.dumps(to_plain(day.mind.state, day.mind.told, "boot", 10.0)))
    again = Mind(day.mind.engine.config)
    again.recall((), None, Remembered(kept, "boot", 20.0))
    for at in (20.0, 50.0, 80.0):
        check = CheckObservation(at, "web", "a.service", Outcome.FAIL, "refused")
        again.take([*(up(at, unit) for unit in "abc"), check], at, scheduled=True)
    assert [one.type for one in again.told.problems] == ["CERTIFICATE_EXPIRING"]


def test_restarts_that_rise_are_told_until_they_calm_down_or_somebody_stops_the_unit() -> None:
    day = Day()
    day.now, restarts = 2.5 * HOUR, 0
    for _ in range(6):
        restarts += 1
        day.see(up(day.now, "a", n=restarts, invocation_id=f"run {restarts}"))
        day.now += 300
        day.see()
        day.now += 300
    assert day.told() == [(Kind.PROBLEM, "RESTARTS_RISING", "a.service")]
    assert "restarted by systemd 4 times within 60 min, not at all within the 60 min before" in day.events[0].message
    kept = json.loads(json.dumps(to_plain(day.mind.state, day.mind.told, "boot", day.now)))
    again = Mind(day.mind.engine.config)
    again.recall((), None, Remembered(kept, "boot", day.now + 10))
    seen = up(day.now + 10, "a", n=restarts + 1, invocation_id="run")
    turn = again.take([seen, *(up(day.now + 10, unit) for unit in "bc")], day.now + 10, scheduled=True)
    assert "restarted by systemd 6 times within 60 min, once" in turn.step.assessment.reasons[0], "it counts on"
    turn = again.take([], day.now + HOUR + 20, scheduled=True)
    assert [(event.kind, event.type) for event in turn.events][-1:] == [(Kind.RESOLVED, "RESTARTS_RISING")]
    day.see(failed(day.now, "a", n=restarts))  # as every crash looks for a moment
    assert (Kind.RESOLVED, "RESTARTS_RISING", "a.service") not in day.told()
    day.see(up(day.now, "a", n=restarts))
    day.see(inactive(day.now, "a", n=restarts, job="stop"))
    assert (Kind.RESOLVED, "RESTARTS_RISING", "a.service") in day.told()


def test_a_disk_is_told_as_the_unit_that_mounts_it() -> None:
    day = Day()
    while day.now < 4 * HOUR:
        day.now += 30
        used = (40 + 5 * day.now / HOUR) * 1024 * MIB
        day.see(FigureObservation(day.now, Figure.DISK, "/srv/data", used, 100 * 1024 * MIB))
    (event,) = day.events
    assert (event.type, event.unit) == ("DISK_FILLING", "srv-data.mount")
    assert "the disk at /srv/data fills by 5 GiB/h" in event.message
    assert "its 100 GiB are full at about 12:03 UTC" in event.message
    while day.now < 15 * HOUR:
        day.now += 60
        used = min(40 + 5 * day.now / HOUR, 99.9) * 1024 * MIB
        day.see(FigureObservation(day.now, Figure.DISK, "/srv/data", used, 100 * 1024 * MIB))
    _, update, over = day.events
    assert "its 100 GiB are as good as full" in update.message
    assert str(update.data["words"]).startswith("Foreseen: the disk at /srv/data")
    assert over.message.endswith("it was as good as full, and fills no more; df -h says whether there is room again")


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 bytes"), (2048, "2 KiB"), (12.34 * MIB, "12 MiB"), (1.26 * 2**30, "1.3 GiB")]
)
def test_sizes(count: float, words: str) -> None:
    assert size(count) == words


@pytest.mark.parametrize("value", ["NaN", "Infinity", '"x"', "null"])
def test_a_figure_that_is_no_number_is_refused(value: str) -> None:
    line = f'{{"at":1,"kind":"figure","figure":"memory","of":"a.service","value":{value},"limit":2}}'
    with pytest.raises((ValueError, TypeError)):
        from_line(line)


def test_figures_are_recorded_when_they_have_moved_and_replay_as_they_were(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    day, recorder = Day(), Recorder()
    seen = [memory(0, "a", 100), memory(180, "a", 107), memory(360, "a", 125), memory(540, "a", 125, "another")]
    recorder.record(seen, day.turn.step.assessment, 0)
    assert [record.getMessage() for record in caplog.records] == [
        "[HEALTH-CHECK] memory of a.service: 100 MiB used of 512 MiB",
        "[HEALTH-CHECK] memory of a.service: 125 MiB used of 512 MiB",
        "[HEALTH-CHECK] memory of a.service: 125 MiB used of 512 MiB",
    ]
    assert [from_line(to_line(one)) for one in seen] == seen
