"""What people are told: a problem for each unit that fails, one for the fleet when it is worse, and each end once."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.detector.make import failed, inactive, pending, starting, up
from tests.unit.detector.talk import Talk

from standfast.detector.announce import Told, status_line
from standfast.detector.config import Mode, RestartSettings
from standfast.detector.limits import asked
from standfast.detector.model import FileObservation, ReleaseObservation, RunResult
from standfast.events import Kind, Severity
from standfast.unit_names import MASTER_RESTART


def test_a_cascade_at_once_is_one_critical_problem_and_one_recovery() -> None:
    talk = Talk()
    talk.see(failed(100, "a"), failed(100, "b"), failed(100, "c"))
    talk.see(up(110, "a"), up(110, "b"), up(110, "c"))
    talk.see(up(115, "d"))
    talk.see(up(150, "d"), scheduled=True)
    assert talk.told() == [
        (Kind.PROBLEM, "CASCADING_FAILURE", Severity.CRITICAL),
        (Kind.UPDATE, "CASCADING_FAILURE", Severity.CRITICAL),
        (Kind.RESOLVED, "CASCADING_FAILURE", Severity.CRITICAL),
    ]
    update = next(event for event in talk.events if event.kind is Kind.UPDATE)
    assert update.data["words"] == "what failed has yet to stay well: a.service, b.service, c.service"
    assert update.action == "Wait: it is over when these have stayed well: a.service, b.service, c.service"
    assert talk.levels() == ["CASCADING", "NONE"]
    assert "after 50 s" in talk.events[-1].message
    assert talk.events[-1].data["words"] == "CASCADING_FAILURE is over; level NONE: all well", (
        "the message counts itself"
    )


def test_a_problem_that_gets_worse_gives_way_without_being_over() -> None:
    talk = Talk()
    talk.see(failed(100, "a"))
    talk.see(failed(101, "b"))
    talk.see(failed(102, "c"))
    assert talk.told() == [
        (Kind.PROBLEM, "UNIT_FAILING", Severity.WARNING),
        (Kind.RESOLVED, "UNIT_FAILING", Severity.WARNING),
        (Kind.PROBLEM, "FLEET_CRITICAL", Severity.WARNING),
        (Kind.RESOLVED, "FLEET_CRITICAL", Severity.WARNING),
        (Kind.PROBLEM, "CASCADING_FAILURE", Severity.CRITICAL),
    ]
    superseded = [event.data.get("superseded_by") for event in talk.events if event.kind is Kind.RESOLVED]
    assert superseded == ["FLEET_CRITICAL", "CASCADING_FAILURE"]
    words = [event.message for event in talk.events if event.kind is Kind.RESOLVED]
    assert words == [
        "UNIT_FAILING of a.service gave way to FLEET_CRITICAL",
        "FLEET_CRITICAL gave way to CASCADING_FAILURE",
    ]


def test_a_problem_of_the_fleet_names_for_programs_whom_it_is_about() -> None:
    talk = Talk(critical_files=("/f.json",))
    talk.see(failed(100, "a"))
    talk.see(failed(101, "b"))
    talk.see(failed(102, "c"))
    about = {event.type: event.data.get("about") for event in talk.events if event.kind is Kind.PROBLEM}
    assert about["UNIT_FAILING"] is None
    assert about["FLEET_CRITICAL"] == ["a.service", "b.service"]
    assert about["CASCADING_FAILURE"] == ["a.service", "b.service", "c.service"]


def test_a_problem_that_gets_better_is_over_and_the_lesser_one_is_told() -> None:
    talk = Talk()
    talk.see(failed(100, "a"), failed(100, "b"), failed(100, "c"))
    talk.see(up(110, "a"), up(110, "b"))
    talk.see(up(150, "d"), scheduled=True)
    assert talk.told()[1:] == [
        (Kind.RESOLVED, "CASCADING_FAILURE", Severity.CRITICAL),
        (Kind.PROBLEM, "UNIT_FAILING", Severity.WARNING),
    ]
    assert "superseded_by" not in talk.events[-2].data
    assert talk.events[-1].unit == "c.service"


def test_each_unit_that_fails_is_a_problem_of_its_own() -> None:
    talk = Talk()
    talk.see(failed(100, "a"))
    talk.see(up(200, "a"), failed(200, "b"))
    about = [(event.kind, event.unit) for event in talk.events if event.type == "UNIT_FAILING"]
    assert about == [
        (Kind.PROBLEM, "a.service"),
        (Kind.RESOLVED, "a.service"),
        (Kind.PROBLEM, "b.service"),
    ]
    begun, ended = (event for event in talk.events if event.unit == "a.service")
    assert begun.message.startswith("a.service fails: ")
    assert "in a row" not in begun.message, "it is shown while the problem lasts, and the number grows"
    assert begun.action == (
        "See why: journalctl -u a.service; mend it, then systemctl reset-failed a.service && systemctl start a.service"
    )
    assert ended.message == "a.service no longer fails, after 1 min 40 s: active"


def test_the_level_holds_while_a_master_restart_runs() -> None:
    talk = Talk()
    talk.see(failed(100, "a"), failed(100, "b"), failed(100, "c"))
    talk.see(replace(starting(100.1), unit=MASTER_RESTART))
    talk.see(inactive(100.2, "a"), inactive(100.2, "b"), inactive(100.2, "c"))  # its limits are cleared
    talk.see(up(101, "a"), up(101, "b"), up(101, "c"))
    assert talk.levels() == ["CASCADING"]
    talk.see(replace(inactive(141), unit=MASTER_RESTART))
    assert talk.levels() == ["CASCADING", "NONE"]


def test_the_level_holds_until_what_failed_has_stayed_up() -> None:
    """Another's Wants= pulls up for a moment what systemd has given up: nobody is to go back to bed for that."""
    units = frozenset({"a.service", "b.service", "c.service"})
    talk = Talk(restart=RestartSettings(max_per_hour=9))
    talk.mind.state = replace(talk.mind.state, runs=asked(asked((), -900, units), -400, units))
    talk.see(failed(100, "a"), failed(100, "b"), failed(100, "c"))
    said = len(talk.events)
    talk.see(up(106, "a", invocation_id="pulled up"))
    talk.see(up(110, "d"), scheduled=True)
    talk.see(failed(111, "a", invocation_id="pulled up"))
    assert talk.levels() == ["CASCADING"]
    assert talk.events[said:] == []
    talk.see(up(200, "a"), up(200, "b"), up(200, "c"))
    talk.see(up(240, "d"), scheduled=True)
    assert talk.levels() == ["CASCADING", "NONE"]
    ends = [event.type for event in talk.events[said:] if event.kind is Kind.RESOLVED]
    assert ends == ["CASCADING_FAILURE", "MASTER_RESTART_HANDS_OFF"]
    assert talk.events[-1].message == (
        "A master restart is possible again, but not for a.service, b.service, c.service together before 00:45:00 UTC, "
        "unless released"
    ), "nobody has released it"


