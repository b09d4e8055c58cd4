"""What the notifier answers to commands."""

from __future__ import annotations

import pytest
from tests.unit.notifier.events import plain, problem, resolved
from tests.unit.notifier.fold import Fold

from standfast.events import Kind
from standfast.notifier.answer import answer_to
from standfast.notifier.heirs import KEPT


def resolve(number: object) -> dict[str, str]:
    """The answer to a command to resolve, while there is one problem."""
    fold = Fold()
    fold.hear(problem(0))
    command = plain(Kind.COMMAND, 1, type="RESOLVE", data={"id": number})
    answer = answer_to(command.event, fold.hear(command), fold.ledger)
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
    answer = answer_to(command.event, fold.hear(command), fold.ledger, ("journal", "webhook"))
    assert answer is not None
    assert answer.fields["STANDFAST_RESULT"] == "NO_SUCH_CHANNEL"
    assert answer.fields["STANDFAST_CHANNELS"] == "journal webhook"


def gives_way(fold: Fold, seconds: float, kind: str, unit: str, heir: str) -> None:
    fold.hear(problem(seconds, kind, unit))
    fold.hear(resolved(seconds + 1, kind, unit, superseded_by=heir))


def about(fold: Fold, kind: str, number: int) -> dict[str, str]:
    command = plain(Kind.COMMAND, 10, type=kind, data={"id": number})
    answer = answer_to(command.event, fold.hear(command), fold.ledger)
    assert answer is not None
    return dict(answer.fields)


@pytest.mark.parametrize("kind", ["ACK", "RESOLVE"])
def test_what_gave_way_is_known_by_the_number_of_the_worse_one(kind: str) -> None:
    fold = Fold()
    gives_way(fold, 0, "UNIT_FAILING", "a.service", "FLEET_CRITICAL")
    gives_way(fold, 2, "FLEET_CRITICAL", "d.service", "CASCADING_FAILURE")
    fold.hear(problem(4, "CASCADING_FAILURE", "d.service"))
    for number in (1, 2):
        answer = about(fold, kind, number)
        assert (answer["STANDFAST_RESULT"], answer["STANDFAST_HEIR"]) == ("GAVE_WAY", "3")
        assert answer["STANDFAST_HEIR_TYPE"] == "CASCADING_FAILURE"
    assert fold.ledger.numbered(3) is not None, "nothing was done about it"
    fold.hear(resolved(6, "CASCADING_FAILURE", "d.service"))
    assert about(fold, kind, 1)["STANDFAST_RESULT"] == "NO_SUCH_PROBLEM", "that is over too"


def test_of_several_worse_ones_it_is_its_own_units() -> None:
    fold = Fold()
    gives_way(fold, 0, "MINOR", "b.service", "MAJOR")
    fold.hear(problem(2, "MAJOR", "a.service"))
    fold.hear(problem(2, "MAJOR", "b.service"))
    assert about(fold, "ACK", 1)["STANDFAST_HEIR"] == "3"


def test_what_gave_way_long_ago_is_forgotten() -> None:
    fold = Fold()
    for number in range(KEPT + 5):
        gives_way(fold, number, "MINOR", f"{number}.service", "MAJOR")
    assert sorted(fold.ledger.gave_way) == list(range(6, KEPT + 6))
