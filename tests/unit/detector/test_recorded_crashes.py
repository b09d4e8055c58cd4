"""Of crashes the history has the first, and each after a good while; a loop is not a line a crash."""

from __future__ import annotations

import json
import logging

import pytest
from tests.unit.detector.make import Watcher, config, failed, inactive, pending, starting, stopping, up
from tests.unit.detector.test_recorded import on_record, record

from standfast.detector.announce import Told
from standfast.detector.model import (
    ClockEvent,
    ClockObservation,
    Ending,
)
from standfast.detector.recorder import Recorder
from standfast.detector.remembering import Remembered, to_plain

DETECTOR = "standfast-detector.service"


def test_the_first_crash_of_a_unit_that_was_well_is_in_the_history(caplog: pytest.LogCaptureFixture) -> None:
    """And that systemd gave it up: in the grace after a boot nothing else would say so."""
    record([[up(0)], [pending(2)], [up(4, n=1)], [pending(6, n=1)], [pending(7, unit="b")],
                    [failed(8, unit="b", n=1)], [starting(9, unit="b")], [failed(9.5, unit="b", n=1)],
                    [failed(9.6, unit="b", n=1)]], caplog)  # fmt: skip
    assert states(caplog) == [("a.service", "CRASHED"), ("b.service", "CRASHED"), ("b.service", "GIVEN_UP")]


def states(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    fields = [vars(line) for line in caplog.records]
    return [(one["STANDFAST_UNIT"], one["STANDFAST_STATE"]) for one in fields if "STANDFAST_EVENT" in one]


@pytest.mark.parametrize("later", [40, 4000])
def test_what_an_earlier_life_had_in_the_history_is_not_there_again(
    later: float, caplog: pytest.LogCaptureFixture
) -> None:
    """But that a unit was given up once more in the meantime is, and a crash long after the last that was known."""
    caplog.set_level(logging.INFO)
    watcher = Watcher(config("a", "b", "c"))
    watcher.see(up(0, "a"), up(0, "b"), up(0, "c"), scheduled=True)
    for unit in "bc":
        watcher.see(failed(5, unit, invocation_id="1"))
    watcher.see(pending(6, "a"), failed(6, "b", invocation_id="1"), failed(6, "c", invocation_id="1"), scheduled=True)
    kept = json.loads(json.dumps(to_plain(watcher.state, Told(), "boot", 10.0)))
    remembered = Remembered(kept, "boot", later)
    recorder = Recorder()
    recorder.recall(remembered.crashing, remembered.given_up)
    again = [
        pending(later, "a"),
        *(failed(later, unit, invocation_id=run, ended_by=Ending.ITSELF) for unit, run in (("b", "1"), ("c", "2"))),
    ]
    step = Watcher(config("a", "b", "c")).see(*again, scheduled=True)
    recorder.record(again, step.assessment, later, scheduled=True)
    assert states(caplog) == [*([("a.service", "CRASHED")] if later == 4000 else []), ("c.service", "GIVEN_UP")]
    recorder.tell_kept()
    assert {*on_record(caplog)} == {*again}, "a replay knows each"


def test_while_nothing_is_judged_no_crash_of_a_loop_but_the_first_is_in_the_history(
    caplog: pytest.LogCaptureFixture,
) -> None:
    boot = ClockObservation(0, ClockEvent.BOOT)
    loop = [[pending(at, n=at)] if at % 2 else [up(at, n=at)] for at in range(1, 20)]
    record([[boot, up(0)], *loop, [failed(30, n=20)]], caplog)
    assert [state for _, state in states(caplog)] == ["CRASHED", "GIVEN_UP"]


def test_a_crash_after_a_unit_was_well_again_is_another(caplog: pytest.LogCaptureFixture) -> None:
    watcher, recorder = Watcher(config("a")), Recorder()
    caplog.set_level(logging.INFO)
    for observation in (up(0), pending(2), up(4, n=1), up(40, n=1), up(70, n=1), pending(100, n=1)):
        step = watcher.see(observation, scheduled=observation.active_state == "active")
        recorder.record([observation], step.assessment, observation.at)
    assert sum(hasattr(line, "STANDFAST_EVENT") for line in caplog.records) == 2


@pytest.mark.parametrize(("ran_for_s", "crashes"), [(29, 1), (31, 2)])
def test_a_crash_after_a_good_while_is_another_though_no_look_found_it_well(
    ran_for_s: float, crashes: int, caplog: pytest.LogCaptureFixture
) -> None:
    again = 4 + ran_for_s
    record([[up(0)], [pending(2)], [up(4, n=1)], [stopping(again, n=1, job="", result="signal")],
                    [pending(again + 0.1, n=1)], [pending(again + 0.2, n=1, job="restart")]], caplog)  # fmt: skip
    assert states(caplog) == [("a.service", "CRASHED")] * crashes


@pytest.mark.parametrize(("falls_at", "told"), [(30.1, ["GIVEN_UP"]), (36, ["GIVEN_UP", "CRASHED", "GIVEN_UP"])])
def test_a_look_that_finds_it_up_since_a_moment_finds_an_end_of_its_crashes_only_if_that_lasts(
    falls_at: float, told: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Another unit's Wants= pulls up what systemd has given up, and it fails at once."""
    caplog.set_level(logging.INFO)
    watcher, recorder = Watcher(config("a")), Recorder()
    moments = [up(0), failed(2, invocation_id="1"), up(29.99, invocation_id="2"), pending(falls_at, invocation_id="2")]
    for seen in (*moments, failed(falls_at + 1, invocation_id="2"), failed(60, invocation_id="2")):
        is_look = seen.at in (0, 29.99, 60)
        recorder.record([seen], watcher.see(seen, scheduled=is_look).assessment, seen.at, scheduled=is_look)
    assert states(caplog) == [("a.service", one) for one in told]


def test_what_may_have_gone_down_with_another_is_not_called_stopped_before_a_look(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    watcher, recorder = Watcher(config("a", "b")), Recorder()
    stopped = inactive(5, needs="b", ended_by=Ending.JOB)
    for seen in ([up(0, "b"), up(0, needs="b")], [stopped], [pending(5.01, "b")], [inactive(6, needs="b")]):
        recorder.record(seen, watcher.see(*seen).assessment, seen[0].at)
    assert not [line for line in caplog.messages if "a.service is stopped" in line]
    assert [line for line in caplog.messages if "a.service is taken along" in line]
