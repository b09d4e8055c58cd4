"""Failures in a row: counted per look, never per signal."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.detector.make import JOB, Watcher, config, failed, inactive, pending, starting, stopping, up

from standfast.detector.check_tables import TcpCheck
from standfast.detector.config import DetectorConfig, ThresholdOverrides, Watch
from standfast.detector.model import (
    CheckObservation,
    ClockEvent,
    ClockObservation,
    FileObservation,
    Level,
    ManagerObservation,
    Outcome,
)
from standfast.detector.start_limit import StartLimit


def test_twenty_signals_between_two_looks_are_one_failure() -> None:
    watcher = Watcher(config("a"))
    watcher.see(up(0), scheduled=True)
    for number in range(20):
        watcher.see(pending(1 + number, n=number))
        watcher.see(up(1.5 + number, n=number + 1))
    assert watcher.failures() == 1


def test_a_failure_seen_early_is_the_next_looks_failure() -> None:
    watcher = Watcher(config("a"))
    watcher.see(up(0), scheduled=True)
    watcher.see(pending(5))
    assert watcher.failures() == 1
    watcher.look()
    assert watcher.failures() == 1
    watcher.look()
    assert watcher.failures() == 2


def test_given_up_needs_no_counting() -> None:
    watcher = Watcher(config("a"))
    watcher.see(up(0), scheduled=True)
    watcher.see(failed(5))
    assert watcher.failures() == 7


def test_given_up_counts_to_the_units_own_threshold() -> None:
    watch = Watch("a.service", thresholds=ThresholdOverrides(cascading=12))
    watcher = Watcher(replace(config(), watch=(watch,)))
    watcher.see(up(0), scheduled=True)
    watcher.see(failed(5))
    assert watcher.failures() == 12


def test_starting_and_unknown_neither_add_nor_reset() -> None:
    watcher = Watcher(config("a"))
    watcher.see(up(0), scheduled=True)
    watcher.see(pending(5))
    watcher.look()
    watcher.see(starting(40))
    watcher.look()
    assert watcher.failures() == 1
    watcher.see(replace(up(70), active_state=""))
    watcher.look()
    assert watcher.failures() == 1


def test_well_again_resets() -> None:
    watcher = Watcher(config("a"))
    watcher.see(up(0), scheduled=True)
    watcher.see(failed(5))
    watcher.see(up(9))
    assert watcher.failures() == 0


def test_stopped_by_its_operator_resets() -> None:
    watcher = Watcher(config("a"))
    watcher.see(up(0), scheduled=True)
    watcher.see(pending(5))
    watcher.see(inactive(6, job="stop"))
    assert watcher.failures() == 0


def test_a_restart_in_every_interval_adds_up_though_each_look_finds_it_active() -> None:
    watcher = Watcher(config("a"))
    watcher.see(up(0), scheduled=True)
    for number in range(1, 6):
        watcher.now = 30.0 * number
        watcher.see(up(30.0 * number, n=number), scheduled=True)
    assert watcher.failures() == 5


def test_what_a_looping_unit_says_between_its_crashes_clears_nothing() -> None:
    """A unit that updates its status text is looked at each time."""
    watcher = Watcher(config("a"))
    watcher.see(up(0), scheduled=True)
    for number in range(1, 6):
        watcher.see(pending(30.0 * number - 10, n=number - 1))
        watcher.see(up(30.0 * number - 9, n=number))
        watcher.see(up(30.0 * number, n=number), scheduled=True)
        watcher.see(up(30.0 * number + 5, n=number, sub_state="running"))
    assert watcher.failures() == 5


def test_a_unit_that_is_up_at_the_look_that_counts_it_is_called_by_how_it_fails() -> None:
    """Whoever is woken up reads what is wrong, not that the unit happened to be up at that moment."""
    watcher = Watcher(config("a"))
    watcher.see(up(0), scheduled=True)
    watcher.see(pending(25))
    watcher.see(up(26, n=1))
    watcher.see(up(30, n=1), scheduled=True)
    step = watcher.see(up(35, n=1, invocation_id="another"))
    assert str(step.assessment.health["a.service"]) == "a.service (looping; up when last seen)"
    watcher.see(up(70, n=1), scheduled=True)
    assert watcher.look().assessment.health["a.service"].failing_as == ""


def test_one_restart_is_over_at_the_look_after_next() -> None:
    watcher = Watcher(config("a"))
    watcher.see(up(0), scheduled=True)
    watcher.see(up(5, n=1))
    watcher.look()
    assert watcher.failures() == 1
    watcher.look()
    assert watcher.failures() == 0


def test_taken_along_by_one_that_is_lost_counts_at_once() -> None:
    watcher = Watcher(config("a", "b"))
    watcher.see(up(0, "b"), up(0, needs="b"), scheduled=True)
    watcher.see(failed(5, "b"), stopping(5), inactive(5, needs="b", ended_by="job"))
    assert watcher.failures() == 7


@pytest.mark.parametrize("is_killed_too", [True, False])
def test_a_chain_of_which_the_first_is_lost_counts_at_once(is_killed_too: bool) -> None:
    watcher = Watcher(config("a", "b", "c"))
    watcher.see(up(0, "c"), up(0, "b", needs="c"), up(0, needs="b"), scheduled=True)
    if is_killed_too:
        watcher.see(pending(5, "c"), pending(5, "b", needs="c"), pending(5, needs="b"))
    watcher.see(failed(6, "c"), inactive(6, "b", needs="c"), inactive(6, needs="b"))
    assert [watcher.failures(unit) for unit in "cba"] == [7, 7, 7]


def test_what_needs_a_unit_whose_start_systemd_refuses_is_lost_with_it() -> None:
    watcher = Watcher(config("a", "b"))
    watcher.see(up(0, "b"), up(0, needs="b"), scheduled=True)
    watcher.see(pending(5, "b"), inactive(5, needs="b", ended_by=JOB))
    watcher.see(failed(7, "b", job="", start_limit=StartLimit(5, 10.0)))
    assert (watcher.failures("b"), watcher.failures("a")) == (7, 7)


def test_a_chain_counts_at_once_when_the_first_is_lost_after_the_others_went_down() -> None:
    watcher = Watcher(config("a", "b", "c"))
    watcher.see(up(0, "c"), up(0, "b", needs="c"), up(0, needs="b"), scheduled=True)
    watcher.see(pending(5, "c"), inactive(5, "b", needs="c", ended_by=JOB), inactive(5, needs="b", ended_by=JOB))
    assert [watcher.failures(unit) for unit in "cba"] == [1, 1, 1]
    watcher.see(failed(8, "c", n=5))
    assert watcher.failures("c") == watcher.failures("b") == watcher.failures("a") == 7


def test_taken_along_by_one_that_comes_back_counts_by_looks() -> None:
    watcher = Watcher(config("a", "b"))
    watcher.see(up(0, "b"), up(0, needs="b"), scheduled=True)
    watcher.see(pending(5, "b"), inactive(5, needs="b", ended_by="job"))
    watcher.see(up(6, "b", n=1))
    assert watcher.failures() == 1


def test_nothing_is_counted_after_a_clock_event_until_its_grace_is_over() -> None:
    watcher = Watcher(config("a", clock_grace_s=60.0))
    watcher.see(up(0), scheduled=True)
    watcher.see(ClockObservation(1, ClockEvent.RESUME))
    watcher.see(failed(2))
    assert watcher.failures() == 0
    watcher.now = 61.5
    watcher.look()
    assert watcher.failures() == 7


def test_nothing_is_counted_during_shutdown_or_while_systemd_is_silent() -> None:
    for observation in (ClockObservation(1, ClockEvent.SHUTDOWN), ManagerObservation(1, False)):
        watcher = Watcher(config("a"))
        watcher.see(up(0), scheduled=True)
        watcher.see(observation)
        watcher.see(failed(2))
        assert watcher.failures() == 0


def test_a_check_that_runs_seldom_counts_once_per_run() -> None:
    check = TcpCheck(port=1, interval_s=300)
    watcher = Watcher(replace(config(), watch=(Watch("a.service", check=(check,)),)))
    watcher.see(up(0), scheduled=True)
    watcher.see(CheckObservation(60, check.label, "a.service", Outcome.FAIL))
    watcher.look(9)  # 60 .. 300
    assert watcher.failures() == 1
    watcher.look(3)
    assert watcher.failures() == 2


def test_a_quick_check_beside_it_does_not_make_a_seldom_one_count_more_often() -> None:
    quick, seldom = TcpCheck(port=1, interval_s=30), TcpCheck(port=2, interval_s=600)
    watcher = Watcher(replace(config(), watch=(Watch("a.service", check=(quick, seldom)),)))
    watcher.see(up(0), scheduled=True)
    watcher.see(
        CheckObservation(60, quick.label, "a.service", Outcome.OK),
        CheckObservation(60, seldom.label, "a.service", Outcome.FAIL),
    )
    watcher.look(10)  # 60 .. 330
    assert watcher.failures() == 1


def test_what_a_check_said_of_the_run_before_is_not_counted() -> None:
    check = TcpCheck(port=1, interval_s=30)
    watcher = Watcher(replace(config(), watch=(Watch("a.service", check=(check,)),)))
    watcher.see(up(0, invocation_id="1"), scheduled=True)
    watcher.see(CheckObservation(60, check.label, "a.service", Outcome.FAIL))
    watcher.see(up(70, invocation_id="2"))
    watcher.look(10)
    assert watcher.failures() == 0


def test_a_oneshot_that_fails_each_minute_fails_though_it_runs_again() -> None:
    """One that runs is not known to be well, and one that ran well is."""
    watcher = Watcher(DetectorConfig(watch=(Watch("a.service"),)))
    watcher.see(inactive(0, unit_type="oneshot"), scheduled=True)
    for number in range(1, 6):
        watcher.see(starting(60 * number, unit_type="oneshot"))
        watcher.see(failed(60 * number + 5, unit_type="oneshot"))
        watcher.look(2)
    assert watcher.failures() == 10
    step = watcher.see(starting(360, unit_type="oneshot"))
    assert step.assessment.reasons == ("fails repeatedly: a.service (last run failed)",)
    assert step.assessment.health["a.service"].reading.why == "it runs; its last run failed"
    step = watcher.see(inactive(365, unit_type="oneshot"))
    assert (watcher.failures(), step.assessment.level) == (0, Level.NONE)


def test_a_transient_unit_is_forgotten_with_its_end_and_a_named_one_is_not() -> None:
    """Globs over transient units would fill the memory; of a unit that is named, people are told that it is missing."""
    settings = DetectorConfig(watch=(Watch("named.service"), Watch("*.service")))
    watcher = Watcher(settings)
    watcher.see(up(0, "named"), up(0, "run-1"), CheckObservation(0, "http", "run-1.service", Outcome.FAIL))
    watcher.see(failed(5, "run-1", load_state="not-found"))
    assert set(watcher.state.units) == {"named.service", "run-1.service"}
    watcher.see(inactive(10, "named", load_state="not-found"), inactive(10, "run-1", load_state="not-found"))
    assert set(watcher.state.units) == {"named.service"}
    assert not watcher.state.checks
    assert not any("run-1" in str(key) for key in (*watcher.engine.watching._found, *watcher.engine.watching._rules))


def test_a_critical_file_is_counted_per_look_and_unknown_counts_neither_way() -> None:
    watcher = Watcher(config("a", critical_files=("/f",)))
    watcher.see(FileObservation(0, "/f", True), scheduled=True)
    watcher.see(FileObservation(5, "/f", False, "missing"))
    watcher.see(FileObservation(6, "/f", False, "missing"))
    assert watcher.state.files["/f"].failures == 1
    watcher.look(2)
    assert watcher.state.files["/f"].failures == 2
    watcher.see(FileObservation(70, "/f", None, "may not"))
    watcher.look()
    assert watcher.state.files["/f"].failures == 2
    watcher.see(FileObservation(100, "/f", True))
    assert watcher.state.files["/f"].failures == 0
