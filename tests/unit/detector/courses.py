"""Figures over time, and what is predicted of them: begun and ended, as the detector would judge them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from standfast.detector.prediction.judging import judged
from standfast.detector.prediction.model import Figure, FigureObservation, Prediction, Series
from standfast.detector.prediction.series import observed, sampled
from standfast.detector.prediction.settings import PredictionSettings

HOUR = 3600.0
SETTINGS = PredictionSettings()
LIMIT = 512.0

Course = Callable[[float], float]


@dataclass(frozen=True)
class Change:
    """A prediction begins, or the one that was there ends (None), when the figure is `value`."""

    at: float
    value: float
    prediction: Prediction | None


def changes(course: Course, until_h: float, limit: float = LIMIT) -> Iterator[Change]:
    """What is predicted of a figure (a function of hours) until that hour, or until it reaches its limit."""
    series: Series | None = None
    told: Prediction | None = None
    for number in range(int(until_h * HOUR / SETTINGS.sample_s)):
        at = number * SETTINGS.sample_s
        value = course(at / HOUR)
        if value >= limit:
            return
        seen = FigureObservation(at, Figure.MEMORY, "a.service", value, limit, "run")
        series, now = judged(sampled(observed(series, seen), SETTINGS.window_s, at), told, SETTINGS, at)
        if (now is None) != (told is None):
            yield Change(at, value, now)
        told = now