def test_what_falls_again_at_once_after_a_master_restart_is_not_over() -> None:
    """It was up for a moment, at which its failures in a row ended: what failed is no better for that."""
    talk = Talk()
    talk.see(failed(100, "a"), failed(100, "b"), failed(100, "c"))
    talk.see(replace(starting(100.1), unit=MASTER_RESTART))
    talk.see(*(up(101, unit, invocation_id="2") for unit in "abc"))
    talk.see(*(pending(101.3, unit, invocation_id="2") for unit in "abc"))
    talk.see(replace(inactive(111), unit=MASTER_RESTART))
    for n in range(6):
        at = 112 + n * 30
        talk.see(*(up(at, unit, n=n + 1, invocation_id=f"{n}") for unit in "abc"))
        talk.see(*(pending(at + 0.3, unit, n=n + 1, invocation_id=f"{n}") for unit in "abc"), scheduled=True)
    assert talk.levels() == ["CASCADING"]
    assert Kind.RESOLVED not in [kind for kind, _, _ in talk.told()]
    reasons = talk.mind.engine.step(talk.mind.state, (), 300.0, scheduled=False).assessment.reasons
    assert reasons[0].startswith("3 critical units fail"), "they fail on: none has been well for a moment"


def test_a_release_ends_hands_off_while_what_failed_comes_up() -> None:
    units = frozenset({"a.service", "b.service", "c.service"})
    talk = Talk(restart=RestartSettings(max_per_hour=9))
    talk.mind.state = replace(talk.mind.state, runs=asked(asked((), -900, units), -400, units))
    talk.see(failed(100, "a"), failed(100, "b"), failed(100, "c"))
    talk.see(up(106, "a"), ReleaseObservation(106))
    assert talk.told()[-1] == (Kind.RESOLVED, "MASTER_RESTART_HANDS_OFF", Severity.WARNING)
    assert talk.events[-1].message == "Released by a human: a master restart is possible again"
    assert talk.events[-1].data == {"by_hand": True}, "to be released again and again is no coming and going"


def test_the_problem_names_the_first_and_what_it_took_along() -> None:
    talk = Talk()
    talk.see(up(10, "b", needs="a"), up(10, "c", needs="a"))
    talk.see(failed(100, "a"), inactive(100, "b", needs="a"), inactive(100, "c", needs="a"))
    event = next(event for event in talk.events if event.kind is Kind.PROBLEM)
    assert "a.service took along b.service, c.service" in event.message
    assert event.data["root_cause"] == ["a.service"]
    assert event.unit == "standfast-detector.service"
    assert event.action


