"""Hands off: when people are told that no master restart follows by itself, and when that is over."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.detector.make import failed, inactive, starting, up
from tests.unit.detector.talk import Talk, ran

from standfast.detector.config import RestartSettings
from standfast.detector.limits import asked
from standfast.detector.model import RestartObservation, Run, RunResult
from standfast.events import Event, Kind, Severity
from standfast.unit_names import MASTER_RESTART


def test_hands_off_is_told_once_and_its_end_too() -> None:
    runs = tuple(Run(at, RunResult.SUCCESS, automatic=False) for at in (-2000.0, -1000.0))
    talk = Talk()
    talk.mind.state = replace(talk.mind.state, runs=runs)
    talk.see(failed(100, "a"), failed(100, "b"), failed(100, "c"))  # the third within the hour
    talk.see(up(130, "d"))
    talk.see(up(160, "d"))
    hold = [(event.kind, event.severity) for event in talk.events if event.type == "MASTER_RESTART_HANDS_OFF"]
    assert hold == [(Kind.PROBLEM, Severity.CRITICAL)]
    talk.see(up(3700, "a"), up(3700, "b"), up(3700, "c"))
    talk.see(up(3701, "d"))
    hold = [(event.kind, event.severity) for event in talk.events if event.type == "MASTER_RESTART_HANDS_OFF"]
    assert [kind for kind, _ in hold] == [Kind.PROBLEM, Kind.RESOLVED]


def hands_off(talk: Talk) -> list[Event]:
    return [event for event in talk.events if event.type == "MASTER_RESTART_HANDS_OFF"]


def test_hands_off_is_told_when_the_last_run_has_ended() -> None:
    talk = ran(-2000, -1000)
    talk.see(failed(100, "a"), failed(100, "b"), failed(100, "c"))  # asks for the third within the hour
    talk.see(RestartObservation(101, RunResult.STARTED, "third"), replace(starting(101), unit=MASTER_RESTART))
    talk.see(up(102, "a"), up(102, "b"))
    assert hands_off(talk) == [], "nobody knows yet what is left to do"
    talk.see(replace(inactive(110), unit=MASTER_RESTART), RestartObservation(110, RunResult.PARTIAL, "third"))
    (event,) = hands_off(talk)
    assert event.action.startswith("Look at c.service by hand")
    assert "3 master restarts (2 by hand) within the hour: no automatic one until 01:01:40 UTC" in event.message


def test_after_one_more_run_hands_are_off_for_longer_and_that_is_said() -> None:
    talk = ran(-2000, -1000, 0)
    talk.see(up(10, "a"))
    talk.see(RestartObservation(300, RunResult.STARTED, "fourth"))
    talk.see(RestartObservation(310, RunResult.SUCCESS, "fourth"))
    talk.see(up(400, "a"))
    assert [event.message.partition("until ")[2] for event in hands_off(talk)] == ["01:00:00 UTC", "01:05:00 UTC"]


def test_a_third_time_for_the_same_units_is_handed_to_a_human() -> None:
    units = frozenset({"a.service", "b.service", "c.service"})
    talk = Talk(restart=RestartSettings(max_per_hour=9))
    talk.mind.state = replace(talk.mind.state, runs=asked(asked((), -900, units), -400, units))
    talk.see(failed(100, "a"), failed(100, "b"), failed(100, "c"))
    (event,) = [event for event in talk.events if event.type == "MASTER_RESTART_HANDS_OFF"]
    assert "a human must look" in event.message


def test_a_restart_after_which_all_stood_is_none_that_did_not_help() -> None:
    """Only where the same units fell again soon is another restart no answer."""
    units = frozenset({"a.service", "b.service", "c.service"})
    for stood_s, is_asked in ((320.0, True), (290.0, False)):
        talk = Talk(restart=RestartSettings(max_per_hour=9))
        runs = (*asked((), -900, units), Run(10, RunResult.SUCCESS, automatic=True, units=units))
        talk.mind.state = replace(talk.mind.state, runs=runs)
        talk.see(*(up(20, unit, invocation_id="anew") for unit in "abc"), scheduled=True)
        talk.see(up(300, "d"), scheduled=True)  # the last look: that they stood for long enough shows when they fall
        talk.see(*(failed(20 + stood_s, unit, invocation_id="anew") for unit in "abc"))
        assert talk.mind.state.runs[1].helped is is_asked
        assert ("MASTER_RESTART_HANDS_OFF" in {event.type for event in talk.events}) is not is_asked


def by_hand(talk: Talk, *times: float) -> None:
    for at in times:
        talk.see(RestartObservation(at, RunResult.STARTED, f"run {at}"))
        talk.see(RestartObservation(at + 5, RunResult.SUCCESS, f"run {at}"))


def test_three_by_hand_while_all_is_well_say_until_when_there_is_no_automatic_one() -> None:
    talk = Talk()
    by_hand(talk, 100, 200, 300)
    assert talk.told() == [(Kind.PROBLEM, "MASTER_RESTART_HANDS_OFF", Severity.CRITICAL)]
    said = talk.events[-1]
    assert said.message == "Hands off: 3 manual restarts within the hour: no automatic one until 01:05:00 UTC"
    assert said.action == "Nothing fails now; to allow automatic ones before that: standfastctl release"


def test_a_hold_says_how_many_of_the_restarts_were_by_hand() -> None:
    talk = Talk(restart=RestartSettings(min_gap_s=10))
    talk.see(failed(100, "a"), failed(100, "b"), failed(100, "c"))
    by_hand(talk, 200, 300)
    held = next(event for event in talk.events if event.type == "MASTER_RESTART_HANDS_OFF")
    assert (
        held.message == "Hands off: 3 master restarts (2 by hand) within the hour: no automatic one until 01:05:00 UTC"
    )
    assert held.action.startswith("Look at a.service, b.service, c.service by hand, then standfastctl release")


def test_a_hold_that_a_person_resolved_and_that_goes_on_is_said_anew() -> None:
    talk = Talk()
    by_hand(talk, 100, 200, 300)
    talk.mind.resolved("MASTER_RESTART_HANDS_OFF", MASTER_RESTART)
    talk.see(up(400))
    talk.see(up(401))
    assert [kind for kind, _, _ in talk.told()] == [Kind.PROBLEM, Kind.PROBLEM]


def test_a_hold_that_outlasts_the_hour_says_what_it_is_for() -> None:
    talk = Talk(restart=RestartSettings(cooldown_s=7200))
    by_hand(talk, 100, 200, 300)
    talk.mind.resolved("MASTER_RESTART_HANDS_OFF", MASTER_RESTART)
    talk.see(up(4000, "d"))
    assert talk.events[-1].message == (
        "Hands off: the limit of 3 master restarts in an hour was reached earlier: no automatic one until 02:05:00 UTC"
    )


def test_a_hold_after_the_only_restart_that_is_allowed() -> None:
    talk = Talk(restart=RestartSettings(max_per_hour=1))
    by_hand(talk, 100)
    assert talk.events[-1].message.startswith("Hands off: 1 manual restart within the hour: no automatic one until")


def test_a_ledger_that_was_lost_was_released_by_nobody() -> None:
    talk = Talk()
    talk.mind.told = replace(talk.mind.told, hands_off=True)
    talk.see(up(100, "a"), scheduled=True)
    assert talk.events[-1].message == "A master restart is possible again"


def test_that_a_master_restart_did_not_help_is_not_said_while_all_is_up_after_it() -> None:
    talk = Talk(restart=RestartSettings(max_per_hour=9))
    units = frozenset({"a.service", "b.service", "c.service"})
    talk.mind.state = replace(talk.mind.state, runs=(Run(-500, RunResult.FAILURE, automatic=True, units=units),))
    talk.see(*(failed(100, unit) for unit in "abc"))
    talk.see(RestartObservation(101, RunResult.STARTED, "one"), replace(starting(101), unit=MASTER_RESTART))
    talk.see(*(up(102, unit, invocation_id="2") for unit in "abc"))
    talk.see(replace(inactive(112), unit=MASTER_RESTART), RestartObservation(112, RunResult.SUCCESS, "one"))
    assert not [event for event in talk.events if event.type == "MASTER_RESTART_HANDS_OFF"]
    assert "did not help" not in "".join(talk.lines)
    talk.see(*(failed(115, unit, invocation_id="2") for unit in "abc"))
    assert [event.type for event in talk.events if "did not help" in event.message and event.kind is Kind.PROBLEM] == [
        "MASTER_RESTART_HANDS_OFF"
    ], "they fell again"


def test_who_was_told_of_hands_off_while_all_was_well_is_told_when_the_fleet_falls_again() -> None:
    talk = ran(-900, -800)
    talk.see(RestartObservation(10, RunResult.STARTED, "one"), up(10, "d"))
    talk.see(RestartObservation(20, RunResult.SUCCESS, "one"), up(20, "d"))
    hands_off = [event for event in talk.events if event.type == "MASTER_RESTART_HANDS_OFF"]
    assert [event.action for event in hands_off] == [
        "Nothing fails now; to allow automatic ones before that: standfastctl release"
    ]
    talk.see(*(failed(40, unit) for unit in "abc"))
    talk.see(*(failed(41, unit) for unit in "abc"))
    (_, news) = (event for event in talk.events if event.type == "MASTER_RESTART_HANDS_OFF")
    assert (news.kind, news.data["news"]) == (Kind.UPDATE, True)
    assert news.message.startswith("The fleet fails again, and no master restart follows. Hands off: ")
    assert news.action.startswith("Look at a.service, b.service, c.service by hand, then standfastctl release")
