"""What the notifier answers to commands."""

from __future__ import annotations

from tests.unit.notifier.events import plain, problem
from tests.unit.notifier.fold import Fold

from standfast.events import Kind
from standfast.notifier.answer import answer_to


def resolve(number: object) -> dict[str, str]:
    """The answer to a command to resolve, while there is one problem."""
    fold = Fold()
    fold.hear(problem(0))
    command = plain(Kind.COMMAND, 1, type="RESOLVE", data={"id": number})
    answer = answer_to(command.event, fold.hear(command), fold.ledger.changes)
    assert answer is not None
    return dict(answer.fields)


def test_what_was_resolved_is_said_by_its_type_and_unit() -> None:
    assert resolve(1) == {
        "STANDFAST_COMMAND": "1",
        "STANDFAST_RESULT": "DONE",
        "STANDFAST_RESOLVED": "DATABASE_LOCKED",
        "STANDFAST_UNIT": "a.service",
    }


def test_of_a_number_that_nothing_has_nothing_was_resolved() -> None:
    assert resolve(2) == {"STANDFAST_COMMAND": "2", "STANDFAST_RESULT": "NO_SUCH_PROBLEM"}
    assert resolve([]) == {"STANDFAST_COMMAND": "[]", "STANDFAST_RESULT": "BAD"}


def test_beside_a_channel_that_is_not_there_stand_those_that_are() -> None:
    fold = Fold()
    command = plain(Kind.COMMAND, 1, type="TEST_NOTIFY", data={"id": "0123456789abcdef", "channel": "telegram"})
    answer = answer_to(command.event, fold.hear(command), fold.ledger.changes, ("journal", "webhook"))
    assert answer is not None
    assert answer.fields["STANDFAST_RESULT"] == "NO_SUCH_CHANNEL"
    assert answer.fields["STANDFAST_CHANNELS"] == "journal webhook"
