"""A watcher that systemd had to restart: counted from run to run, told, and over when it is stable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from standfast.check import memory, restarts
from standfast.check.memory import Memory
from standfast.check.restarts import QUIET, Restarts
from standfast.unit_names import DETECTOR

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def after(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def runs(*looks: tuple[float, int, float]) -> Restarts:
    """What is known after looks: when, what the counter said, and when the watcher was started last."""
    known = None
    for at, seen, started_at in looks:
        known = restarts.after(known, seen, after(started_at), after(at))
    assert known is not None
    return known


@pytest.mark.parametrize(
    ("looks", "count", "last"),
    [
        ([(0, 0, -60)], 0, None),
        # Long before anybody looked.
        ([(0, 7, -60)], 0, None),
        ([(0, 1, -1)], 1, -1),
        ([(0, 7, -60), (5, 7, -60)], 0, None),
        ([(0, 7, -60), (5, 8, 3)], 1, 3),
        ([(0, 7, -60), (5, 8, 3), (10, 11, 9)], 4, 9),
        ([(0, 7, -60), (5, 8, 3), (10, 8, 3)], 1, 3),
        # Started by hand meanwhile: its counter began anew.
        ([(0, 7, -60), (5, 0, 3)], 0, None),
        ([(0, 7, -60), (5, 2, 4)], 2, 4),
        # Stable again, and what comes after that is counted anew.
        ([(0, 7, -60), (5, 8, 3), (18, 8, 3)], 0, None),
        ([(0, 7, -60), (5, 8, 3), (18, 8, 3), (23, 9, 22)], 1, 22),
        # Started while it was looked at.
        ([(0, 0, -60), (5, 3, 5.25)], 3, 5.25),
        # A clock that was set back ends the wait.
        ([(0, 7, -60), (5, 8, 3), (-300, 8, 3)], 0, None),
    ],
)
def test_counting(looks: list[tuple[float, int, float]], count: int, last: float | None) -> None:
    known = runs(*looks)
    assert (known.count, known.last) == (count, None if last is None else after(last))


def test_one_restart_and_several_in_words() -> None:
    once = restarts.answer(DETECTOR, runs((0, 0, -60), (5, 1, 3)))
    assert once.well is False
    assert f"had to restart {DETECTOR} once, at " in once.words
    assert once.since == after(3)
    more = restarts.answer(DETECTOR, runs((0, 0, -60), (5, 1, 3), (10, 4, 8)))
    assert f"{DETECTOR} 4 times since " in more.words
    assert (more.since, more.question.type) == (after(3), "WATCHER_RESTARTING")
    assert restarts.answer(DETECTOR, runs((0, 0, -60))).well is True
    assert f"{DETECTOR} 3 times, last at " in restarts.answer(DETECTOR, runs((0, 0, -60), (5, 3, 4))).words


def test_its_occurrences_are_restarts_and_not_looks() -> None:
    known, kept = runs((0, 0, -60), (5, 4, 3)), Memory()
    for minutes in (5, 10, 15):
        kept = memory.after_looks(kept, [restarts.answer(DETECTOR, known)], after(minutes))
    (trouble,) = kept.troubles.values()
    assert trouble.times == 4


def test_without_a_time_of_its_start_the_look_counts() -> None:
    assert restarts.after(Restarts(0), 1, None, NOW).last == NOW
    assert timedelta(minutes=5) < QUIET


def test_a_watcher_that_nothing_restarted_since_the_last_look_is_nothing_new() -> None:
    known = runs((0, 0, -60), (5, 1, 3))
    assert restarts.answer(DETECTOR, known).is_new
    assert not restarts.answer(DETECTOR, runs((0, 0, -60), (5, 1, 3), (10, 1, 3)), known).is_new
    assert restarts.answer(DETECTOR, runs((0, 0, -60), (5, 1, 3), (10, 2, 8)), known).is_new
