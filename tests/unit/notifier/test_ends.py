"""Ends that no source reports: a person's word, and the stop of an agent."""

from datetime import UTC
from typing import Any

import pytest
from tests.unit.notifier.events import AGENT, at, plain, problem, resolved
from tests.unit.notifier.fold import Fold, kinds

from standfast.events import Event, Kind, Severity
from standfast.moments import iso
from standfast.notifier import ends
from standfast.notifier.hear import Plain, Reason
from standfast.notifier.model import Heard, Stage
from standfast.notifier.obey import Obeyed
from standfast.notifier.render import render
from standfast.notifier.resolution import Recovery
from standfast.notifier.throttle import Throttle

TYPE = "OPENALGO_DOWN"


def order(kind: str, seconds: float, **data: Any) -> Heard:
    return Heard(Event(Kind.COMMAND, "", kind, data=data), at(seconds), "ann")


def told(seconds: float = 0, kind: str = TYPE, unit: str = AGENT) -> Fold:
    """A problem that people were told of at 60 s."""
    fold = Fold()
    fold.hear(problem(seconds, kind, unit))
    assert kinds(fold.tick(60)) == ["problem"]
    return fold


def stop(fold: Fold, seconds: float, *closes: str, **data: Any) -> Reason:
    return fold.hear(plain(Kind.SHUTDOWN, seconds, data={"closes": list(closes), **data}))


@pytest.mark.parametrize("later_s", [0.1, 2, 600])
def test_what_goes_on_after_a_persons_word_is_a_new_problem_and_told(later_s: float) -> None:
    fold = told(kind="UNIT_FAILING", unit="a.service")
    fold.hear(order("RESOLVE", 100, id=1))
    fold.hear(problem(100 + later_s, "UNIT_FAILING"))
    over, anew = fold.tick(100 + later_s + 60)
    assert (over.kind.value, over.problems[0].id, over.problems[0].ended_by) == ("recovery", 1, "ann")
    assert (anew.kind.value, anew.problems[0].id) == ("problem", 2)


def test_what_a_person_resolves_one_after_the_other_is_told_in_one_message() -> None:
    fold = told()
    fold.hear(problem(70, "UNIT_FAILING", AGENT))
    fold.tick(130)
    fold.hear(order("RESOLVE", 200, id=1))
    fold.hear(order("RESOLVE", 204, id=2))
    assert fold.hear(order("RESOLVE", 205, id=2)) is Obeyed.NO_SUCH_PROBLEM
    assert fold.hear(resolved(205, "UNIT_FAILING", AGENT)) is Recovery.UNKNOWN
    assert fold.tick(205) == []
    (draft,) = fold.tick(209)
    assert [one.id for one in draft.problems] == [1, 2]


def test_a_person_does_not_make_a_problem_flap() -> None:
    fold = told(kind="UNIT_FAILING", unit="a.service")
    for number in range(1, 6):
        fold.hear(order("RESOLVE", 100 * number, id=number))
        fold.hear(problem(100 * number + 1, "UNIT_FAILING"))
        assert kinds(fold.tick(100 * number + 61)) == ["recovery", "problem"]


def test_a_person_ends_what_flaps_too() -> None:
    fold = Fold()
    for second in range(0, 100, 2):
        fold.hear(problem(second))
        fold.hear(resolved(second + 1))
    fold.hear(problem(100))
    assert kinds(fold.drafts())[-1] == "flapping"
    fold.hear(order("RESOLVE", 101, id=fold.ledger.next_id - 1))
    assert kinds(fold.tick(10_000)) == ["recovery"]


def test_a_problem_that_is_said_again_and_again_is_told_as_often_as_any() -> None:
    fold = told(kind="UNIT_FAILING", unit="a.service")
    messages = []
    for second in range(90, 7300, 30):
        fold.hear(problem(second, "UNIT_FAILING"))
        messages += fold.tick(second)
    assert kinds(messages) == ["reminder", "reminder"]


def test_nor_is_anybody_reminded_by_that_of_what_somebody_took_on() -> None:
    fold = told()
    fold.hear(order("ACK", 70, id=1))
    assert fold.hear(problem(9000, TYPE, AGENT)) is Plain.ACKNOWLEDGED
    assert fold.tick(9000) == []
    fold.hear(problem(9100, TYPE, AGENT, severity=Severity.CRITICAL))
    assert kinds(fold.drafts()) == ["problem"]


