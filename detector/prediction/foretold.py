"""Predictions as problems: their type, unit, words and next step. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from standfast.detector.prediction.certificate import CERTIFICATE
from standfast.detector.prediction.disk import DISK
from standfast.detector.prediction.kind import Kind, is_reached
from standfast.detector.prediction.memory import MEMORY
from standfast.detector.prediction.model import Figure, Prediction
from standfast.detector.prediction.restarts import RESTARTS
from standfast.detector.prediction.watchdog import WATCHDOG
from standfast.detector.times import from_iso, iso

KINDS: Final = (MEMORY, DISK, WATCHDOG, RESTARTS, CERTIFICATE)
REACHED: Final = "reached"
# Estimates waver: a move of less than this, or of less than this part of what was left, is none.
_MOVED_LEAST_S: Final = 300.0
_MOVED_PART: Final = 0.5
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

    @property
    def when(self) -> str:
        """When it comes true, to be kept and held against later ones; "" where that cannot be said."""
        ends_at = self.prediction.ends_at
        if ends_at is None:
            return ""
        return REACHED if is_reached(self.prediction) else iso(ends_at)

    def has_moved(self, told: str, now: float) -> bool:
        """Whether it comes so much sooner or later than was told that whoever rests on that is misled."""
        if not told or not self.when or REACHED in (told, self.when):
            return told != self.when
        was, ends_at = from_iso(told), from_iso(self.when)
        return abs(ends_at - was) >= max(_MOVED_LEAST_S, _MOVED_PART * abs(was - now))


def foretold(predictions: Iterable[Prediction], now: float) -> tuple[Foretold, ...]:
    """All of them, as they are said now."""
    found = ((_KINDS[prediction.figure], prediction) for prediction in predictions)
    return tuple(
        Foretold(kind.type, kind.unit(one), kind.words(one, now), kind.action(one), one) for kind, one in found
    )
