"""The ledger: how many, how soon, hands off, released."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.detector.make import config, failed, inactive, up

from standfast.detector.config import Mode, RestartSettings
from standfast.detector.limits import asked, budget, room_at, same_set_runs, same_set_until, with_news
from standfast.detector.mind import Mind
from standfast.detector.model import (
    Observation,
    ReleaseObservation,
    RestartObservation,
    Run,
    RunResult,
    UnitObservation,
)
from standfast.detector.remembering import Remembered
from standfast.events import Kind
from standfast.unit_names import MASTER_RESTART

SETTINGS = RestartSettings()
UNITS = frozenset({"a.service", "b.service", "c.service"})


def runs(*times: float) -> tuple[Run, ...]:
    return tuple(Run(at, RunResult.SUCCESS, automatic=False) for at in times)


@pytest.mark.parametrize(
    ("times", "now", "used", "hold", "gap"),
    [
        ((), 0, 0, None, None),
        ((0,), 100, 1, None, 300),
        ((0,), 300, 1, None, None),
        ((0,), 3599, 1, None, None),
        ((0,), 3600, 0, None, None),
        ((0, 400, 800), 900, 3, 4400, 1100),
        ((0, 400, 800), 4399, 1, 4400, None),
        ((0, 400, 800), 4400, 0, None, None),
        ((0, 1900, 3601), 3700, 2, None, 3901),  # no hour holds three
        ((0, 400, 800, 5000), 5300, 1, None, None),
        ((9000,), 100, 1, None, 400),  # written by a clock that was ahead
    ],
)
def test_budget(times: tuple[float, ...], now: float, used: int, hold: float | None, gap: float | None) -> None:
    left = budget(runs(*times), None, SETTINGS, now)
    assert (left.used, left.hold_until, left.gap_until) == (used, hold, gap)


def test_a_release_forgets_what_was_before_it() -> None:
    left = budget(runs(0, 400, 800), 850, SETTINGS, 900)
    assert (left.used, left.hold_until, left.gap_until) == (0, None, None)
    assert budget(runs(0, 400, 800, 860), 850, SETTINGS, 900).used == 1


def test_failed_and_unfinished_runs_count() -> None:
    kinds = (RunResult.ASKED, RunResult.STARTED, RunResult.FAILURE)
    ledger = tuple(Run(number * 400.0, kind, automatic=True) for number, kind in enumerate(kinds))
    assert budget(ledger, None, SETTINGS, 900).hold_until == 4400


def test_news_is_of_the_run_that_was_asked_for() -> None:
    ledger = asked((), 10, UNITS)
    ledger = with_news(ledger, RestartObservation(11, RunResult.STARTED))
    ledger = with_news(ledger, RestartObservation(40, RunResult.PARTIAL))
    assert ledger == (Run(10, RunResult.PARTIAL, automatic=True, units=UNITS),)


def test_a_run_by_hand_is_one_more() -> None:
    ledger = with_news(asked((), 10, UNITS), RestartObservation(20, RunResult.SUCCESS))
    ledger = with_news(ledger, RestartObservation(500, RunResult.STARTED))
    ledger = with_news(ledger, RestartObservation(520, RunResult.SUCCESS))
    assert [(run.at, run.automatic) for run in ledger] == [(10, True), (500, False)]


def test_a_start_long_after_the_request_is_somebody_elses() -> None:
    ledger = with_news(asked((), 10, UNITS), RestartObservation(100, RunResult.STARTED))
    assert [run.result for run in ledger] == [RunResult.ASKED, RunResult.STARTED]


def test_an_end_alone_is_a_run() -> None:
    assert len(with_news((), RestartObservation(5, RunResult.FAILURE))) == 1


def oneshot(at: float, active: str, sub: str, result: str = "success", run_id: str = "") -> UnitObservation:
    return UnitObservation(at, MASTER_RESTART, active_state=active, sub_state=sub, result=result, invocation_id=run_id)


@pytest.mark.parametrize("result", [RunResult.ASKED, RunResult.STARTED])
def test_a_run_that_was_killed_has_failed_and_that_is_told_once(result: RunResult) -> None:
    mind = Mind(config("a"))
    mind.recall((Run(100, result, automatic=True, units=UNITS),), None, Remembered(None, "boot", 100))
    assert not mind.take([oneshot(101, "activating", "start", run_id="one")], 101, scheduled=True).events
    assert not mind.take([oneshot(400, "failed", "failed", "oom-kill", "one")], 400, scheduled=True).events
    assert not mind.take([], 410, scheduled=False).events  # the journal may bring its end yet
    turn = mind.take([], 421, scheduled=False)
    assert [(event.kind, event.type) for event in turn.events] == [(Kind.RESTART, "MASTER_RESTART_FAILED")]
    failed = Run(100, RunResult.FAILURE, automatic=True, units=UNITS, run_id="one")
    assert (mind.state.runs, turn.ledger_changed) == ((failed,), True)
    assert turn.concluded == (RestartObservation(421, RunResult.FAILURE, "one"),)
    assert not mind.take([], 451, scheduled=True).events


def test_a_start_that_systemd_refuses_is_no_run_and_is_told_once_until_a_release() -> None:
    """systemd's own limit: the oneshot fails without a run, so its id is still that of the run before."""
    mind = Mind(config("a", "b", "c"))
    before = tuple(Run(at, RunResult.SUCCESS, True, UNITS, run_id) for at, run_id in ((10, "one"), (400, "two")))
    mind.recall(before, 800, Remembered(None, "boot", 800))
    mind.take([*(up(800, one) for one in "abc"), oneshot(800, "inactive", "dead", run_id="two")], 800, scheduled=True)
    told, now, why = [], 800.0, set()
    for _ in range(400):
        now += 5
        down = [failed(now, one) for one in "abc"]
        turn = mind.take([*down, oneshot(now, "failed", "failed", "start-limit-hit", "two")], now, scheduled=True)
        told += [event.type for event in turn.events if event.kind is Kind.RESTART]
        why.add(turn.step.decision.why if turn.step.decision is not None else "")
        if turn.step.decision is not None and turn.step.decision.allowed:
            mind.ask(turn.step.decision, now)
    refused = [run for run in mind.state.runs if run.result is RunResult.REFUSED]
    assert len(refused) >= 5, "it is tried again after each gap, for systemd lets it in again at some time"
    assert told == ["MASTER_RESTART_FAILED"]
    assert budget(mind.state.runs, 800, SETTINGS, now).used == 0
    assert same_set_runs(mind.state.runs, 800, UNITS, now) == 0
    assert "systemd refused to start the last one less than 5 min ago" in why
    assert not any("did not help" in one for one in why)

    mind.take([ReleaseObservation(now)], now, scheduled=False)
    assert mind.refusal("again"), "after a release it is news"