def test_the_stop_of_its_agent_closes_a_problem_without_a_word() -> None:
    fold = told()
    assert stop(fold, 100, TYPE) is Plain.AT_ONCE
    assert kinds(fold.tick(100)) == ["shutdown"]
    assert fold.ledger.problems == {}
    (closed,) = ends.closed(fold.ledger.resting.values())
    assert (closed.ended_by, closed.resolved_at) == ("closed: the agent was stopped", at(100))
    assert fold.tick(80_000) == []
    assert fold.tick(100 + 24 * 3600) == []
    assert fold.ledger.resting == {}


def test_what_was_over_is_told_before_the_end_that_makes_it_untrue() -> None:
    fold = told()
    fold.hear(resolved(100, TYPE, AGENT))
    assert stop(fold, 103) is Plain.AT_ONCE
    assert kinds(fold.tick(103)) == ["recovery", "shutdown"], "ACTIVE again is no news of one that was stopped"
    assert fold.tick(200) == []


def test_an_end_that_is_not_flat_again_was_no_recovery() -> None:
    fold = told(kind="POSITIONS_NOT_FLAT")
    fold.hear(resolved(100, "POSITIONS_NOT_FLAT", AGENT))
    fold.hear(Heard(Event(Kind.SHUTDOWN, "", "POSITIONS_NOT_FLAT", unit=AGENT), at(103)))
    assert kinds(fold.tick(200)) == ["problem"], "that it is open again, and not that it was over"


def test_the_end_of_another_agent_hurries_no_recovery() -> None:
    fold = told(unit="standfast-agent@other.service")
    fold.hear(resolved(100, TYPE, "standfast-agent@other.service"))
    stop(fold, 103)
    assert kinds(fold.tick(103)) == ["shutdown"]


@pytest.mark.parametrize(
    ("kind", "by"),
    [
        ("KILLED", "closed: the agent was killed"),
        ("UNIT_FAILING", "closed: systemd has given up the agent"),
        ("AGENT_ENDED_UNCLEAN", "closed: the agent was stopped"),
    ],
)
def test_what_an_agent_waited_for_is_closed_by_what_ends_its_waiting(kind: str, by: str) -> None:
    fold = told()
    fold.hear(problem(100, kind, AGENT, closes=[TYPE, kind]))
    assert [one.type for one in fold.ledger.problems.values()] == [kind]
    assert [one.ended_by for one in ends.closed(fold.ledger.resting.values())] == [by]
    (draft,) = fold.tick(160)
    assert [one.type for one in draft.problems] == [kind], "and nobody is told any more that it waits"


def test_what_was_not_told_yet_is_not_told_once_the_agent_is_killed() -> None:
    fold = Fold()
    fold.hear(problem(0, TYPE, AGENT))
    fold.hear(problem(5, "KILLED", AGENT, closes=[TYPE]))
    (draft,) = fold.tick(65)
    assert [one.type for one in draft.problems] == ["KILLED"]


def test_a_closed_problem_that_is_back_goes_on_with_its_throttle() -> None:
    fold = told()
    stop(fold, 100, TYPE)
    fold.drafts()
    assert fold.hear(problem(400, TYPE, AGENT)) is Throttle.WITHIN_WINDOW
    (known,) = fold.ledger.problems.values()
    assert (known.id, known.stage, known.ended_by, known.resolved_at) == (1, Stage.TOLD, "", None)
    assert known.closed_at is None
    assert kinds(fold.tick(4000)) == ["reminder"]


def test_a_closed_problem_that_the_agent_says_to_be_over_is_told_as_that() -> None:
    fold = told()
    stop(fold, 100, TYPE)
    fold.drafts()
    assert fold.hear(resolved(400, TYPE, AGENT)) is Recovery.TOLD_SOON
    (draft,) = fold.tick(405)
    assert draft.kind.value == "recovery"
    lines = render(draft, "id", "box1", UTC).text.splitlines()
    assert lines[1:] == [
        "It lasted 1 min 40 s, 1 occurrence; closed: the agent was stopped",
        "it is over",
        "Time: 2026-03-02 09:36:40 UTC",
    ]
    assert fold.tick(10_000) == []


