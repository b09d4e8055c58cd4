"""That systemd refused to start a unit, for its start limit: told from the signals that a real one sends, and said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.detector.make import INTERVAL_S, JOB, config, failed, inactive, pending, reading, up

from standfast.detector.endings import Endings
from standfast.detector.history import from_line, to_line
from standfast.detector.mind import Mind
from standfast.detector.model import Ending, UnitObservation
from standfast.detector.reading import Meaning
from standfast.detector.start_limit import HIT, StartLimit
from standfast.detector.status import status
from standfast.events import Event, Kind

UNIT = "a.service"
LIMIT = StartLimit(8, 600.0)
SAID = "its start limit is 8 starts within 10 min, those by hand included"


def told(*signals: tuple[Any, ...]) -> Endings:
    """What is known after signals: of a unit's way (active, sub, job, run), of a job that began, of one that ended."""
    endings = Endings()
    for signal in signals:
        match signal:
            case (str(active), str(sub), int(job), str(run)):
                properties = {"Job": [job, "/"], "InvocationID": bytes.fromhex(run)}
                endings.unit_changed(UNIT, {"ActiveState": active, "SubState": sub, **properties})
            case (int(job), str(result)):
                endings.job_removed(UNIT, job, result)
            case (int(job),):
                endings.job_new(UNIT, job)
    return endings


RUNS = ("active", "running", 0, "aa")
CRASHES = (RUNS, ("failed", "failed", 0, "aa"), ("activating", "auto-restart", 0, "aa"))


@pytest.mark.parametrize(
    "signals",
    [
        (*CRASHES, ("activating", "auto-restart", 7, "aa"), (7,), ("failed", "failed", 7, "aa"), (7, "failed")),
        # systemd 252 has it inactive in between.
        (*CRASHES, (7,), ("inactive", "dead", 7, "aa"), ("failed", "failed", 7, "aa"), (7, "failed")),
        # By hand, after that.
        (*CRASHES[:2], ("failed", "failed", 7, "aa"), (7,), ("failed", "failed", 7, "aa"), (7, "failed")),
        # A restart by hand of one that runs.
        (RUNS, (7,), ("deactivating", "stop-sigterm", 7, "aa"), ("failed", "failed", 7, "aa"), (7, "failed")),
    ],
)
def test_a_start_that_fails_without_a_run_was_refused(signals: tuple[Any, ...]) -> None:
    endings = told(*signals, ("failed", "failed", 0, "aa"))
    assert endings.is_refused(UNIT)
    assert endings.ended_by(UNIT) is Ending.ITSELF, "who stopped it for a restart wanted it up"
    endings.unit_changed(UNIT, {"ActiveState": "active", "SubState": "running", "InvocationID": b"\xbb"})
    assert not endings.is_refused(UNIT)


@pytest.mark.parametrize(
    "signals",
    [
        pytest.param((*CRASHES, (7,), ("inactive", "dead", 7, "aa"), (7, "dependency")), id="what it needs failed"),
        pytest.param((*CRASHES, (7,), (7, "canceled")), id="its restart was cancelled"),
        pytest.param(
            (*CRASHES, (7,), ("inactive", "dead", 7, "bb"), ("failed", "failed", 7, "bb"), (7, "failed")),
            id="it failed before its process ran (EnvironmentFile=)",
        ),
        pytest.param(
            (*CRASHES, (7,), ("activating", "start", 7, "bb"), ("failed", "failed", 7, "bb"), (7, "failed")),
            id="its start was let through, and failed",
        ),
        pytest.param((RUNS, (7,), (7, "failed")), id="a reload of it failed"),
        pytest.param((RUNS, (7,), (7, "failed"), ("failed", "failed", 0, "aa")), id="a reload of it had failed"),
        pytest.param((RUNS, ("failed", "failed", 0, "aa")), id="Restart= asks for no restart"),
        pytest.param(((7,), ("failed", "failed", 7, "aa"), (7, "failed")), id="what ran before is not known"),
    ],
)
def test_nothing_else_is_taken_for_the_start_limit(signals: tuple[Any, ...]) -> None:
    assert not told(*signals).is_refused(UNIT)


def refused(at: float, unit: str = "a", **more: Any) -> UnitObservation:
    return failed(at, unit, **{"main_exit": "SIGKILL", "result": "signal", "start_limit": LIMIT, **more})


def test_what_crashed_and_is_not_restarted_for_its_start_limit_says_so() -> None:
    found = reading(up(0), pending(1), refused(2))
    assert (found.meaning, found.final, found.refused) == (Meaning.GIVEN_UP, True, True)
    assert found.why == f"it ended by SIGKILL, and systemd refused to restart it: {SAID}"
    other = reading(up(0), pending(1), failed(2, main_exit="SIGKILL", result="signal"))
    assert (other.why, other.refused) == ("it ended by SIGKILL, and no restart is pending", False)