def refused_at(*observations: Observation) -> list[tuple[float, RunResult]]:
    """The runs after a cascade at 100 s and what is seen then."""
    mind = Mind(config("a", "b", "c", mode=Mode.ACT))
    mind.take([up(0, unit) for unit in "abc"], 0, scheduled=True)
    mind.take([replace(inactive(1), unit=MASTER_RESTART, job_result="failed")], 1, scheduled=False)
    turn = mind.take([failed(100, unit) for unit in "abc"], 100, scheduled=False)
    assert turn.step.decision is not None
    mind.ask(turn.step.decision, 100)
    for seen in observations:
        mind.take([seen], seen.at, scheduled=False)
    return [(run.at, run.result) for run in mind.state.runs]


def test_a_start_whose_job_failed_without_a_run_was_refused_and_that_is_known_at_once() -> None:
    waiting = replace(inactive(100.1, job="start"), unit=MASTER_RESTART)
    over = replace(inactive(100.2), unit=MASTER_RESTART, job_result="failed")
    assert refused_at(up(100.1, "d")) == [(100, RunResult.ASKED)], "that an earlier job failed says nothing of this one"
    assert refused_at(waiting) == [(100, RunResult.ASKED)]
    assert refused_at(waiting, over) == [(100, RunResult.REFUSED)]
    ran = replace(over, invocation_id="it ran, and its report is still to be heard")
    assert refused_at(waiting, ran) == [(100, RunResult.ASKED)]


