"""What was told goes on until it is over: a cascade that eases, and an agent that nobody ended in order."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from tests.unit.detector.make import config, failed, inactive, pending, up

from standfast.agent.messages import Messages
from standfast.detector.agent_ends import of_another_run
from standfast.detector.last_words import back, held_by, how, told, with_beginning, with_closed, with_last_word
from standfast.detector.mind import Mind
from standfast.detector.model import Ending, Observation
from standfast.detector.remembering import MISSED_FOR_S, Remembered, to_plain
from standfast.events import Event, Kind, Severity

AGENT = "standfast-agent@dip"


class Day:
    """A mind that looks every 30 s, and what it said of problems."""

    def __init__(self, *units: str) -> None:
        self.mind = Mind(config(*units))
        self.now = 0.0
        self.events: list[Event] = []
        self.see(*(up(0, unit) for unit in units))

    def see(self, *observations: Observation) -> None:
        turn = self.mind.take(observations, self.now, scheduled=True)
        self.events += [event for event in turn.events if event.kind in (Kind.PROBLEM, Kind.UPDATE, Kind.RESOLVED)]
        self.now += 30

    def begin_again(self, boot: str = "boot") -> Remembered:
        """Another life of the detector, which knows only what this one left."""
        plain = to_plain(self.mind.state, self.mind.told, "boot", self.now)
        remembered = Remembered(plain, boot, self.now)
        self.mind = Mind(self.mind.engine.config)
        self.mind.recall((), None, remembered)
        return remembered

    def told(self) -> list[tuple[Kind, str]]:
        return [(event.kind, event.type) for event in self.events]


def test_a_cascade_that_has_eased_to_critical_is_not_over() -> None:
    day = Day("a", "b", "c", "d")
    for _ in range(2):  # a signal's `failed` counts once a look confirms that no restart is pending
        day.see(*(failed(day.now, unit) for unit in "abc"))
    assert (Kind.PROBLEM, "CASCADING_FAILURE") in day.told()
    said = len(day.events)
    for _ in range(3):
        day.see(up(day.now, "a"))
    went_on = (Kind.UPDATE, "CASCADING_FAILURE")
    assert day.told()[said:] == [went_on], "two are still down: nobody is told that it is over"
    assert day.events[-1].action.startswith("They failed together: journalctl -u b -u c; "), "it is the present step"
    for _ in range(3):
        day.see(up(day.now, "b"), up(day.now, "c"))
    assert day.told()[said:] == [went_on, (Kind.RESOLVED, "CASCADING_FAILURE")]


def test_an_agent_that_was_killed_and_then_stopped_is_told_until_it_runs_again() -> None:
    day = Day(AGENT, "b", "c")
    day.see(pending(day.now, AGENT))
    day.see(inactive(day.now, AGENT))  # systemd has unloaded it, and forgotten how it ended
    day.see(inactive(day.now, AGENT))
    (problem,) = (event for event in day.events if event.type == "AGENT_ENDED_UNCLEAN")
    assert (problem.kind, problem.severity) == (Kind.PROBLEM, Severity.CRITICAL)
    assert "stopped before systemd restarted it. What it held may still be open" in problem.message
    assert problem.action.startswith(f"systemctl start {AGENT}.service")
    assert "standfastctl resolve NUMBER" in problem.action
    day.see(up(day.now, AGENT, invocation_id="another"))
    assert day.told()[-1] == (Kind.RESOLVED, "AGENT_ENDED_UNCLEAN")
    assert day.events[-1].data["by_hand"] is True, "its end each time is news, however often somebody started it"


def test_an_agent_that_was_killed_with_what_it_is_bound_to_ended_unclean_too() -> None:
    day = Day(AGENT, "b", "c")
    day.see(up(day.now, AGENT, needs="b"))
    day.see(pending(day.now, "b"), failed(day.now, AGENT, needs="b", result="signal", ended_by=Ending.JOB))
    assert (Kind.PROBLEM, "AGENT_ENDED_UNCLEAN") in day.told()


def test_an_agent_that_ended_unclean_is_told_though_a_cascade_is_not_over_yet() -> None:
    day = Day(AGENT, "a", "b", "c")
    for _ in range(2):
        day.see(*(failed(day.now, unit) for unit in "abc"))
    day.see(*(up(day.now, unit) for unit in "abc"), pending(day.now, AGENT))
    day.now -= 25
    for _ in range(2):
        day.see(inactive(day.now, AGENT))
        day.now -= 29
    goes_on = (Kind.UPDATE, "CASCADING_FAILURE")
    assert day.told() == [(Kind.PROBLEM, "CASCADING_FAILURE"), (Kind.PROBLEM, "AGENT_ENDED_UNCLEAN"), goes_on]


@pytest.mark.parametrize("boot", ["boot", "another"])
def test_a_new_life_of_the_detector_ends_nothing_that_an_agent_left_open(boot: str) -> None:
    day = Day("standfast-agent@*", "b")
    day.see(up(day.now, AGENT), up(day.now, "b"))
    day.see(pending(day.now, AGENT))
    day.see(inactive(day.now, AGENT))
    assert day.told() == [(Kind.PROBLEM, "AGENT_ENDED_UNCLEAN")]
    names = day.begin_again(boot).names
    assert f"{AGENT}.service" in names, "no glob finds an unloaded unit: it is asked for by its name"
    assert "b.service" not in names
    day.see(up(day.now, "b"))  # nothing is known of the agent yet
    day.see(inactive(day.now, AGENT))
    assert day.told() == [(Kind.PROBLEM, "AGENT_ENDED_UNCLEAN")]
    day.see(up(day.now, AGENT, invocation_id="another"))
    assert day.told()[1:] == [(Kind.RESOLVED, "AGENT_ENDED_UNCLEAN")]


def test_an_agent_that_crashed_once_and_was_stopped_in_order_is_not_unclean_in_a_new_life() -> None:
    day = Day(AGENT)
    day.see(pending(day.now, AGENT))
    day.see(up(day.now, AGENT, n=1, invocation_id="another"))
    day.see(inactive(day.now, AGENT, ended_by=Ending.JOB))
    day.begin_again()
    day.see(inactive(day.now, AGENT))
    assert "AGENT_ENDED_UNCLEAN" not in [kind for _, kind in day.told()]


def test_who_has_been_stopped_for_long_is_not_missed() -> None:
    day = Day(AGENT)
    day.see(inactive(day.now, AGENT, ended_by=Ending.JOB))
    assert day.begin_again().names == {f"{AGENT}.service"}
    day.now += MISSED_FOR_S
    assert day.begin_again().names == set()


def test_what_an_agent_held_that_ended_unclean_stands_in_its_problem() -> None:
    day = Day(AGENT)
    for _ in range(2):
        day.see(inactive(day.now, AGENT, result="signal", ended_by=Ending.JOB))
    (problem,) = day.events
    assert told(problem, None) is problem
    held = told(problem, "+1 NSE:SBIN MIS")
    began = problem.message.partition("What it held")[0] + "By its own books it held "
    assert began.startswith(f"{AGENT}.service did not end in order: its process was killed, crashed or took too long")
    assert held.message == f"{began}+1 NSE:SBIN MIS, and nobody closes that"
    assert (held.severity, held.action) == (Severity.CRITICAL, problem.action)
    nothing = told(problem, "")
    assert (nothing.message, nothing.severity) == (f"{began}nothing", Severity.WARNING)
    assert nothing.action.startswith(f"systemctl start {AGENT}.service, or, if it is not to run: standfastctl resolve")


def test_what_an_agent_held_that_systemd_gave_up_stands_in_its_problem() -> None:
    day = Day(AGENT)
    for _ in range(2):
        day.see(failed(day.now, AGENT))
    (problem,) = day.events
    assert problem.type == "UNIT_FAILING"
    assert told(problem, "") is problem
    held = told(problem, "+1 NSE:SBIN MIS")
    assert held.message == f"{problem.message}. By its own books it held +1 NSE:SBIN MIS, and nobody manages that"
    assert (held.kind, held.severity) == (Kind.PROBLEM, Severity.CRITICAL), "told at once"
    assert held.action.startswith("Look at the positions at the broker")
    assert f"systemctl reset-failed {AGENT}.service && systemctl start {AGENT}.service" in held.action


def test_that_systemd_gave_up_a_failing_unit_is_said_and_of_an_agent_that_holds_something_is_told() -> None:
    day = Day(AGENT)
    for n in range(3):
        day.see(pending(day.now, AGENT, n=n))
    (first,) = day.events
    assert "systemd is going to restart it" in first.message
    assert told(first, "+1 X").severity is Severity.WARNING, "it comes back, and manages what it holds"
    for _ in range(3):
        day.see(failed(day.now, AGENT, n=3))
    assert day.told() == [(Kind.PROBLEM, "UNIT_FAILING"), (Kind.UPDATE, "UNIT_FAILING")]
    update = day.events[-1]
    words = update.data["words"]
    assert words == f"{AGENT}.service fails: it ended (exit-code), and no restart is pending"
    assert "systemctl reset-failed" in update.action
    assert told(update, "") is update
    held = told(update, "+1 X")
    assert (held.kind, held.severity) == (Kind.PROBLEM, Severity.CRITICAL)
    assert held.message == f"{words}. By its own books it held +1 X, and nobody manages that"
    day.see(pending(day.now, AGENT, n=0, invocation_id="another"))
    assert day.told()[2:] == [(Kind.UPDATE, "UNIT_FAILING")], "somebody started it, and it crashed again"
    again = told(day.events[-1], "+1 X")
    assert again.kind is Kind.UPDATE
    assert "systemd is going to restart it" in str(again.data["words"])
    assert str(again.data["words"]).endswith("By its own books it held +1 X")


def test_only_the_newest_word_of_an_agent_tells_what_it_held() -> None:
    assert held_by(None) is None
    assert held_by(Event(Kind.STATE, "Agent dip: STARTING -> ACTIVE")) is None
    assert held_by(Event(Kind.STATE, "", type="AGENT_ENDED_UNCLEAN", data={"held": 1})) is None
    over = Event(Kind.RESOLVED, f"{AGENT}.service runs again", type="AGENT_ENDED_UNCLEAN")
    assert with_last_word(over) is over, "of no agent"
    assert back(over, "") is over
    known = "runs again; it held +5 X by its own books, which its strategy manages once it is ACTIVE"
    assert known in back(over, "+5 X").message
    told_to_people = back(replace(over, data={"words": f"{AGENT}.service runs again"}), "+5 X").data["words"]
    assert known in str(told_to_people)


def test_how_an_agents_process_ended_stands_in_its_problem_where_its_unit_told() -> None:
    day = Day(AGENT)
    for _ in range(3):
        day.see(inactive(day.now, AGENT, result="signal", ended_by=Ending.JOB))
    (problem,) = day.events
    last = Messages("dip").ended_unclean("signal SEGV at /srv/dip.py:7 in tick", "")
    begun = (
        "did not end in order (signal SEGV at /srv/dip.py:7 in tick), and it was stopped before systemd restarted it. "
    )
    assert how(problem, last).message.startswith(f"{AGENT}.service {begun}")
    assert how(problem, None) is problem


def test_the_last_word_before_this_run_is_of_the_run_before() -> None:
    entries = [{"_SYSTEMD_INVOCATION_ID": run, "n": n} for n, run in enumerate("bbba")]
    reader = SimpleNamespace(get_previous=lambda: entries.pop(0) if entries else {})
    assert of_another_run(reader, "b")["n"] == 3
    assert of_another_run(reader, "b") == {}
    assert of_another_run(SimpleNamespace(get_previous=lambda: {"_SYSTEMD_INVOCATION_ID": "b"}), "b") == {}


def test_nobody_is_sent_to_a_broker_about_an_agent_that_held_on_paper() -> None:
    day = Day(AGENT)
    for _ in range(2):
        day.see(failed(day.now, AGENT))
    (problem,) = day.events
    held = told(problem, "+1 X (on paper)")
    assert (held.severity, held.action) == (Severity.CRITICAL, problem.action)
    ended = replace(problem, type="AGENT_ENDED_UNCLEAN")
    assert "broker" not in told(ended, "+1 X (on paper)").action


def test_an_unclean_end_began_when_it_was_whoever_came_later() -> None:
    last = Event(Kind.STATE, "", type="AGENT_ENDED_UNCLEAN")
    ended = Event(Kind.PROBLEM, "", type="AGENT_ENDED_UNCLEAN", data={"reasons": []})
    assert with_beginning(ended, last, 10.5).data == {"reasons": [], "since": "1970-01-01T00:00:10.500+00:00"}
    assert with_beginning(ended, None, None) is ended
    assert with_beginning(ended, Event(Kind.STATE, "Agent dip: STARTING"), 10.5) is ended


def test_what_an_agent_can_end_no_more_is_closed_by_its_problem() -> None:
    last = Event(Kind.STATE, "", type="AGENT_ENDED_UNCLEAN", data={"held": "", "closes": ["CRASH_COOL_OFF"]})
    ended = Event(Kind.PROBLEM, "", type="AGENT_ENDED_UNCLEAN", data={"reasons": []})
    assert with_closed(ended, last).data == {"reasons": [], "closes": ["CRASH_COOL_OFF"]}
    failing = Event(Kind.PROBLEM, "", type="UNIT_FAILING")
    assert with_closed(failing, last) is failing, "systemd may start it again"
    given_up = replace(failing, data={"given_up": True})
    assert with_closed(given_up, last).data == {"given_up": True, "closes": ["CRASH_COOL_OFF"]}
    assert with_closed(ended, Event(Kind.STATE, "", data={"closes": ["X"]})) is ended


def test_another_unit_that_was_stopped_while_it_waited_for_its_restart_is_stopped() -> None:
    day = Day("a", "b", "c")
    day.see(pending(day.now, "a"))
    day.see(inactive(day.now, "a", result="signal"))
    assert "AGENT_ENDED_UNCLEAN" not in [kind for _, kind in day.told()]
    assert day.mind.state.units["a.service"].seen.result == "signal"


def test_what_goes_on_though_a_person_resolved_it_is_said_anew_once() -> None:
    day = Day("a", "b")
    for _ in range(2):
        day.see(failed(day.now, "a"))
    day.mind.resolved("UNIT_FAILING", "a.service")
    for _ in range(3):
        day.see(failed(day.now, "a"))
    assert day.told() == [(Kind.PROBLEM, "UNIT_FAILING")] * 2
    day.mind.resolved("UNIT_FAILING", "b.service")
    day.see(up(day.now, "a"))
    assert day.told()[2:] == [(Kind.RESOLVED, "UNIT_FAILING")], "its end is told once"


def test_what_is_over_when_a_person_resolves_it_is_not_said_again() -> None:
    day = Day("a", "b")
    for _ in range(2):
        day.see(failed(day.now, "a"))
    day.mind.resolved("UNIT_FAILING", "a.service")
    day.see(up(day.now, "a"))
    assert day.told() == [(Kind.PROBLEM, "UNIT_FAILING")]


def test_how_an_agent_ended_is_over_when_a_person_has_seen_to_it() -> None:
    day = Day(AGENT)
    for _ in range(3):
        day.see(inactive(day.now, AGENT, result="signal", ended_by=Ending.JOB))
    day.mind.resolved("AGENT_ENDED_UNCLEAN", f"{AGENT}.service")
    for _ in range(3):
        day.see(inactive(day.now, AGENT, result="signal", ended_by=Ending.JOB))
    assert day.told() == [(Kind.PROBLEM, "AGENT_ENDED_UNCLEAN")]


def test_what_a_unit_took_along_is_started_by_its_next_step_too() -> None:
    day = Day("a", "b")
    day.see(up(day.now, "a"), up(day.now, "b", needs="a"))
    for n in range(4):
        day.see(pending(day.now, "a", n=n), inactive(day.now, "b", needs="a", ended_by=Ending.JOB))
    (first,) = (event for event in day.events if event.unit == "a.service")
    assert first.action == "See why: journalctl -u a.service; when it is up, what it took along: systemctl start b"


def test_what_went_down_with_a_crash_that_nobody_watched_was_taken_along() -> None:
    day = Day("a", "b")
    day.see(up(day.now, "b", needs="a"))
    day.begin_again()
    crashed_at = day.now - 5
    day.see(up(day.now, "a", n=1, since=crashed_at + 0.3), inactive(day.now, "b", needs="a", since=crashed_at))
    day.see(up(day.now, "a", n=1, since=crashed_at + 0.3), inactive(day.now, "b", needs="a", since=crashed_at))
    assert day.mind.state.units["b.service"].failures > 0


def test_a_crash_that_was_counted_for_the_next_look_is_not_counted_once_more_by_the_next_life() -> None:
    day = Day("a", "b")
    day.now -= 25
    day.mind.take([pending(day.now, "a")], day.now, scheduled=False)
    day.mind.take([up(day.now + 1, "a", n=1)], day.now + 1, scheduled=False)
    assert day.mind.state.units["a.service"].failures == 1
    day.begin_again()
    day.see(up(day.now, "a", n=1), up(day.now, "b"))
    assert day.mind.state.units["a.service"].failures == 1