def test_what_was_restarted_by_hand_too_often_has_ended_in_order_and_is_not_stopped_by_its_operator() -> None:
    found = reading(up(0), refused(1, ended_by=JOB, result=HIT, main_exit="SIGTERM"))
    assert (found.meaning, found.why, found.unclean) == (
        Meaning.GIVEN_UP,
        f"systemd refused to start it again: {SAID}",
        False,
    )
    old = reading(up(0), failed(1, ended_by=JOB, result=HIT))
    assert old.why == "systemd refused to start it again: its start limit was reached", "as an older history has it"
    assert reading(up(0), failed(1, ended_by=JOB)).meaning is Meaning.STOPPED


def test_only_a_unit_that_is_down_for_that_is_refused() -> None:
    assert reading(up(0), refused(1), refused(2, job="start")).meaning is Meaning.SETTLING
    assert reading(up(0), refused(1), inactive(2), now=3).why == "its failure was cleared"
    assert reading(refused(0), up(1, start_limit=LIMIT)).meaning is Meaning.HEALTHY


def test_a_oneshot_that_is_refused_says_so_of_its_last_run() -> None:
    found = reading(inactive(0, unit_type="oneshot"), refused(1, unit_type="oneshot", result=HIT))
    assert (found.meaning, found.refused) == (Meaning.LAST_RUN_FAILED, True)
    assert found.why == f"its last run failed: systemd refused to start it again: {SAID}"


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (StartLimit(1, 10.0), "1 start within 10 s"),
        (StartLimit(3, 3600.0), "3 starts within 1 h"),
        (StartLimit(5, 90.0), "5 starts within 1 min 30 s"),
    ],
)
def test_the_limit_in_words(limit: StartLimit, words: str) -> None:
    assert str(limit) == words


def test_people_are_told_to_start_it_again_though_there_may_be_nothing_to_mend() -> None:
    mind = Mind(config("a", "b"))
    events: list[Event] = []
    for at, seen in ((0.0, up(0)), (30.0, pending(30)), (31.0, refused(31)), (60.0, refused(60))):
        events += mind.take([seen, up(at, "b")], at, scheduled=at % INTERVAL_S == 0).events
    turn = mind.take([], 61.0, scheduled=False)
    assert status(turn.step, mind.engine.config, 61.0)["service_health"]["a.service"]["start_refused"] is True
    (problem,) = (event for event in events if event.kind is Kind.PROBLEM)
    assert problem.message == f"a.service fails: it ended by SIGKILL, and systemd refused to restart it: {SAID}"
    assert problem.action == (
        "See why: journalctl -u a.service; mend what is to be; "
        "then systemctl reset-failed a.service && systemctl start a.service"
    )


def test_a_history_has_the_limit_and_one_without_it_is_read_as_before() -> None:
    seen = refused(2)
    assert '"start_limit":[8,600.0]' in to_line(seen)
    assert from_line(to_line(seen)) == seen
    assert "start_limit" not in to_line(replace(seen, start_limit=None))
    assert from_line(to_line(replace(seen, start_limit=None))) == replace(seen, start_limit=None)


@pytest.mark.parametrize("value", ["8", "[8]", '["8",600]', "[8,NaN]", "{}"])
def test_a_limit_that_is_none_is_refused(value: str) -> None:
    line = to_line(refused(2)).replace("[8,600.0]", value)
    with pytest.raises(ValueError, match=r'"start_limit" is .*, expected a number of starts and of seconds'):
        from_line(line)


def test_a_stop_of_what_is_down_already_leaves_why_it_is() -> None:
    endings = Endings()
    endings.unit_changed("a.service", {"ActiveState": "failed", "InvocationID": [1]})
    endings.job_new("a.service", 1)
    endings.job_removed("a.service", 1, "failed")
    assert endings.is_refused("a.service")
    endings.job_new("a.service", 2)
    endings.job_removed("a.service", 2, "done")
    assert endings.is_refused("a.service")


def test_how_a_main_process_ended_is_known_from_the_signal_when_systemd_has_forgotten_it() -> None:
    endings = Endings()
    endings.service_changed("a.service", {"Result": "success", "ExecMainCode": 2, "ExecMainStatus": 15})
    assert (endings.result("a.service"), endings.main_exit("a.service")) == ("success", "SIGTERM")
    endings.service_changed("a.service", {"Result": "success", "ExecMainCode": 0, "ExecMainStatus": 0})
    assert endings.main_exit("a.service") == ""