def test_news_of_a_refusal_without_a_request_is_no_run() -> None:
    assert with_news(runs(10), RestartObservation(20, RunResult.REFUSED)) == runs(10)


def test_a_run_whose_end_is_told_is_not_lost_however_late_anybody_looks() -> None:
    mind = Mind(config("a"))
    mind.recall((Run(100, RunResult.STARTED, automatic=True, units=UNITS),), None, Remembered(None, "boot", 500))
    news = RestartObservation(130, RunResult.SUCCESS)
    turn = mind.take([news, oneshot(500, "inactive", "dead")], 500, scheduled=True)
    assert not turn.events
    assert mind.state.runs[-1].result is RunResult.SUCCESS
    assert not mind.take([], 600, scheduled=True).events


def test_a_run_that_the_host_did_not_survive_is_one_run_and_has_failed() -> None:
    mind = Mind(config("a"))
    mind.recall((Run(100, RunResult.STARTED, automatic=False),), None, Remembered(None, "boot", 9000))
    mind.take([oneshot(9000, "inactive", "dead")], 9000, scheduled=True)
    assert [event.type for event in mind.take([], 9030, scheduled=True).events] == ["MASTER_RESTART_FAILED"]
    assert mind.state.runs == (Run(100, RunResult.FAILURE, automatic=False),)


def test_two_runs_soon_after_each_other_have_their_own_ends() -> None:
    ledger: tuple[Run, ...] = ()
    for result, at in [
        (RunResult.STARTED, 10), (RunResult.SUCCESS, 40), (RunResult.STARTED, 60), (RunResult.SUCCESS, 90),
    ]:  # fmt: skip
        ledger = with_news(ledger, RestartObservation(at, result))
    assert [(run.at, run.result) for run in ledger] == [(10, RunResult.SUCCESS), (60, RunResult.SUCCESS)]


def test_old_news_is_not_of_the_run_that_is_going_on() -> None:
    ledger = asked((Run(10, RunResult.SUCCESS, automatic=False),), 500, UNITS)
    for result, at in [(RunResult.STARTED, 10.5), (RunResult.SUCCESS, 40)]:
        assert with_news(ledger, RestartObservation(at, result)) == ledger


def test_news_that_is_heard_again_is_no_other_run() -> None:
    news = [(RunResult.STARTED, 11), (RunResult.PARTIAL, 40), (RunResult.STARTED, 500), (RunResult.SUCCESS, 520)]
    ledger = asked((), 10, UNITS)
    for result, at in news:
        ledger = with_news(ledger, RestartObservation(at, result))
    assert len(ledger) == 2
    for result, at in news:
        assert with_news(ledger, RestartObservation(at, result)) == ledger


def test_same_set() -> None:
    ledger = asked(asked(asked((), 0, UNITS), 400, UNITS), 800, UNITS | {"d.service"})
    assert same_set_runs(ledger, None, UNITS, 900) == 2
    assert same_set_runs(ledger, None, UNITS, 3700) == 1
    assert same_set_runs(ledger, 500, UNITS, 900) == 0
    assert same_set_runs(runs(0, 400), None, frozenset(), 900) == 0
    assert same_set_until(ledger, None, UNITS, 900) == 3600, "then the first of the two is an hour ago"
    assert same_set_until(ledger, 300, UNITS, 900) is None


