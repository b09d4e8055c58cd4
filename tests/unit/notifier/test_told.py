"""What the check says to the notifier: what it has told meanwhile is not told again, its canary is told to nobody."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from tests.unit.notifier.events import plain, problem, resolved
from tests.unit.notifier.fold import Fold, kinds

from standfast.events import Kind, Severity
from standfast.notifier import dedup
from standfast.notifier.hear import Plain
from standfast.notifier.model import Heard

HOUR_S = 3600


def told(heard: Heard) -> Heard:
    return dataclasses.replace(heard, told=1)


def down(seconds: float) -> Heard:
    return problem(seconds, "WATCHER_DOWN", severity=Severity.CRITICAL)


def test_a_problem_and_its_end_that_were_told_make_no_message() -> None:
    fold = Fold()
    assert fold.hear(told(down(0))) is Plain.TOLD
    assert fold.hear(told(down(300))) is Plain.TOLD
    (kept,) = fold.ledger.problems.values()
    assert (kept.occurrences, kept.told_at) == (2, down(300).at)
    fold.hear(told(resolved(600, "WATCHER_DOWN")))
    assert fold.tick(700) == []
    assert fold.ledger.problems == fold.ledger.resting == {}


def test_its_reminder_comes_in_its_time_when_the_notifier_is_back() -> None:
    fold = Fold()
    fold.hear(told(down(0)))
    assert fold.tick(HOUR_S - 1) == []
    assert kinds(fold.tick(HOUR_S)) == ["reminder"]


def test_an_end_that_was_not_told_is_told_here() -> None:
    fold = Fold()
    fold.hear(told(down(0)))
    fold.hear(resolved(600, "WATCHER_DOWN"))
    assert kinds(fold.tick(700)) == ["recovery"]


def test_what_was_held_when_the_check_told_it_is_not_told_when_the_window_closes() -> None:
    fold = Fold()
    fold.hear(problem(0))
    fold.hear(told(problem(10)))
    assert fold.tick(100) == []
    fold.hear(told(resolved(200)))
    assert fold.tick(300) == []


def test_after_it_a_new_one_is_news() -> None:
    fold = Fold()
    fold.hear(told(down(0)))
    fold.hear(told(resolved(600, "WATCHER_DOWN")))
    fold.hear(down(700))
    assert kinds(fold.drafts()) == ["problem"]


def test_a_canary_goes_to_the_worker_under_its_id_and_to_nobody_else() -> None:
    fold = Fold()
    canary = plain(Kind.CANARY, severity=Severity.CRITICAL, data={"id": "0123456789abcdef"})
    assert fold.hear(canary) is Plain.PASSED_ON
    (draft,) = fold.drafts()
    assert (draft.kind, draft.to.channels, draft.to.fallback, draft.id) == (
        "canary",
        ("canary",),
        (),
        "0123456789abcdef",
    )
    assert fold.tick(HOUR_S) == []


def test_what_the_check_told_is_reminded_of_when_the_notifier_is_back() -> None:
    fold = Fold()
    for second in (0, 300):
        fold.hear(dataclasses.replace(problem(second, "DISK_SPACE_LOW", "srv.mount"), told=True))
    messages = []
    for second in range(600, 8000, 300):
        fold.hear(problem(second, "DISK_SPACE_LOW", "srv.mount"))
        messages += fold.tick(second)
    assert kinds(messages) == ["reminder", "reminder"]


@pytest.mark.parametrize(
    ("data", "times"),
    [
        ({}, 0),
        ({"tellings": 3}, 0),
        ({"told": True}, 1),
        ({"told": True, "tellings": 3}, 3),
        ({"told": True, "tellings": 10**9}, 1),
        ({"told": True, "tellings": "x"}, 1),
    ],
)
def test_how_often_its_source_told_it(data: dict[str, Any], times: int) -> None:
    assert dedup.tellings(problem(0, **data)) == times
