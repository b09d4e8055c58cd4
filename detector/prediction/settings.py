"""What `[prediction]` in detector.toml may say. Pure."""

from dataclasses import dataclass
from typing import Annotated, Final

from standfast.config import Duration
from standfast.detector.prediction.model import Figure

Window = Annotated[float, Duration(10.0)]
# How many samples a window holds, and how much of it must have been seen before anything is said.
SAMPLES: Final = 60
LEAST_SHARE: Final = 1 / 3


@dataclass(frozen=True, slots=True)
class PredictionSettings:
    """What is predicted, from how long a time, and how far ahead.

    Attributes:
        figures: of these.
        window_s: how far back is looked.
        horizon_s: an end that is further away is not told yet.
    """

    enabled: bool = True
    figures: tuple[Figure, ...] = tuple(Figure)
    window_s: Window = 3 * 3600.0
    horizon_s: Window = 12 * 3600.0

    @property
    def sample_s(self) -> float:
        """How often a figure is sampled."""
        return self.window_s / SAMPLES

    @property
    def least_s(self) -> float:
        """How long a run is watched before anything is said of it."""
        return self.window_s * LEAST_SHARE

    def wants(self, figure: Figure) -> bool:
        """Whether this is to be predicted."""
        return self.enabled and figure in self.figures
