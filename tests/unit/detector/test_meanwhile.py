"""What a fleet's problem stands as while it is not known yet whether what came up stays well."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.detector.make import config, failed, inactive, pending, starting, up
from tests.unit.detector.talk import Talk
from tests.unit.detector.test_lasting import Day

from standfast.detector.config import Mode
from standfast.detector.model import Ending, RestartObservation, RunResult
from standfast.detector.status import status
from standfast.events import Kind
from standfast.unit_names import MASTER_RESTART


def steps(day: Day, since: int) -> list[str]:
    return [event.action for event in day.events[since:] if event.kind is Kind.UPDATE]


def cascade() -> Day:
    day = Day("a", "b", "c")
    day.see(*(failed(day.now, unit) for unit in "abc"))
    return day


def test_what_fails_again_is_no_longer_waited_for() -> None:
    day = cascade()
    said = len(day.events)
    for pause_s, seen in ((0, up), (5, up), (1, failed), (1, failed)):
        day.now += pause_s - 30
        others = (seen(day.now, unit, invocation_id="2") for unit in "bc")
        day.see(*others, up(day.now, "a", invocation_id="2"))
    wait, look = steps(day, said)
    assert wait == "Wait: it is over when these have stayed well: a.service, b.service, c.service"
    assert look == (
        "They failed together: journalctl -u b -u c; "
        "when that is mended: systemctl reset-failed b c && systemctl start b c"
    )


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
    assert steps(day, said) == [
        "Start what went down with a.service: systemctl start b; why that failed: journalctl -u a"
    ]


def test_of_units_that_are_all_up_again_none_is_said_to_fail_first() -> None:
    day = cascade()
    turn = day.mind.take([up(40, unit, invocation_id="2") for unit in "abc"], 40, scheduled=False)
    found = status(turn.step, config("a", "b", "c"), 40.0, told=day.mind.told)
    assert turn.step.assessment.held
    assert (found["root_cause"], found["failed_first"], found["failed_together"]) == ([], [], False)


def test_what_is_so_for_a_moment_only_is_not_said() -> None:
    """Another unit's Wants= pulls them up again and again, and they fail at once."""
    day = cascade()
    said = len(day.events)
    for run in "234":
        for seen in (up, pending, failed, failed):
            day.now -= 29.9
            day.see(*(seen(day.now, unit, invocation_id=run) for unit in "ab"))
    assert steps(day, said) == []


def test_whoever_waits_for_the_next_master_restart_by_the_report_of_one_is_told_that_it_does_not_come() -> None:
    talk = Talk()
    talk.see(failed(100, "a"), failed(100, "b"), failed(100, "c"))
    talk.see(RestartObservation(101, RunResult.STARTED, "one"), replace(starting(101), unit=MASTER_RESTART))
    talk.see(replace(inactive(110), unit=MASTER_RESTART), RestartObservation(110, RunResult.FAILURE, "one"))
    for at in (120, 150, 180):
        talk.see(up(at, "a"), scheduled=True)
    (news,) = (event for event in talk.events if event.data.get("news"))
    assert (news.level, news.type) == ("CRITICAL", "CASCADING_FAILURE")


def test_no_level_ends_in_a_moment_that_a_replay_knows_nothing_of() -> None:
    talk = Talk(Mode.OBSERVE)
    talk.see(failed(100, "a"), failed(100, "b"), failed(100, "c"))
    talk.see(*(up(110, unit, invocation_id="2") for unit in "abc"))
    found = talk.see(up(145, "d"))
    assert (found.step.assessment.level.name, found.step.assessment.held) == ("CASCADING", True)
    assert talk.see(up(150, "d"), scheduled=True).step.assessment.level.name == "NONE"


def test_a_level_that_eases_in_such_a_moment_is_said_to_ease_at_the_next_look_and_not_to_be_over() -> None:
    talk = Talk(Mode.OBSERVE)
    talk.see(failed(100, "a"), failed(100, "b"), failed(100, "c"))
    talk.see(up(110, "a", invocation_id="2"))
    found = talk.see(up(145, "d")).step.assessment
    assert (found.level.name, found.reasons[0]) == ("CASCADING", "CRITICAL from the next look on")
