"""What is a trend and what is not, by its course; thousands of courses from fixed seeds."""

from __future__ import annotations

import math
import random

import pytest
from tests.unit.detector.courses import HOUR, LIMIT, SETTINGS, Course, changes

from standfast.detector.prediction.middle import median
from standfast.detector.prediction.model import Sample
from standfast.detector.prediction.trend import slope, trend


@pytest.mark.parametrize(("values", "middle"), [([3.0], 3.0), ([2.0, 1.0], 1.5), ([9.0, 1.0, 2.0], 2.0)])
def test_median(values: list[float], middle: float) -> None:
    assert median(values) == middle


def test_a_quarter_of_outliers_does_not_move_the_slope() -> None:
    samples = [Sample(at, at * 2.0 if at % 4 else 10_000.0) for at in range(60)]
    assert slope(samples) == pytest.approx(2.0, abs=0.2)


def test_a_clean_line_is_read_exactly() -> None:
    samples = [Sample(number * 180.0, 100 + number * 2.5) for number in range(60)]
    found = trend(samples, 512.0, SETTINGS)
    assert found is not None
    assert found.per_s * HOUR == pytest.approx(50)
    assert found.left_s / HOUR == pytest.approx((512 - samples[-2].value) / 50)


@pytest.mark.parametrize("per_hour", [50.0, 100.0, 200.0])
@pytest.mark.parametrize("scatter", [0.0, 5.0])
def test_a_leak_is_told_once_in_time_and_stays_told(per_hour: float, scatter: float) -> None:
    dice = random.Random(1)
    (begun,) = changes(lambda h: 100 + per_hour * h + dice.gauss(0, scatter), 24)
    assert begun.prediction is not None
    assert begun.prediction.ends_at is not None
    fails_at = (LIMIT - 100) / per_hour * HOUR
    assert begun.at < 0.75 * fails_at
    assert begun.prediction.ends_at - begun.at == pytest.approx(fails_at - begun.at, rel=0.35)


def step(at_h: float) -> Course:
    return lambda h: 100.0 if h < at_h else 450.0


def teeth(period_h: float, low: float, high: float) -> Course:
    return lambda h: low + (high - low) * (h / period_h % 1)


QUIET: dict[str, Course] = {
    "flat": lambda h: 500.0,
    "falling": lambda h: 500.0 - 10 * h,
    "a step": step(2.3),
    "a late step": step(6),
    "two steps": lambda h: step(2)(h) / 2 + step(5)(h) / 2,
    "teeth of 20 minutes": teeth(1 / 3, 100, 480),
    "teeth of an hour": teeth(1, 100, 480),
    "a cache that fills up": lambda h: 50 + 430 * (1 - math.exp(-3 * h)),
    "slower than the horizon": lambda h: 100 + 5 * h,
    "one spike": lambda h: 500.0 if 2 < h < 2.1 else 100.0,
    "day and night": lambda h: 250 + 60 * math.sin(h * math.pi / 12),
}


@pytest.mark.parametrize("course", QUIET.values(), ids=QUIET)
def test_what_is_no_trend(course: Course) -> None:
    assert list(changes(course, 24)) == []


def test_what_comes_down_by_itself_is_believed_to_do_so_again() -> None:
    """A heap that is collected every four hours is told the first time, when nobody can know."""
    found = list(changes(teeth(4, 100, 450), 48))
    assert [change.prediction is not None for change in found] == [True, False]
    assert found[1].at / HOUR == pytest.approx(4, abs=0.3)


def test_a_height_that_was_a_danger_is_told_again() -> None:
    found = list(changes(teeth(12, 100, 500), 24))
    assert [change.prediction is not None for change in found] == [True, False, True]


def test_what_levels_off_is_over_and_does_not_come_back() -> None:
    found = list(changes(lambda h: 100 + 100 * min(h, 3.5), 24))
    assert [change.prediction is not None for change in found] == [True, False]


@pytest.mark.parametrize("seed", range(40))
def test_noise_of_any_size_is_never_believed(seed: int) -> None:
    """Scatter around a level, with or without a memory of itself, with outliers, near the limit or far from it."""
    dice = random.Random(seed)
    level, size, memory = dice.uniform(50, 480), dice.choice((2, 10, 40, 120)), dice.choice((0.0, 0.5, 0.8))
    drift = 0.0

    def course(h: float) -> float:
        nonlocal drift
        drift = memory * drift + dice.gauss(0, size)
        outlier = dice.random() < 0.02
        return min(max(level + drift + (300 if outlier else 0), 0.0), LIMIT - 1)

    assert list(changes(course, 24)) == []


@pytest.mark.parametrize("seed", range(20))
def test_nothing_flaps(seed: int) -> None:
    """Whatever a figure does, between an end and the next beginning lies half a window."""
    dice = random.Random(seed)
    value, pull = 250.0, 0.0

    def course(h: float) -> float:
        nonlocal value, pull
        if dice.random() < 0.02:
            pull = dice.choice((-8.0, 0.0, 2.0, 4.0, 8.0))
        if dice.random() < 0.01:
            value = dice.uniform(0, 500)
        value = min(max(value + pull + dice.gauss(0, 6), 0.0), LIMIT - 1)
        return value

    found = list(changes(course, 72))
    for over, again in zip(found[1::2], found[2::2], strict=False):
        assert (over.prediction, again.prediction is None) == (None, False)
        assert again.at - over.at >= SETTINGS.window_s / 2


def test_such_courses_do_lead_to_predictions() -> None:
    """Else the property above would hold of nothing."""
    assert len(list(changes(teeth(24, 50, 500), 72))) >= 3
