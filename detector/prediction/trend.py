"""Whether samples rise towards a limit, and when they get there. Pure.

The slope is Theil's and Sen's: the median of the slopes of all pairs, which a third of outliers does
not move. A slope alone is no trend, though: a step has one, and so have the first half of a sawtooth
and enough noise. So the rise must be spread over the window, larger than the scatter around it,
not undone by falls and not about to end; and the less was seen, the less far ahead is looked.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from standfast.detector.prediction.middle import median
from standfast.detector.prediction.model import Sample
from standfast.detector.prediction.settings import PredictionSettings

LEAST_SAMPLES: Final = 12
# What counts as the whole window.
_WHOLE: Final = 0.9
_SMOOTHED: Final = 5
# The standard deviation of a normal scatter, in medians of its absolute deviations.
_MAD_TO_SIGMA: Final = 1.4826


@dataclass(frozen=True, slots=True)
class Demand:
    """What makes a rise a trend.

    Attributes:
        evenness: each of the three steps between the quarters' medians is at least so much of their mean.
        lasting: the last step is at least so much of it, for what slows down stops, as a cache does that is full.
        over_scatter: the rise is at least so many times the scatter around the line.
        fall: no fall on the way is more than so much of the rise.
        ahead: how far ahead the end may be, as a multiple of how far back was looked.
        ahead_at_first: the same while less was seen than a whole window.
        horizon: the same, as a multiple of the configured horizon.
    """

    evenness: float
    lasting: float
    over_scatter: float
    fall: float
    ahead: float
    ahead_at_first: float
    horizon: float


# To begin a prediction; and, once it was told, to stay with it.
TO_BEGIN: Final = Demand(
    evenness=0.5, lasting=0.75, over_scatter=4.0, fall=0.5, ahead=4.0, ahead_at_first=1.0, horizon=1.0
)
TO_STAY: Final = Demand(
    evenness=-0.2, lasting=-0.2, over_scatter=1.0, fall=1.0, ahead=8.0, ahead_at_first=8.0, horizon=2.0
)


@dataclass(frozen=True, slots=True)
class Trend:
    """A rise by `per_s` a second, seen over `over_s`, that reaches the limit `left_s` after the last sample."""

    per_s: float
    over_s: float
    left_s: float


def trend(
    samples: Sequence[Sample], limit: float, settings: PredictionSettings, demand: Demand = TO_BEGIN
) -> Trend | None:
    """The trend towards the limit, None where there is none that leads there in time."""
    over_s = samples[-1].at - samples[0].at if samples else 0.0
    if len(samples) < LEAST_SAMPLES or over_s < settings.least_s:
        return None
    ahead = demand.ahead if over_s >= _WHOLE * settings.window_s else demand.ahead_at_first
    within_s = min(settings.horizon_s * demand.horizon, ahead * over_s)
    left = limit - median(sample.value for sample in samples[-3:])
    steps = _steps(samples)
    # The steps lead from the middle of the first quarter to that of the last. Most figures are flat: no more for those.
    if sum(steps) <= 0 or left * over_s * 0.75 > 2 * sum(steps) * within_s or not _is_even(samples, steps, demand):
        return None
    per_s = slope(samples)
    if per_s <= 0 or per_s * over_s < demand.over_scatter * _scatter(samples, per_s) or left > per_s * within_s:
        return None
    return Trend(per_s, over_s, max(left, 0.0) / per_s)


def _is_even(samples: Sequence[Sample], steps: Sequence[float], demand: Demand) -> bool:
    """Whether the rise goes all through the samples, without falls, and on."""
    mean = sum(steps) / len(steps)
    if min(steps) < demand.evenness * mean or steps[-1] < demand.lasting * mean:
        return False
    return _deepest_fall(samples) <= demand.fall * sum(steps)


def slope(samples: Sequence[Sample]) -> float:
    """The median of the slopes between any two."""
    slopes = [
        (later.value - earlier.value) / (later.at - earlier.at)
        for index, earlier in enumerate(samples)
        for later in samples[index + 1 :]
    ]
    return median(slopes)


def _steps(samples: Sequence[Sample]) -> list[float]:
    """From the median of each quarter to that of the next."""
    size = len(samples) / 4
    quarters = [samples[round(index * size) : round((index + 1) * size)] for index in range(4)]
    middles = [median(sample.value for sample in quarter) for quarter in quarters]
    return [after - before for before, after in itertools.pairwise(middles)]


def _deepest_fall(samples: Sequence[Sample]) -> float:
    """The deepest fall from a height, of what remains when the scatter is smoothed."""
    values = [sample.value for sample in samples]
    highest = deepest = float("-inf")
    for end in range(_SMOOTHED, len(values) + 1):
        value = median(values[end - _SMOOTHED : end])
        highest = max(highest, value)
        deepest = max(deepest, highest - value)
    return deepest


def _scatter(samples: Sequence[Sample], per_s: float) -> float:
    """How far the samples lie from their line: as a standard deviation, by medians."""
    rests = [sample.value - per_s * (sample.at - samples[0].at) for sample in samples]
    middle = median(rests)
    return _MAD_TO_SIGMA * median(abs(rest - middle) for rest in rests)
