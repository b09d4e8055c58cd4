"""Predictions as problems: their type, unit, words and next step. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from standfast.detector.prediction.certificate import CERTIFICATE
from standfast.detector.prediction.disk import DISK
from standfast.detector.prediction.kind import Kind
from standfast.detector.prediction.memory import MEMORY
from standfast.detector.prediction.model import Figure, Prediction
from standfast.detector.prediction.restarts import RESTARTS
from standfast.detector.prediction.watchdog import WATCHDOG

KINDS: Final = (MEMORY, DISK, WATCHDOG, RESTARTS, CERTIFICATE)
TYPES: Final = frozenset(kind.type for kind in KINDS)
_KINDS: Final[Mapping[Figure, Kind]] = {kind.figure: kind for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Foretold:
    """A prediction as it is said at a time."""

    type: str
    unit: str
    words: str
    action: str
    prediction: Prediction

    @property
    def key(self) -> tuple[str, str]:
        """The identity of the problem."""
        return self.type, self.unit


def foretold(predictions: Iterable[Prediction], now: float) -> tuple[Foretold, ...]:
    """All of them, as they are said now."""
    found = ((_KINDS[prediction.figure], prediction) for prediction in predictions)
    return tuple(
        Foretold(kind.type, kind.unit(one), kind.words(one, now), kind.action(one), one) for kind, one in found
    )
