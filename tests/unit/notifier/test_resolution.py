"""When ends are told: each once, and what ends together in one message."""

import pytest
from tests.unit.notifier.events import AGENT, at, problem, resolved
from tests.unit.notifier.fold import Fold, kinds

from standfast.notifier.model import MessageKind
from standfast.notifier.tick import next_due


def test_recoveries_that_come_together_share_a_message() -> None:
    fold = Fold()
    for kind in ("OPENALGO_DOWN", "FEED_STALE"):
        fold.hear(problem(0, kind, AGENT))
    fold.tick(60)
    for kind in ("OPENALGO_DOWN", "FEED_STALE"):
        fold.hear(resolved(90, kind, AGENT))
    (draft,) = fold.tick(95)
    assert draft.kind is MessageKind.RECOVERY
    assert [one.type for one in draft.problems] == ["OPENALGO_DOWN", "FEED_STALE"]


def ending(*ends: tuple[float, str]) -> Fold:
    """Three problems that were told in one message at 60 s, and their ends."""
    fold = Fold()
    for unit in "abc":
        fold.hear(problem(0, unit=unit))
    assert kinds(fold.tick(60)) == ["aggregate"]
    for second, unit in ends:
        fold.hear(resolved(second, unit=unit))
    return fold


def test_ends_that_follow_each_other_are_told_in_one_message() -> None:
    fold = ending((100, "a"), (104, "b"))
    assert fold.tick(105) == []
    fold.hear(resolved(108, unit="c"))
    assert next_due(fold.ledger, fold.config, at(108)) == at(109)
    assert fold.tick(109) == []
    (draft,) = fold.tick(113)
    assert [(one.unit, one.resolved_at) for one in draft.problems] == [("a", at(100)), ("b", at(104)), ("c", at(108))]
    assert fold.tick(10_000) == []


def test_an_end_waits_for_no_end_that_does_not_show() -> None:
    fold = ending((100, "a"))
    (draft,) = fold.tick(105)
    assert [one.unit for one in draft.problems] == ["a"]


def test_what_is_back_while_others_end_was_over_if_it_was_so_for_long_enough() -> None:
    fold = ending((100, "a"), (103, "b"), (103, "c"))
    fold.hear(problem(106, unit="a"))
    fold.hear(problem(107, unit="b"))
    assert [[one.unit for one in draft.problems] for draft in fold.tick(108)] == [["a"], ["c"]]
    assert [one.unit for one in fold.ledger.problems] == ["a", "b"]


@pytest.mark.parametrize(("window_s", "number"), [(0, 1), (20, 11), (60, 20)])
def test_ends_without_a_pause_hold_the_first_back_for_a_window_at_most(window_s: int, number: int) -> None:
    fold = Fold(f"aggregation_window_s = {window_s}")
    for unit in range(20):
        fold.hear(problem(0, unit=str(unit)))
    fold.tick(60)
    told = []
    for unit in range(20):
        fold.hear(resolved(100 + 2 * unit, unit=str(unit)))
        told += fold.tick(100 + 2 * unit)
    told += fold.tick(200)
    assert len(told[0].problems) == number
    assert sum(len(draft.problems) for draft in told) == 20
