"""What others logged as critical while the notifier was away, as the check passes it on."""

from __future__ import annotations

import dataclasses

import pytest
from tests.unit.notifier.events import AGENT, at, config, plain, problem, resolved

from standfast.check import memory, stand_in
from standfast.check.findings import CANARY, Answer
from standfast.check.memory import Memory
from standfast.events import TOLD, Kind, Severity
from standfast.notifier.model import Heard

CONFIG = config('[channels.webhook]\nurl = "http://127.0.0.1:9/hook"\n')
CASCADE = problem(0, "CASCADING_FAILURE", severity=Severity.CRITICAL)
NOT_FLAT = plain(Kind.SHUTDOWN, severity=Severity.CRITICAL, message="+1 is open")
FLAT = plain(Kind.SHUTDOWN, message="flat")
RESTART = plain(Kind.RESTART, 5, unit="standfast-master-restart.service")


def told(one: Heard) -> Heard:
    return dataclasses.replace(one, event=dataclasses.replace(one.event, data={TOLD: True}))


@pytest.mark.parametrize(
    ("heard", "passed_on"),
    [
        ([], []),
        ([CASCADE], [("problem", ["CASCADING_FAILURE"])]),
        ([CASCADE, CASCADE], [("problem", ["CASCADING_FAILURE"])]),
        ([CASCADE, resolved(9, "CASCADING_FAILURE")], []),
        ([resolved(0, "CASCADING_FAILURE"), CASCADE], [("problem", ["CASCADING_FAILURE"])]),
        ([problem(0, "FEED_STALE")], []),
        # Once it was critical it counts as that, whatever it was at first.
        ([problem(0, "CASCADING_FAILURE"), CASCADE], [("problem", ["CASCADING_FAILURE"])]),
        ([told(CASCADE)], []),
        ([NOT_FLAT, FLAT, RESTART], [("shutdown", []), ("restart", [])]),
        (
            [CASCADE, problem(1, "POSITIONS_NOT_FLAT", AGENT, Severity.CRITICAL), NOT_FLAT],
            [("aggregate", ["CASCADING_FAILURE", "POSITIONS_NOT_FLAT"]), ("shutdown", [])],
        ),
        ([plain(Kind.STATE), plain(Kind.CANARY, severity=Severity.CRITICAL)], []),
    ],
)
def test_what_is_critical_and_not_over_is_passed_on(heard: list[Heard], passed_on: list[tuple[str, list[str]]]) -> None:
    drafts = stand_in.passed_on(heard, Memory(), CONFIG, at(60))
    assert [(draft.kind.value, [one.type for one in draft.problems]) for draft in drafts] == passed_on
    assert all(draft.severity is Severity.CRITICAL and draft.to.channels == ("webhook",) for draft in drafts)


def test_it_says_who_tells_it_and_since_when_it_is_there() -> None:
    (draft,) = stand_in.passed_on([CASCADE, dataclasses.replace(CASCADE, at=at(30))], Memory(), CONFIG, at(60))
    (found,) = draft.problems
    assert found.message == "it is locked (told by the check timer, since the notifier does not)"
    assert (found.first_occurrence, found.occurrences, found.action) == (at(0), 2, "wait")


def test_what_the_check_speaks_for_is_not_passed_on_too() -> None:
    kept = memory.after_looks(Memory(), [Answer(CANARY, False, "lost")], at(0))
    own = problem(0, CANARY.type, CANARY.unit, Severity.CRITICAL)
    assert stand_in.passed_on([own], kept, CONFIG, at(60)) == []