def test_observe_says_what_it_would_have_done_once() -> None:
    talk = Talk(Mode.OBSERVE)
    talk.see(failed(100, "a"), failed(100, "b"), failed(100, "c"))
    talk.see(up(101, "d"))
    talk.see(up(102, "d"))
    assert talk.lines == [
        'Would have asked for a master restart because of a.service, b.service, c.service (mode = "observe")'
    ]


def test_a_decision_is_an_event_for_the_history() -> None:
    talk = Talk(Mode.OBSERVE)
    talk.see(failed(100, "a"), failed(100, "b"), failed(100, "c"))
    (event,) = [one for one in talk.events if one.kind is Kind.DECISION]
    assert (event.type, event.unit) == ("MASTER_RESTART_OBSERVED", MASTER_RESTART)
    assert event.data == {"reason": "observe", "causes": ["a.service", "b.service", "c.service"]}


def test_that_the_master_restart_asked_for_runs_is_no_line_of_its_own() -> None:
    talk = Talk()
    talk.see(failed(100, "a"), failed(100, "b"), failed(100, "c"))
    talk.see(replace(starting(100.1), unit=MASTER_RESTART))
    talk.see(failed(101, "d"))
    (line,) = talk.lines
    assert line.startswith("Asking for a master restart because of ")


def test_a_problem_of_the_fleet_began_when_so_many_failed_as_make_its_level() -> None:
    """Message, errors, page and history are to say the same of how long it lasted."""
    talk = Talk()
    talk.see(failed(60, "c"))
    talk.see(failed(100, "a"))
    talk.see(failed(220, "b"))
    began = {event.type: event.data["since"] for event in talk.events if event.kind is Kind.PROBLEM}
    assert began == {
        "UNIT_FAILING": "1970-01-01T00:01:00.000+00:00",
        "FLEET_CRITICAL": "1970-01-01T00:01:40.000+00:00",
        "CASCADING_FAILURE": "1970-01-01T00:03:40.000+00:00",
    }
    talk.see(up(600, "a"), up(600, "b"), up(600, "c"))
    talk.see(up(820, "d"), scheduled=True)
    assert "after 10 min" in talk.events[-1].message


def test_a_unit_that_crashes_again_and_again_fails_since_its_first_crash() -> None:
    talk = Talk()
    for at in range(100, 220, 30):
        talk.see(pending(at, "a"), scheduled=True)
    (began,) = (event.data["since"] for event in talk.events if event.kind is Kind.PROBLEM)
    assert began == "1970-01-01T00:01:40.000+00:00"


def test_a_problem_of_a_file_began_when_it_was_named_however_long_a_unit_fails() -> None:
    talk = Talk(critical_files=("/f.json",))
    talk.see(failed(50, "a"))
    for look in range(3):
        talk.see(FileObservation(100 + 10 * look, "/f.json", False, "missing"), scheduled=True)
    (began,) = (event.data["since"] for event in talk.events if event.type == "CASCADING_FAILURE")
    assert began == "1970-01-01T00:02:00.000+00:00"


def test_that_all_failed_at_once_names_no_first() -> None:
    talk = Talk()
    talk.see(failed(100, "a"), failed(100, "b"), failed(100, "c"))
    event = next(event for event in talk.events if event.type == "CASCADING_FAILURE")
    assert "failed first" not in event.message


def test_the_status_line_says_it_in_words() -> None:
    talk = Talk()
    calm = talk.see(up(1, "a")).step
    assert status_line(calm) == "NONE: 4 units watched, all well"
    assert status_line(calm, Told(hands_off=True)).endswith("all well; hands off, see standfastctl status")
    turn = talk.see(failed(100, "a"), failed(100, "b"), failed(100, "c"))
    assert status_line(turn.step) == (
        "CASCADING: 3 critical units fail: a.service (given up), b.service (given up), c.service (given up); "
        "master restart asked for"
    )
    turn = talk.see(replace(inactive(101, "d"), load_state="not-found"))
    assert status_line(turn.step).endswith("; unknown: d.service (there is no such unit)")


def test_a_request_that_comes_to_nothing_is_told() -> None:
    talk = Talk()
    talk.see(failed(100, "a"), failed(100, "b"), failed(100, "c"))
    talk.see(replace(inactive(100.1), unit=MASTER_RESTART))
    talk.see(up(119, "d"))
    assert not [event for event in talk.events if event.type == "MASTER_RESTART_FAILED"]
    talk.see(up(121, "d"))
    talk.see(up(122, "d"))
    assert len([event for event in talk.events if event.type == "MASTER_RESTART_FAILED"]) == 1
    assert [run.result for run in talk.mind.state.runs] == [RunResult.REFUSED]


def test_a_request_that_waits_in_systemds_queue_is_waited_for() -> None:
    talk = Talk()
    talk.see(failed(100, "a"), failed(100, "b"), failed(100, "c"))
    talk.see(replace(inactive(100.1, job="start"), unit=MASTER_RESTART))
    talk.see(up(160, "d"))
    assert [run.result for run in talk.mind.state.runs] == [RunResult.ASKED]