def test_what_is_not_named_or_is_how_it_ended_stays() -> None:
    fold = Fold()
    for kind in ("POSITIONS_NOT_FLAT", "DATABASE_CORRUPT"):
        fold.hear(problem(0, kind, AGENT))
    fold.tick(60)
    fold.hear(plain(Kind.SHUTDOWN, 100, type="POSITIONS_NOT_FLAT", data={"closes": ["POSITIONS_NOT_FLAT"]}))
    assert {one.type for one in fold.ledger.problems.values()} == {"POSITIONS_NOT_FLAT", "DATABASE_CORRUPT"}


def test_an_agent_that_was_killed_and_stopped_cannot_end_what_it_told() -> None:
    fold = told(kind="CRASH_COOL_OFF")
    fold.hear(problem(70, "POSITIONS_UNVERIFIED", AGENT))
    word = plain(Kind.STATE, 80, type="AGENT_ENDED_UNCLEAN", data={"closes": ["CRASH_COOL_OFF"]})
    fold.hear(word)
    assert len(fold.ledger.problems) == 2, "systemd may start it again"
    fold.hear(plain(Kind.PROBLEM, 90, type="AGENT_ENDED_UNCLEAN", data={"closes": ["CRASH_COOL_OFF"]}))
    assert {one.type for one in fold.ledger.problems.values()} == {"POSITIONS_UNVERIFIED", "AGENT_ENDED_UNCLEAN"}
    assert all(not one.quiet for one in fold.ledger.problems.values()), "it held what nobody looks after"
    assert fold.hear(resolved(400, "CRASH_COOL_OFF", AGENT)) is Recovery.TOLD_SOON, "it was started again, and says so"


def test_an_agent_closes_nobody_elses_problems() -> None:
    fold = told(unit="standfast-agent@other.service")
    stop(fold, 100, TYPE)
    assert len(fold.ledger.problems) == 1


def test_what_was_not_told_yet_is_not_told_of_a_stopped_agent() -> None:
    fold = Fold()
    fold.hear(problem(0, TYPE, AGENT))
    stop(fold, 10, TYPE)
    assert kinds(fold.tick(100)) == ["shutdown"]
    assert (fold.ledger.problems, fold.ledger.resting) == ({}, {})


@pytest.mark.parametrize("closes", [None, "OPENALGO_DOWN", 5, [None, {"a": 1}], {"OPENALGO_DOWN": 1}])
def test_odd_lists_close_nothing(closes: Any) -> None:
    fold = told()
    stop(fold, 100, closes=closes)
    assert len(fold.ledger.problems) == 1


def test_a_planned_restart_that_ended_flat_wakes_nobody() -> None:
    fold = told()
    assert fold.hear(plain(Kind.SHUTDOWN, 100, data={"restarts": True})) is Plain.NOT_TOLD
    assert fold.tick(200) == []
    critical = plain(Kind.SHUTDOWN, 300, type="POSITIONS_NOT_FLAT", severity=Severity.CRITICAL, data={"restarts": True})
    fold.hear(critical)
    assert kinds(fold.drafts()) == ["problem"]


@pytest.mark.parametrize(("restarts", "at_once"), [(False, ["problem"]), (True, [])])
def test_an_end_that_keeps_positions_is_told_before_the_notifier_may_end_too(restarts: bool, at_once: Any) -> None:
    fold = Fold()
    held = plain(Kind.SHUTDOWN, 0, type="POSITIONS_HELD", severity=Severity.WARNING, data={"restarts": restarts})
    fold.hear(held)
    assert kinds(fold.drafts()) == at_once


def test_a_problem_lasts_from_when_it_began_to_when_it_ended_whenever_that_was_seen() -> None:
    fold = Fold()
    seen = problem(300, severity=Severity.CRITICAL)
    data = {"since": at(40).isoformat()}
    fold.hear(Heard(Event(Kind.PROBLEM, "down", "WATCHER_DOWN", seen.event.severity, "a.service", data=data), at(300)))
    fold.hear(resolved(600, "WATCHER_DOWN", until=at(400).isoformat()))
    *_, draft = fold.tick(600)
    (ended,) = draft.problems
    assert (ended.first_occurrence, ended.resolved_at) == (at(40), at(400))


@pytest.mark.parametrize("odd", ["tomorrow", "", "9999-99-99", "0001-01-01T00:00:00+23:59", at(9e6).isoformat()])
def test_odd_times_count_for_nothing(odd: str) -> None:
    fold = Fold()
    fold.hear(Heard(Event(Kind.PROBLEM, "", "X", unit="a", data={"since": odd}), at(300)))
    (known,) = fold.ledger.problems.values()
    assert known.first_occurrence == at(300)


