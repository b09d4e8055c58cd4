"""Whether a prediction begins, goes on or ends, judged at each sampling of its series. Pure.

It takes more to begin than to stay, and an end is followed by quiet: who comes and goes is not believed.
"""

from dataclasses import replace
from typing import Final

from standfast.detector.prediction.model import Prediction, Series
from standfast.detector.prediction.series import REMEMBERED_WINDOWS
from standfast.detector.prediction.settings import PredictionSettings
from standfast.detector.prediction.trend import LEAST_SAMPLES, TO_STAY, Trend, trend

# So many judgements in a row begin a prediction, and so many end it.
CONFIRMED: Final = 3
CALM: Final = 3
# What fell by itself from a height is expected to fall from there again, unless that height was itself a danger.
_ALMOST: Final = 1.05
_DANGER: Final = 0.9


def judged(
    series: Series, told: Prediction | None, settings: PredictionSettings, now: float
) -> tuple[Series, Prediction | None]:
    """The series with its judgement, and what is predicted from now on; `told` is what was before."""
    if not _is_long_enough(series, settings):
        return series, told
    found = _trend(series, told, settings, now)
    streak = max(series.streak, 0) + 1 if found else min(series.streak, 0) - 1
    series = replace(series, streak=streak)
    if found and (told is not None or (streak >= CONFIRMED and now >= series.quiet_until)):
        return series, _prediction(series, told, found, now)
    if told is not None and streak <= -CALM:
        return _quiet(series, settings, now), None
    return series, told


def _is_long_enough(series: Series, settings: PredictionSettings) -> bool:
    samples = series.samples
    return len(samples) >= LEAST_SAMPLES and samples[-1].at - samples[0].at >= settings.least_s


def _trend(series: Series, told: Prediction | None, settings: PredictionSettings, now: float) -> Trend | None:
    if told is not None:
        return trend(series.samples, series.seen.limit, settings, TO_STAY)
    if _was_that_high(series, settings, now):
        return None
    return trend(series.samples, series.seen.limit, settings)


def _was_that_high(series: Series, settings: PredictionSettings, now: float) -> bool:
    """Whether it was as high before and came down by itself, not long ago."""
    if series.fell_from is None or now - series.fell_at > REMEMBERED_WINDOWS * settings.window_s:
        return False
    if series.fell_from > _DANGER * series.seen.limit:
        return False
    return series.seen.value <= _ALMOST * series.fell_from


def _quiet(series: Series, settings: PredictionSettings, now: float) -> Series:
    return replace(series, streak=0, quiet_until=now + settings.window_s / 2)


def _prediction(series: Series, told: Prediction | None, found: Trend, now: float) -> Prediction:
    seen = series.seen
    return Prediction(
        figure=seen.figure,
        of=seen.of,
        since=now if told is None else told.since,
        confirmed_at=now,
        run=seen.run,
        per_s=found.per_s,
        over_s=found.over_s,
        limit=seen.limit,
        ends_at=now + found.left_s,
    )
