"""What a kind of prediction is called, and how it is said. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from standfast.detector.prediction.model import Figure, Prediction

# So little of the limit is left where it is as good as reached: how fast that goes says nothing any more.
_AS_GOOD_AS: Final = 0.01


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind.

    Attributes:
        type: of the problem.
        unit: the systemd unit that the problem is about.
        words: the prediction with its basis, as it stands at a time.
        action: the next step for a human.
    """

    figure: Figure
    type: str
    unit: Callable[[Prediction], str]
    words: Callable[[Prediction, float], str]
    action: Callable[[Prediction], str]


def its_unit(prediction: Prediction) -> str:
    """The unit that the prediction is of."""
    return prediction.of


def is_reached(prediction: Prediction) -> bool:
    """Whether it was at its end when it was last confirmed, or as good as there."""
    if prediction.ends_at is None:
        return False
    left = prediction.per_s * (prediction.ends_at - prediction.confirmed_at)
    return left <= _AS_GOOD_AS * prediction.limit if prediction.per_s else prediction.ends_at <= prediction.confirmed_at


def left_s(prediction: Prediction, now: float) -> float:
    """How long it is until the end."""
    return max((prediction.ends_at or now) - now, 0.0)