@pytest.mark.parametrize("is_there", [True, False])
def test_an_end_is_told_though_the_running_agent_had_the_same_problem_come_and_go(is_there: bool) -> None:
    fold, kind = Fold(), "POSITIONS_UNVERIFIED"
    for second in range(0, 12, 2):
        fold.hear(problem(second, kind, AGENT, Severity.CRITICAL))
        fold.tick_only(second)
        fold.hear(resolved(second + 1, kind, AGENT))
    if is_there:
        fold.hear(problem(12, kind, AGENT, Severity.CRITICAL))
    assert kinds(fold.tick(13)) == ["problem", "flapping"]
    fold.hear(plain(Kind.SHUTDOWN, 20, type=kind, severity=Severity.CRITICAL))
    assert kinds(fold.tick(20)) == ["problem"]


@pytest.mark.parametrize("gap_s", [6, 100])
@pytest.mark.parametrize(
    ("kind", "error_type"), [(Kind.SHUTDOWN, "POSITIONS_UNVERIFIED"), (Kind.PROBLEM, "AGENT_ENDED_UNCLEAN")]
)
def test_each_end_of_an_agent_that_may_leave_something_open_is_told_at_once(
    kind: Kind, error_type: str, gap_s: int
) -> None:
    fold, told = Fold(), []
    for second in range(0, 10 * 2 * gap_s, 2 * gap_s):
        fold.hear(plain(kind, second, severity=Severity.CRITICAL, type=error_type))
        told += [draft.kind.value for draft in fold.tick(second) if draft.kind.value == "problem"]
        fold.hear(resolved(second + gap_s, error_type, AGENT))
        fold.tick(second + gap_s)
    assert told == ["problem"] * 10


def left_open(fold: Fold, seconds: float, **data: Any) -> Reason:
    end = plain(Kind.SHUTDOWN, seconds, type="POSITIONS_UNVERIFIED", severity=Severity.CRITICAL, data=data)
    return fold.hear(end)


def test_a_further_end_that_leaves_the_same_open_is_told_at_once_as_the_same_problem() -> None:
    fold = Fold()
    left_open(fold, 0)
    fold.hear(plain(Kind.UPDATE, 10, message="it was started again", type="POSITIONS_UNVERIFIED"))
    left_open(fold, 20)
    first, again = fold.tick(20)
    assert [draft.kind.value for draft in (first, again)] == ["problem", "problem"]
    assert (again.problems[0].id, again.problems[0].occurrences) == (first.problems[0].id, 2)
    assert "2 occurrences" in render(again, "id", "box1", UTC).text
    fold.hear(resolved(30, "POSITIONS_UNVERIFIED", AGENT))
    assert kinds(fold.tick(40)) == ["recovery"]


def test_a_further_end_in_the_middle_of_a_restart_is_counted() -> None:
    fold = Fold()
    left_open(fold, 0, restarts=True)
    left_open(fold, 20, restarts=True)
    assert kinds(fold.tick(40)) == ["problem"]


def test_a_further_end_of_what_somebody_took_on_is_counted() -> None:
    fold = Fold()
    left_open(fold, 0)
    fold.hear(order("ACK", 10, id=1))
    left_open(fold, 20)
    assert kinds(fold.tick(40)) == ["problem"]


def test_a_further_end_in_a_silence_is_told_when_that_ends() -> None:
    fold = Fold()
    left_open(fold, 0)
    fold.hear(order("SILENCE", 10, id="0123456789abcdef", unit=AGENT, end=iso(at(100))))
    left_open(fold, 20)
    assert kinds(fold.tick(99)) == ["problem"]
    assert kinds(fold.tick(100)) == ["problem"]


def test_a_killed_agent_that_is_stopped_again_is_not_told_anew() -> None:
    fold = Fold()
    killed = {"since": iso(at(0)), "lasts": True}
    fold.hear(Heard(Event(Kind.PROBLEM, "killed", "KILLED", unit=AGENT, data=killed), at(0)))
    assert kinds(fold.tick(60)) == ["problem"]
    for second in (70, 80):
        fold.hear(plain(Kind.SHUTDOWN, second, type="KILLED", severity=Severity.WARNING, data=killed))
    assert fold.tick(90) == []