def test_two_runs_within_seconds_are_two_where_systemd_tells_them_apart() -> None:
    news = [
        RestartObservation(10, RunResult.STARTED, "one"),
        RestartObservation(11, RunResult.SUCCESS, "one"),
        RestartObservation(12, RunResult.STARTED, "two"),
        RestartObservation(13, RunResult.PARTIAL, "two"),
    ]
    ledger: tuple[Run, ...] = ()
    for one in news:
        ledger = with_news(ledger, one)
    assert [(run.at, run.result) for run in ledger] == [(10, RunResult.SUCCESS), (12, RunResult.PARTIAL)]
    for one in news:
        assert with_news(ledger, one) == ledger


def test_the_run_that_was_asked_for_gets_its_id_and_a_late_end_is_its_own() -> None:
    ledger = with_news(asked((), 10, UNITS), RestartObservation(11, RunResult.STARTED, "one"))
    assert ledger == (Run(10, RunResult.STARTED, True, UNITS, "one"),)
    given_up = with_news(ledger, RestartObservation(40, RunResult.FAILURE, "one"))
    ledger = with_news(given_up, RestartObservation(50, RunResult.SUCCESS, "one"))
    assert [run.result for run in ledger] == [RunResult.SUCCESS]


def test_what_an_earlier_version_kept_has_no_id_and_is_heard_again() -> None:
    ledger = (Run(10, RunResult.SUCCESS, automatic=False),)
    assert with_news(ledger, RestartObservation(10.5, RunResult.STARTED, "one")) == ledger


def test_a_ledger_that_is_read_from_the_journal_alone_knows_who_asked_and_for_which_units() -> None:
    restarted = UNITS | {"d.service"}
    start = RestartObservation(10, RunResult.STARTED, "one", restarted, UNITS)
    assert with_news((), start) == (Run(10, RunResult.STARTED, True, UNITS, "one", restarted=restarted),)
    by_hand = RestartObservation(20, RunResult.STARTED, "two", restarted)
    ledger = with_news(with_news((), start), by_hand)
    assert (ledger[-1].automatic, ledger[-1].units) == (False, restarted)
    assert same_set_runs(ledger, None, UNITS, 30) == 1


def test_what_is_not_said_of_a_run_is_not_known_until_it_is() -> None:
    ledger = with_news((), RestartObservation(10, RunResult.STARTED, "one"))
    assert ledger[0].units is None
    ledger = with_news(ledger, RestartObservation(20, RunResult.SUCCESS, "one", UNITS))
    assert (ledger[0].units, ledger[0].restarted) == (UNITS, UNITS)
    asked_for = with_news(asked((), 10, UNITS), RestartObservation(11, RunResult.STARTED, "two", frozenset()))
    assert (asked_for[0].units, asked_for[0].restarted) == (UNITS, frozenset())


def test_what_a_person_began_and_restarted_nothing_holds_nothing_up() -> None:
    ledger: tuple[Run, ...] = ()
    for at in (10, 20, 30):
        ledger = with_news(ledger, RestartObservation(at, RunResult.NOTHING, f"run {at}", frozenset()))
    found = budget(ledger, None, RestartSettings(), 40)
    assert (found.used, found.hold_until, found.gap_until) == (0, None, None)
    assert room_at(ledger, None, RestartSettings(max_per_hour=1), 40) is None


def test_what_was_asked_for_in_vain_is_not_asked_for_at_each_look_nor_for_ever() -> None:
    ledger = with_news(asked((), 10, UNITS), RestartObservation(11, RunResult.NOTHING, "one", frozenset()))
    assert ledger[0].result is RunResult.NOTHING
    found = budget(ledger, None, RestartSettings(), 40)
    assert (found.used, found.gap_until) == (0, 310)
    ledger = with_news(asked(ledger, 320, UNITS), RestartObservation(321, RunResult.NOTHING, "two", frozenset()))
    assert same_set_runs(ledger, None, UNITS, 700) == 2
