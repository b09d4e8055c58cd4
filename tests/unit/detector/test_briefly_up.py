"""Who fails again after a moment has not been well in it, whoever pulled it up; and in no crash is all well."""

from __future__ import annotations

import pytest
from tests.unit.detector.make import config, failed, inactive, pending, up
from tests.unit.detector.test_unproven import Day

from standfast.detector.advice import next_step
from standfast.detector.model import Ending, Level
from standfast.detector.problems import because
from standfast.detector.reading import Meaning


def three_given_up_one_after_the_other(day: Day) -> None:
    """The restart of b pulls up a, as Wants= does, which fails at once."""
    day.at(40, failed(40, "a"))
    day.at(70, pending(70, "b", invocation_id="b1"))
    day.at(72, up(72, "a", invocation_id="a2"))
    day.at(72.02, failed(72.02, "a", invocation_id="a2"))
    day.at(75, failed(75, "b", invocation_id="b1"))
    day.at(76, failed(76, "c"))


def test_a_moment_in_which_another_pulls_it_up_does_not_hide_that_it_failed_first() -> None:
    day = Day(config("a", "b", "c"), "a", "b", "c")
    three_given_up_one_after_the_other(day)
    units = day.mind.state.units
    assert units["a.service"].failing_since == 40
    assert units["a.service"].failures >= units["b.service"].failures
    first = day.mind.engine.step(day.mind.state, (), 77, scheduled=False).assessment.root_causes[0]
    assert (first.unit, first.at) == ("a.service", 40)


@pytest.mark.parametrize(("up_for_s", "since"), [(4.9, 40.0), (5.1, 47.1)])
def test_what_was_up_for_longer_fails_anew(up_for_s: float, since: float) -> None:
    day = Day(config("a"), "a")
    day.at(40, failed(40, "a"))
    day.at(42, up(42, "a", invocation_id="2"))
    day.at(42 + up_for_s, failed(42 + up_for_s, "a", invocation_id="2"))
    assert day.mind.state.units["a.service"].failing_since == pytest.approx(since)


def test_a_clock_that_is_set_meanwhile_changes_nothing_of_it() -> None:
    day = Day(config("a"), "a")
    day.at(40, failed(40, "a"))
    day.at(42, up(42, "a", invocation_id="2"))
    day.mind.clock_set(1000, 0)
    day.due += 1000
    day.at(1044, failed(1044, "a", invocation_id="2"))
    assert day.mind.state.units["a.service"].failing_since == 1040


def test_what_an_earlier_run_had_failed_before_it_was_well_is_nothing_to_a_later_one() -> None:
    day = Day(config("a"), "a")
    day.at(40, failed(40, "a"))
    day.at(42, up(42, "a", invocation_id="2"))
    day.at(4000, inactive(4000, "a", invocation_id="2", ended_by=Ending.JOB))
    day.at(4100, up(4100, "a", invocation_id="3"))
    day.at(4101, pending(4101, "a", invocation_id="3"))
    unit = day.mind.state.units["a.service"]
    assert (unit.failing_since, unit.failures) == (4101, 1)


def test_the_crash_of_a_mended_fleet_is_not_the_look_that_says_all_well() -> None:
    day = Day(config("a", "b", "c"), "a", "b", "c")
    day.at(40, failed(40, "a"), failed(40, "b"), failed(40, "c"))
    day.at(42, *(up(42, unit, invocation_id="2") for unit in "abc"))
    day.due = 200  # the look that was to end it is late, and the next crash is before it
    for n, unit in enumerate("abc"):
        day.at(75 + n / 1000, pending(75, unit, invocation_id="2"))
    assert day.levels[-1] is Level.CASCADING
    day.at(
        76, failed(76, "a", invocation_id="2"), failed(76, "b", invocation_id="2"), failed(76, "c", invocation_id="2")
    )
    assert day.levels == [Level.NONE, Level.CASCADING], "it was not over in between"


def test_what_went_down_with_a_crash_loop_is_not_said_to_be_stopped_by_its_operator() -> None:
    """BindsTo= and PartOf= take it down, and nothing brings it up, be what it needs mended or not."""
    day = Day(config("a", "b"), "a")
    day.at(1, up(1, "b", needs="a"))
    day.at(40, pending(40, "a", invocation_id="1"), inactive(40, "b", needs="a", ended_by=Ending.JOB))
    for n in range(1, 8):
        day.at(40 + 6 * n, up(40, "a", n=n, invocation_id=f"r{n}"))
        day.at(41 + 6 * n, pending(40, "a", n=n, invocation_id=f"r{n}"))
    day.begin_again(88)
    day.at(90, up(90, "a", n=8, invocation_id="mended"), inactive(90, "b", needs="a", ended_by=Ending.JOB))
    day.at(400)
    assessment = day.mind.engine.step(day.mind.state, (), 400, scheduled=False).assessment
    down = assessment.health["b.service"]
    assert (down.reading.meaning, down.reading.why) == (Meaning.TAKEN_ALONG, "went down with a.service")
    assert down.is_critical
    assert assessment.level is not Level.NONE
    day.at(410, up(410, "b", needs="a", invocation_id="2"))
    day.at(460, inactive(460, "b", needs="a", ended_by=Ending.JOB, invocation_id="2"))
    stopped = day.mind.engine.step(day.mind.state, (), 461, scheduled=False).assessment.health["b.service"]
    assert stopped.reading.meaning is Meaning.STOPPED, "that was its operator"


def test_where_one_fails_not_for_long_enough_it_is_not_all_well() -> None:
    day = Day(config("a", "b"), "a", "b")
    turn = day.mind.take([pending(31, "a", invocation_id="1")], 31, scheduled=False)
    assert turn.step.assessment.level is Level.NONE
    assert because(turn.step.assessment) == "not well yet: a.service (crashed)"


def test_what_is_left_down_when_what_it_needs_is_mended_is_started_and_called_no_cause() -> None:
    day = Day(config("a", "b", "c"), "a")
    day.at(1, up(1, "b", needs="a"), up(1, "c", needs="a"))
    down = [inactive(40, unit, needs="a", ended_by=Ending.JOB) for unit in "bc"]
    day.at(40, failed(40, "a"), *down)
    day.at(70)
    assert day.levels[-1] is Level.CASCADING
    day.at(75, up(75, "a", invocation_id="2"))
    day.at(130)
    step = day.mind.engine.step(day.mind.state, (), 131, scheduled=False)
    assert [root.unit for root in step.assessment.root_causes] == []
    assert next_step(step, day.mind.engine.config, 131).startswith("Start what went down with a.service: ")
    assert "systemctl start b c" in next_step(step, day.mind.engine.config, 131)
