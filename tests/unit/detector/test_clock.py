"""The clock is set, or the host sleeps: ages, the ledger and what others read stay right."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from tests.unit.detector.make import config, failed, up

from standfast.detector.clockwork import ClockWatch, SteadyClock, latest_due, on_time
from standfast.detector.config import RestartSettings
from standfast.detector.limits import budget
from standfast.detector.mind import Mind
from standfast.detector.model import CheckObservation, ClockEvent, Outcome, RestartObservation, RunResult
from standfast.detector.shifting import shifted_observation

STARTED = RestartObservation(0.0, RunResult.STARTED)


def cascaded() -> Mind:
    """A mind that asked for a master restart at 10."""
    mind = Mind(config("a", "b", "c"))
    mind.take([up(0, unit) for unit in "abc"], 0.0, scheduled=True)
    turn = mind.take([failed(10, unit) for unit in "abc"], 10.0, scheduled=False)
    assert turn.step.decision is not None
    mind.ask(turn.step.decision, 10.0)
    return mind


@pytest.mark.parametrize("by_s", [3600.0, -3600.0])
def test_after_a_step_the_journals_news_is_of_the_run_that_was_asked_for(by_s: float) -> None:
    mind = cascaded()
    mind.clock_set(by_s, 0.0)
    now = 12.0 + by_s
    mind.take([replace(STARTED, at=now)], now, scheduled=False)
    assert [(run.at, run.result, run.automatic) for run in mind.state.runs] == [(10 + by_s, RunResult.STARTED, True)]
    left = budget(mind.state.runs, None, RestartSettings(), now)
    assert (left.used, left.gap_until) == (1, 310.0 + by_s)


def test_the_hours_of_a_sleep_count_for_the_ledger_and_not_for_what_was_seen() -> None:
    mind = cascaded()
    mind.take([CheckObservation(11, "port", "a.service", Outcome.OK)], 11.0, scheduled=False)
    since = mind.told.problems[0].since
    mind.clock_set(7200.0, 7200.0)
    assert budget(mind.state.runs, None, RestartSettings(), 7212.0).used == 0
    assert mind.state.units["a.service"].ended_at == 7210.0
    assert mind.state.checks["a.service", "port"].at == 7211.0
    assert mind.told.problems[0].since == since


def test_what_was_seen_just_before_is_shifted_and_what_the_journal_said_is_not() -> None:
    assert shifted_observation(up(5), 100.0).at == 105.0
    assert shifted_observation(STARTED, 100.0) is STARTED


def test_the_steady_clock_is_set_by_the_wall_clock_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, watch = SteadyClock(), ClockWatch()
    really = time.time
    monkeypatch.setattr(time, "time", lambda: really() + 3600)
    assert abs(clock.now() - really()) < 5
    assert watch.events() == [ClockEvent.STEP]
    assert clock.set_again() == pytest.approx(3600, abs=5)
    assert abs(clock.now() - time.time()) < 5
    assert watch.slept_s == pytest.approx(0, abs=1)
    assert watch.events() == []


@pytest.mark.parametrize(
    ("due", "now", "expected"),
    [
        (100, 90, 100),
        (100, 100.5, 100),
        (100, 129, 100),
        (100, 3711, 3700),
        (3700, 90, 70),
        (3700, 100, 70),
    ],
)
def test_looks_go_on_where_they_were_after_a_step(due: float, now: float, expected: float) -> None:
    assert latest_due(due, 30, now) == expected


def test_small_steps_come_to_something_that_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a step by less than ten seconds nobody is told, but the record stands beside others' lines."""
    clock, watch, really = SteadyClock(), ClockWatch(), time.time
    monkeypatch.setattr(time, "time", lambda: really() + 4)
    assert watch.events() == []
    assert clock.is_apart
    assert clock.set_again() == pytest.approx(4, abs=0.1)
    assert not clock.is_apart


@pytest.mark.parametrize(("late_s", "at"), [(0, 100), (0.9, 100), (20, 120), (-5, 95)])
def test_a_look_counts_as_made_when_it_was_due_unless_it_is_really_late(late_s: float, at: float) -> None:
    assert on_time(100, 100 + late_s) == at
