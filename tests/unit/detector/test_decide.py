"""When a master restart is asked for, and the reason each time it is not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.detector.make import Watcher, config, failed, pending, starting, up

from standfast.detector.config import Cause, DetectorConfig, Mode, RestartSettings
from standfast.detector.decide import Decision, Reason
from standfast.detector.limits import asked
from standfast.detector.model import ClockEvent, ClockObservation, FileObservation, ManagerObservation, Run, RunResult
from standfast.unit_names import MASTER_RESTART

SET = frozenset({"a.service", "b.service", "c.service"})


def cascade(settings: DetectorConfig | None = None, runs: tuple[Run, ...] = ()) -> Watcher:
    """Three units given up on, at 100."""
    watcher = Watcher(settings or config("a", "b", "c", "d"))
    watcher.state = replace(watcher.state, runs=runs)
    watcher.see(*(up(0, unit) for unit in "abcd"), scheduled=True)
    watcher.see(*(failed(100, unit) for unit in "abc"))
    return watcher


def decided(watcher: Watcher) -> Decision | None:
    watcher.now = 101
    return watcher.see(up(101, "d")).decision


def test_a_cascade_is_answered() -> None:
    assert decided(cascade()) == Decision(True, Reason.CASCADE, SET, "the cascade lasts")


def test_two_units_are_no_cascade() -> None:
    watcher = Watcher(config("a", "b", "c"))
    watcher.see(*(up(0, unit) for unit in "abc"), scheduled=True)
    assert watcher.see(failed(100, "a"), failed(100, "b")).decision is None


def test_units_that_still_restart_are_given_time_until_one_has_cascaded() -> None:
    watcher = Watcher(config("a", "b", "c"))
    watcher.see(*(up(0, unit) for unit in "abc"), scheduled=True)
    watcher.see(*(pending(10, unit) for unit in "abc"))
    watcher.now = 30
    for look in range(1, 9):
        step = watcher.look()
        assert (step.decision is not None) is (look >= 7), look


def run(at: float, result: RunResult = RunResult.SUCCESS) -> Run:
    return Run(at, result, automatic=False)


@pytest.mark.parametrize(
    ("reason", "runs"),
    [
        (Reason.GAP, (run(0),)),
        (Reason.CASCADE, (run(-300),)),
        (Reason.HOLD, (run(-3000), run(-2000), run(-1000))),
        (Reason.CASCADE, (run(-3000), run(-2000))),
        (Reason.SAME_SET, asked(asked((), -900, SET), -400, SET)),
        (Reason.CASCADE, asked(asked((), -900, SET), -400, SET - {"a.service"})),
    ],
)
def test_the_ledger_refuses(reason: Reason, runs: tuple[Run, ...]) -> None:
    decision = decided(cascade(runs=runs))
    assert decision is not None
    assert decision.reason is reason
    assert decision.allowed is (reason is Reason.CASCADE)


def test_budget_outlives_a_short_cooldown() -> None:
    settings = config("a", "b", "c", "d", restart=RestartSettings(cooldown_s=60.0))
    decision = decided(cascade(settings, (run(-3000), run(-2000), run(-1000))))
    assert decision is not None
    assert decision.reason is Reason.BUDGET


def test_observe_says_so_only_where_act_would_have_acted() -> None:
    settings = config("a", "b", "c", "d", mode=Mode.OBSERVE)
    observed = decided(cascade(settings))
    assert observed is not None
    assert observed.reason is Reason.OBSERVE
    held = decided(cascade(settings, (run(0),)))
    assert held is not None
    assert held.reason is Reason.GAP


def test_a_running_master_restart_is_waited_for() -> None:
    watcher = cascade()
    watcher.see(replace(starting(100.5), unit=MASTER_RESTART))
    decision = decided(watcher)
    assert decision is not None
    assert decision.reason is Reason.RUNNING


def test_nothing_is_done_during_shutdown() -> None:
    watcher = cascade()
    watcher.see(ManagerObservation(100.5, True, "stopping"))
    decision = decided(watcher)
    assert decision is not None
    assert decision.reason is Reason.SHUTDOWN


def test_nothing_is_done_right_after_a_resume() -> None:
    watcher = cascade()
    watcher.see(ClockObservation(100.5, ClockEvent.RESUME))
    decision = decided(watcher)
    assert decision is not None
    assert decision.reason is Reason.GRACE


def test_a_human_who_starts_them_is_not_interrupted() -> None:
    watcher = cascade()
    decision = watcher.see(starting(100.5, "a")).decision
    assert decision is not None
    assert decision.reason is Reason.GRACE


def test_nobody_is_asked_while_systemd_does_not_answer() -> None:
    watcher = cascade()
    step = watcher.see(ManagerObservation(100.5, False))
    assert step.decision is None
    assert step.assessment.level.name == "CASCADING"


def test_a_critical_file_must_be_gone_for_seven_looks() -> None:
    watcher = Watcher(config("a", critical_files=("/f",)))
    watcher.see(FileObservation(0, "/f", False, "missing"), scheduled=True)
    watcher.now = 30
    assert watcher.look(5).decision is None
    decision = watcher.look().decision
    assert decision is not None
    assert decision.causes == {"/f"}


@pytest.mark.parametrize("causes", [(), (Cause.FILES,)])
def test_a_cause_that_is_not_configured_asks_for_nothing(causes: tuple[Cause, ...]) -> None:
    assert decided(cascade(config("a", "b", "c", "d", restart=RestartSettings(causes=causes)))) is None
