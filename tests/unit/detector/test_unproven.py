"""CRITICAL and CASCADING end when those that made them have stayed well, and for nobody else's sake go on."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count
from typing import Any

from tests.unit.detector.make import config, failed, inactive, pending, starting, stopping, up

from standfast.detector.check_tables import TcpCheck
from standfast.detector.config import DetectorConfig, ThresholdOverrides, Watch
from standfast.detector.mind import Mind
from standfast.detector.model import CheckObservation, Level, Observation, Outcome
from standfast.detector.remembering import Remembered, to_plain
from standfast.detector.status import status

LOOK_S = 30


class Day:
    """A mind that looks when it is due; `levels` are those that it came through."""

    def __init__(self, settings: DetectorConfig, *units: str) -> None:
        self.mind = Mind(settings)
        self.runs = count(1)
        self.levels = [Level.NONE]
        self.due = LOOK_S
        self._take(0.0, [up(0, unit) for unit in units], scheduled=True)

    def at(self, now: float, *observations: Observation) -> None:
        while self.due <= now:
            self._take(self.due, [], scheduled=True)
            self.due += LOOK_S
        self._take(now, [replace(one, at=now) for one in observations], scheduled=False)

    def _take(self, now: float, observations: list[Observation], *, scheduled: bool) -> None:
        level = self.mind.take(observations, now, scheduled=scheduled).step.assessment.level
        if level is not self.levels[-1]:
            self.levels.append(level)

    def given_up(self, now: float, *units: str) -> None:
        for at in (now, now + 1):
            self.at(at, *(failed(at, unit) for unit in units))

    def begin_again(self, now: float) -> None:
        kept = json.loads(json.dumps(to_plain(self.mind.state, self.mind.told, "boot", now)))
        self.mind = Mind(self.mind.engine.config)
        self.mind.recall((), None, Remembered(kept, "boot", now))


def crash_after_each_start(day: Day, began: float, *units: str, n: int = 0, lasts_s: float = 3) -> None:
    """A start that is seen, a moment up, and a crash."""
    run = str(next(day.runs))
    more: dict[str, Any] = {"n": n, "invocation_id": run}
    day.at(began, *(starting(began, unit, **more) for unit in units))
    day.at(began + 1, *(up(began, unit, **more) for unit in units))
    day.at(began + 1 + lasts_s, *(pending(began, unit, **more) for unit in units))


def test_what_crashes_after_each_start_is_not_over_while_it_starts() -> None:
    """Whose start takes a moment is neither well nor failing then."""
    day = Day(config("a", "b", "c"), "a", "b", "c")
    day.given_up(40, "a", "b", "c")
    for number in range(30):
        crash_after_each_start(day, 61 + 8 * number, "a", "b", "c", n=number)
    assert day.levels == [Level.NONE, Level.CASCADING]


def test_one_that_is_critical_again_weighs_for_itself_alone() -> None:
    day = Day(config("a", "b", "c"), "a", "b", "c")
    day.given_up(40, "a", "b", "c")
    day.at(60, *(up(60, unit, invocation_id="2") for unit in "ab"))
    for number in range(30):
        crash_after_each_start(day, 61 + 8 * number, "c", n=number)
    assert day.levels == [Level.NONE, Level.CASCADING, Level.WARNING]


def test_a_restart_of_the_detector_in_the_meantime_ends_nothing() -> None:
    day = Day(config("a", "b", "c"), "a", "b", "c")
    day.given_up(40, "a", "b", "c")
    crash_after_each_start(day, 61, "a", "b", "c")
    day.begin_again(66)
    for number in range(1, 30):
        crash_after_each_start(day, 67 + 8 * number, "a", "b", "c", n=number)
    assert day.levels == [Level.NONE, Level.CASCADING]


PORT = TcpCheck(port=1, name="port", interval_s=LOOK_S)


def answers(outcome: Outcome) -> list[CheckObservation]:
    return [CheckObservation(0, "port", f"{unit}.service", outcome) for unit in "abc"]


def test_what_is_restarted_and_does_not_answer_then_either_is_not_over() -> None:
    """In its grace it is well because nobody judges it."""
    settings = replace(config(), watch=tuple(Watch(f"{unit}.service", check=(PORT,)) for unit in "abc"))
    day = Day(settings, "a", "b", "c")
    for at in range(LOOK_S, 10 * LOOK_S, LOOK_S):
        day.at(at + 1, *answers(Outcome.FAIL))
    assert day.levels[-1] is Level.CASCADING
    levels = [*day.levels]
    day.at(300, *(stopping(0, unit, job="restart") for unit in "abc"))
    day.at(301, *(up(0, unit, invocation_id="2") for unit in "abc"))
    for at in range(10 * LOOK_S, 20 * LOOK_S, LOOK_S):
        day.at(at + 2, *answers(Outcome.FAIL))
    assert day.levels == levels
    day.at(601, *(up(0, unit, invocation_id="3") for unit in "abc"))
    day.at(602, *answers(Outcome.OK))
    day.at(655)
    assert day.levels == levels
    day.at(690)
    assert day.levels == [*levels, Level.NONE]


def test_a_oneshot_that_was_stopped_after_its_failure_keeps_no_level_up() -> None:
    oneshot: dict[str, Any] = {"unit_type": "oneshot"}
    day = Day(config("a", "b", "o"), "a", "b")
    day.at(10, up(10, "o", sub_state="exited", invocation_id="1", **oneshot))
    day.at(15, failed(15, "o", invocation_id="2", **oneshot))
    day.at(20, inactive(20, "o", **oneshot))
    day.given_up(40, "a", "b")
    day.at(60, up(60, "a"), up(60, "b"))
    day.at(95)
    assert day.levels == [Level.NONE, Level.CRITICAL, Level.NONE]


def test_who_had_no_part_in_a_level_keeps_it_up_neither_by_crashing_nor_by_a_start() -> None:
    """One that is never critical would have done so for ever."""
    looper = Watch("l.service", thresholds=ThresholdOverrides(critical=1000))
    settings = config("a", "b", "deployed")
    day = Day(replace(settings, watch=(*settings.watch, looper)), "a", "b", "l", "deployed")
    day.at(1, pending(1, "deployed"))
    day.at(2, up(2, "deployed", n=1, invocation_id="1"))
    day.given_up(40, "a", "b")
    day.at(60, up(60, "a"), up(60, "b"))
    for number in range(6):
        crash_after_each_start(day, 61 + 5 * number, "l", n=number)
    day.at(91, up(91, "deployed", invocation_id="2"))
    assert day.levels == [Level.NONE, Level.CRITICAL, Level.NONE]


def test_what_its_operator_stops_is_not_waited_for() -> None:
    day = Day(config("a", "b", "c"), "a", "b", "c")
    day.given_up(40, "a", "b", "c")
    day.at(60, *(up(60, unit, invocation_id="2") for unit in "abc"))
    assert day.levels[-1] is Level.CASCADING
    for at, seen in ((65, stopping), (66, inactive)):
        day.at(at, *(seen(at, unit, invocation_id="2") for unit in "abc"))
    assert day.levels == [Level.NONE, Level.CASCADING, Level.NONE]


def test_what_the_configuration_names_no_more_is_not_waited_for() -> None:
    day = Day(config("a", "b", "c"), "a", "b", "c")
    day.given_up(40, "a", "b", "c")
    day.at(60, *(up(60, unit, invocation_id="2") for unit in "abc"))
    day.mind.reconfigure(config("d"))
    day.at(62, up(62, "d"))
    assert day.levels == [Level.NONE, Level.CASCADING, Level.NONE]


def test_a_failure_that_is_cleared_and_not_repaired_is_over_with_its_grace() -> None:
    day = Day(config("a", "b", "c"), "a", "b", "c")
    day.given_up(40, "a", "b", "c")
    day.at(61, *(inactive(61, unit) for unit in "abc"))
    day.at(85)
    assert day.levels == [Level.NONE, Level.CASCADING]
    day.at(125)
    assert day.levels == [Level.NONE, Level.CASCADING, Level.NONE]


def test_until_when_it_is_held_stands_in_the_status() -> None:
    day = Day(config("a", "b", "c"), "a", "b", "c")
    day.at(40, failed(40, "a"), failed(40, "b"), failed(40, "c"))
    turn = day.mind.take([up(45, unit, invocation_id="2") for unit in "abc"], 45, scheduled=False)
    assert status(turn.step, day.mind.engine.config, 45.0)["reasons"] == [
        "what failed has yet to stay well: a.service, b.service, c.service (known by the first look after 00:01:15 UTC)"
    ]
    turn = day.mind.take([pending(46, "a", invocation_id="2")], 46, scheduled=False)
    assert status(turn.step, day.mind.engine.config, 46.0)["reasons"] == [
        "what failed has yet to stay well: b.service, c.service (known by the first look after 00:01:15 UTC)",
        "critical unit fails: a.service (crashed)",
    ]
    day = Day(config("a", "b", "c"), "a", "b", "c")
    day.at(40, failed(40, "a"), failed(40, "b"), failed(40, "c"))
    day.mind.take([up(45, unit, invocation_id="2") for unit in "abc"], 45, scheduled=False)
    turn = day.mind.take([pending(55, "a", invocation_id="2")], 55, scheduled=False)
    (why,) = status(turn.step, day.mind.engine.config, 55.0)["reasons"]
    assert why == "what failed has yet to stay well: b.service, c.service; a.service fails again", "nobody knows when"


def test_where_the_looks_are_known_the_one_that_ends_it_is_named() -> None:
    day = Day(config("a", "b", "c"), "a", "b", "c")
    day.at(40, failed(40, "a"), failed(40, "b"), failed(40, "c"))
    turn = day.mind.take([up(45, unit, invocation_id="2") for unit in "abc"], 45, scheduled=False)
    (why,) = status(turn.step, day.mind.engine.config, 45.0, next_look=60.0)["reasons"]
    assert why.endswith("(known by the look of 00:01:30 UTC)"), "the one at 00:01:00 is too early"
    (why,) = status(turn.step, day.mind.engine.config, 80.0, next_look=90.0)["reasons"]
    assert why.endswith("(known by the look of 00:01:30 UTC)")


def test_no_part_of_a_second_is_cut_off_that_time() -> None:
    """A look in that very second is none after it, and one would read that a promise was broken."""
    day = Day(config("a", "b", "c"), "a", "b", "c")
    day.at(40, failed(40, "a"), failed(40, "b"), failed(40, "c"))
    turn = day.mind.take([up(45.2, unit, invocation_id="2") for unit in "abc"], 45.2, scheduled=False)
    (why,) = status(turn.step, day.mind.engine.config, 45.2)["reasons"]
    assert why.endswith("(known by the first look after 00:01:16 UTC)")


def test_one_that_is_up_between_two_crashes_leaves_no_level_to_nobody() -> None:
    """It was told to be failing and was not failing: no problem of its own followed the end of the cascade."""
    day = Day(config("a", "b", "c"), "a", "b", "c")
    day.at(40, failed(40, "a"), failed(40, "b"), failed(40, "c"))
    day.at(41, up(41, "b", invocation_id="2"), up(41, "c", invocation_id="2"), pending(41, "a"))
    day.at(75, up(75, "a", invocation_id="2"))
    assert day.levels[-1] is Level.CASCADING
    day.at(151)
    assert day.levels == [Level.NONE, Level.CASCADING, Level.NONE]
