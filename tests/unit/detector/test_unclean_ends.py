"""That an agent's process runs again is not that it manages again what it held: its problem is over only then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.detector.make import failed, inactive, pending, up
from tests.unit.detector.test_lasting import AGENT, Day

from standfast import paths, statusfile
from standfast.detector.agent_status import said_by
from standfast.detector.history import from_line, to_line
from standfast.detector.last_words import back, unmanaged
from standfast.detector.model import AgentObservation, Ending
from standfast.events import Event, Kind, Severity

UNIT = f"{AGENT}.service"
UPDATE, RESOLVED = Kind.UPDATE, Kind.RESOLVED
STARTING = AgentObservation(0, UNIT, "STARTING", flat=False)
ACTIVE = AgentObservation(0, UNIT, "ACTIVE", flat=False)


def stopped_after_a_kill() -> Day:
    day = Day(AGENT)
    day.see(pending(day.now, AGENT))
    day.see(inactive(day.now, AGENT))
    assert day.told() == [(Kind.PROBLEM, "AGENT_ENDED_UNCLEAN")]
    return day


def given_up() -> Day:
    day = Day(AGENT)
    for _ in range(2):
        day.see(failed(day.now, AGENT))
    assert day.told() == [(Kind.PROBLEM, "UNIT_FAILING")]
    return day


@pytest.mark.parametrize("begun", [stopped_after_a_kill, given_up])
def test_a_problem_is_not_over_before_the_agent_manages_what_it_held(begun: object) -> None:
    day = begun()  # type: ignore[operator]
    assert day.mind.told.asked_agents == {UNIT}
    day.see(up(day.now, AGENT, invocation_id="another"), STARTING)
    (first, goes_on) = day.events
    assert (goes_on.kind, goes_on.type, goes_on.severity) == (UPDATE, first.type, Severity.CRITICAL)
    says = f"{UNIT} runs again, but is STARTING: until it is ACTIVE nobody manages what it held"
    assert goes_on.data["words"] == says
    assert "standfastctl status" in goes_on.action
    for _ in range(4):
        day.see(up(day.now, AGENT, invocation_id="another"))
    assert len(day.events) == 2, "it is said once"
    day.see(ACTIVE)
    over = day.events[-1]
    assert (over.kind, over.type, over.state) == (RESOLVED, first.type, "ACTIVE")
    assert "which its strategy manages again" in back(over, "+5 X").message
    assert day.mind.told.asked_agents == frozenset()


@pytest.mark.parametrize(
    "said", [replace(STARTING, flat=True), replace(STARTING, state="ERROR", killed=True), AgentObservation(0, UNIT, "")]
)
def test_what_holds_nothing_is_killed_by_a_human_or_says_nothing_is_not_waited_for(said: AgentObservation) -> None:
    day = stopped_after_a_kill()
    day.see(up(day.now, AGENT, invocation_id="another"), said)
    assert day.told()[1:] == [(RESOLVED, "AGENT_ENDED_UNCLEAN")]
    assert "once it is ACTIVE" in back(day.events[-1], "+5 X").message


def test_an_agent_that_crashes_again_before_it_manages_what_it_held_is_the_same_problem() -> None:
    day = stopped_after_a_kill()
    day.see(up(day.now, AGENT, invocation_id="another"), STARTING)
    day.see(pending(day.now, AGENT, invocation_id="another"))
    assert day.told()[1:] == [(UPDATE, "AGENT_ENDED_UNCLEAN")]
    day.see(inactive(day.now, AGENT, invocation_id="another"))
    assert day.told()[1:] == [(UPDATE, "AGENT_ENDED_UNCLEAN")] * 2, "and was stopped, so nothing starts it again"
    assert "stopped before systemd restarted it" in str(day.events[-1].data["words"])


def test_an_agent_stopped_in_order_before_it_managed_what_it_held_tells_of_its_end_itself() -> None:
    day = stopped_after_a_kill()
    day.see(up(day.now, AGENT, invocation_id="another"), STARTING)
    day.see(inactive(day.now, AGENT, invocation_id="another", ended_by=Ending.JOB))
    over = day.events[-1]
    assert (over.kind, over.type) == (RESOLVED, "AGENT_ENDED_UNCLEAN")
    assert "was stopped in order; its end told" in over.message, "not how long: a message says that, from its beginning"
    assert over.state == ""


def test_a_new_life_of_the_detector_goes_on_waiting() -> None:
    day = stopped_after_a_kill()
    day.see(up(day.now, AGENT, invocation_id="another"), STARTING)
    day.begin_again()
    assert day.mind.told.asked_agents == {UNIT}
    day.see(up(day.now, AGENT, invocation_id="another"), STARTING)
    day.see(up(day.now, AGENT, invocation_id="another"))
    assert day.told()[1:] == [(UPDATE, "AGENT_ENDED_UNCLEAN")]
    day.see(ACTIVE)
    assert day.told()[2:] == [(RESOLVED, "AGENT_ENDED_UNCLEAN")]


def test_what_it_held_stands_in_what_is_said_of_it() -> None:
    words = f"{UNIT} runs again, but is STARTING: until it is ACTIVE nobody manages what it held"
    event = Event(UPDATE, f"X goes on. {words}", action="See", data={"words": words, "unmanaged": True})
    assert unmanaged(event, None) is event
    real = unmanaged(event, "+5 NSE:SBIN MIS")
    assert real.data["words"] == f"{words} (+5 NSE:SBIN MIS)"
    assert real.message.endswith("what it held (+5 NSE:SBIN MIS)")
    assert real.action == "See; until it is ACTIVE look at the positions at the broker"
    assert unmanaged(event, "+5 NSE:SBIN MIS (on paper)").action == "See"


def test_what_an_agent_says_is_on_record_when_it_is_news(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "agent_status", lambda name: tmp_path / f"{name}.json")
    nothing = said_by(UNIT, 1.0, None)
    assert nothing == AgentObservation(1.0, UNIT, "")
    statusfile.write(tmp_path / "dip.json", {"state": "ERROR", "failure": {"type": "KILLED"}, "flat": False})
    killed = said_by(UNIT, 2.0, nothing)
    assert killed == AgentObservation(2.0, UNIT, "ERROR", killed=True, flat=False)
    assert from_line(to_line(killed)) == killed
    assert said_by(UNIT, 3.0, killed) is None
    (tmp_path / "dip.json").write_text('{"state": 7, "failure": "x", "flat": "no"}')
    assert said_by(UNIT, 4.0, killed) == AgentObservation(4.0, UNIT, "")
    (tmp_path / "dip.json").write_text("{")
    assert said_by(UNIT, 5.0, killed) == AgentObservation(5.0, UNIT, "")
