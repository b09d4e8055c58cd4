"""Which commands of a history were refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from standfast.events import Event, Kind
from standfast.notifier.obey import Obeyed
from standfast.overview.refusals import REFUSED, Answer, Refusals

NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)


def ack(number: int) -> Event:
    return Event(Kind.COMMAND, f"Request: acknowledge problem {number}", "ACK", data={"id": number})


def at(second: float) -> datetime:
    return NOW + timedelta(seconds=second)


def test_every_refusal_of_the_notifiers_is_known() -> None:
    assert set(REFUSED) == {one.name for one in Obeyed} - {"DONE", "REPLACED", "NOT_OURS"}


@pytest.mark.parametrize(
    ("given", "answered", "refused"),
    [
        ([(9, 1)], [(9, 1.1)], [True]),
        ([(9, 1)], [(9, 0.9)], [False]),
        ([(9, 1)], [(8, 1.1)], [False]),
        # Done, and refused when somebody did it again.
        ([(9, 1), (9, 5)], [(9, 5.1)], [False, True]),
        # The notifier was busy.
        ([(9, 1), (9, 2)], [(9, 3), (9, 3.1)], [True, True]),
        ([(9, 1), (8, 1.05)], [(9, 1.1)], [True, False]),
    ],
)
def test_an_answer_is_for_the_last_command_before_it(
    given: list[tuple[int, float]], answered: list[tuple[int, float]], refused: list[bool]
) -> None:
    refusals = Refusals(Answer(at(second), str(number), "NO_SUCH_PROBLEM") for number, second in answered)
    newest_first = [refusals.marked(ack(number), at(second)) for number, second in reversed(given)]
    assert ["refused" in one.data for one in reversed(newest_first)] == refused


def test_what_was_refused_says_why_and_what_is_no_command_is_left_alone() -> None:
    refusals = Refusals([Answer(at(1), "9", "NO_SUCH_PROBLEM")])
    problem = Event(Kind.PROBLEM, "x", "X", data={"id": 9})
    assert refusals.marked(problem, NOW) is problem
    marked = refusals.marked(ack(9), NOW)
    assert marked.message == "Request: acknowledge problem 9 (refused: no unresolved problem has this number)"


def test_of_what_gave_way_it_says_by_which_number_it_goes_on() -> None:
    refusals = Refusals([Answer(at(2), "3", "GAVE_WAY", "6")])
    command = Event(Kind.COMMAND, "Request: acknowledge problem 3", "ACK", data={"id": 3})
    assert refusals.marked(command, at(1)).message.endswith("(refused: it gave way to a worse problem, 6)")
