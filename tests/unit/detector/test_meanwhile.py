"""What a fleet's problem stands as while it is not known yet whether what came up stays well."""

from __future__ import annotations

from tests.unit.detector.make import config, failed, inactive, up
from tests.unit.detector.test_lasting import Day

from standfast.detector.model import Ending
from standfast.detector.status import status
from standfast.events import Kind


def steps(day: Day, since: int) -> list[str]:
    return [event.action for event in day.events[since:] if event.kind is Kind.UPDATE]


def cascade() -> Day:
    day = Day("a", "b", "c")
    day.see(*(failed(day.now, unit) for unit in "abc"))
    return day


def test_what_fails_again_is_no_longer_waited_for() -> None:
    day = cascade()
    said = len(day.events)
    day.see(*(up(day.now, unit, invocation_id="2") for unit in "abc"))
    day.now -= 25
    day.see(*(failed(day.now, unit, invocation_id="2") for unit in "bc"))
    wait, look = steps(day, said)
    assert wait == "Wait: it is over when these have stayed well: a.service, b.service, c.service"
    assert look == "They failed together: journalctl -u b -u c"


def test_what_went_down_with_a_unit_that_is_mended_is_to_be_started_before_that_is_proven() -> None:
    day = Day("a", "b")
    day.see(up(day.now, "b", needs="a"))
    down = inactive(day.now, "b", needs="a", ended_by=Ending.JOB)
    day.see(failed(day.now, "a"), down)
    assert day.told()[-1] == (Kind.PROBLEM, "FLEET_CRITICAL")
    assert day.events[-1].action == (
        "Why a.service failed: journalctl -u a.service; "
        "when that is mended: systemctl reset-failed a && systemctl start a b"
    )
    said = len(day.events)
    day.see(up(day.now, "a", invocation_id="2"))
    day.now -= 25
    day.see(up(day.now, "a", invocation_id="2"))
    assert steps(day, said) == ["Start what went down with another: systemctl start b"]


def test_of_units_that_are_all_up_again_none_is_said_to_fail_first() -> None:
    day = cascade()
    turn = day.mind.take([up(40, unit, invocation_id="2") for unit in "abc"], 40, scheduled=False)
    found = status(turn.step, config("a", "b", "c"), 40.0, told=day.mind.told)
    assert turn.step.assessment.held
    assert (found["root_cause"], found["failed_first"], found["failed_together"]) == ([], [], False)
