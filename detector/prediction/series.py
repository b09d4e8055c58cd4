"""A figure over time: sampled, kept within a window, with what is known of its falls. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from standfast.detector.prediction.middle import median
from standfast.detector.prediction.model import FigureObservation, Sample, Series

# A fall is one of its own, as of a garbage collector or a rotated log, when it frees so much of what had been left
# free and of the whole; less is scatter.
_FREED_OF_LEFT = 0.1
_FREED_OF_LIMIT = 0.02
_SMOOTHED = 3
_SAME_HEIGHT = 0.9
# What fell by itself from a height is expected to fall from there again: for so many windows (a day and a bit, by
# default, since much of what happens happens daily).
REMEMBERED_WINDOWS = 10


def observed(before: Series | None, seen: FigureObservation) -> Series:
    """The series after one more observation; another run begins anew."""
    if before is None or before.seen.run != seen.run:
        return Series(seen, peak=seen.value)
    return replace(before, seen=seen)


def sampled(series: Series, window_s: float, now: float) -> Series:
    """The series with what it is now as its last sample."""
    remembered_s = REMEMBERED_WINDOWS * window_s
    samples = (*within(series.samples, now - window_s), Sample(now, series.seen.value))
    # One sample makes no height, and no fall.
    value = median(sample.value for sample in samples[-_SMOOTHED:])
    series = replace(series, samples=samples)
    if not _came_down(series, value):
        return replace(series, peak=max(series.peak, value))
    height = series.fell_from if series.fell_from is not None and now - series.fell_at < remembered_s else 0.0
    if series.peak < _SAME_HEIGHT * height:
        return replace(series, peak=value)  # one of the steps down, or a smaller fall than the one before
    return replace(series, peak=value, fell_from=max(series.peak, height), fell_at=now)


def within(samples: Iterable[Sample], since: float) -> tuple[Sample, ...]:
    """The samples since then."""
    return tuple(sample for sample in samples if sample.at >= since)


def _came_down(series: Series, value: float) -> bool:
    freed = series.peak - value
    return freed >= max(_FREED_OF_LEFT * (series.seen.limit - value), _FREED_OF_LIMIT * series.seen.limit)


def shifted_series(series: Series, by_s: float) -> Series:
    """The series in the times of a clock that was set."""
    return replace(
        series,
        seen=replace(series.seen, at=series.seen.at + by_s),
        samples=tuple(Sample(sample.at + by_s, sample.value) for sample in series.samples),
        fell_at=series.fell_at + by_s,
        quiet_until=series.quiet_until + by_s,
    )
