"""A unit that systemd restarts more and more often. Pure.

What is told is what was counted: when it comes to an end nobody knows. A burst is no trend (a storm of
crashes is over when it is over), and one that fails look by look is told as failing.
"""

from collections.abc import Sequence
from typing import Final

from standfast.detector.prediction.kind import Kind, its_unit
from standfast.detector.prediction.model import Figure, Prediction
from standfast.detector.prediction.wording import times
from standfast.time_words import rough

# So many in the last hour, and so many times as many as in the hour before, are a rise.
LEAST: Final = 4
GROWTH: Final = 2
# In so many of the hour's quarters: not all at once.
QUARTERS: Final = 3


def counted(restarted_at: Sequence[float], hour_s: float, now: float) -> tuple[int, int]:
    """The restarts of the last hour, and of the hour before."""
    last = sum(1 for at in restarted_at if now - hour_s < at)
    return last, sum(1 for at in restarted_at if now - 2 * hour_s < at) - last


def is_rising(restarted_at: Sequence[float], hour_s: float, now: float) -> bool:
    """Whether there were many more in the last hour than in the one before, spread over it."""
    last, before = counted(restarted_at, hour_s, now)
    quarters = {int((now - at) / hour_s * 4) for at in restarted_at if now - hour_s < at}
    return last >= max(LEAST, GROWTH * (before + 1)) and len(quarters) >= QUARTERS


def has_calmed(prediction: Prediction, last: int) -> bool:
    """Whether they became so few that what was told is over."""
    return last < LEAST / 2 or last <= prediction.count / 2


def _words(prediction: Prediction, now: float) -> str:
    return (
        f"{prediction.of} was restarted by systemd {times(prediction.count)} within {rough(prediction.over_s)}, "
        f"{times(prediction.before)} within the {rough(prediction.over_s)} before"
    )


def _action(prediction: Prediction) -> str:
    return f"journalctl -u {prediction.of}"


RESTARTS = Kind(Figure.RESTARTS, "RESTARTS_RISING", its_unit, _words, _action)
