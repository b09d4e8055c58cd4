"""What a prediction rests on, and what it says: frozen facts. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class Figure(StrEnum):
    """What is watched for a trend."""

    MEMORY = "memory"
    DISK = "disk"
    WATCHDOG = "watchdog"
    RESTARTS = "restarts"
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True)
class FigureObservation:
    """One figure that has a limit, as it was at a time.

    Attributes:
        of: the unit, or a disk's mount point.
        value: bytes of memory or of a disk in use; of heartbeats the longest wait for one, in seconds.
        limit: where it ends, in the same measure.
        run: of which run of the unit; another one begins anew. "" for a disk.
    """

    at: float
    figure: Figure
    of: str
    value: float
    limit: float
    run: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """A figure at a time."""

    at: float
    value: float


@dataclass(frozen=True, slots=True)
class Series:
    """A figure over time, within the window of the configuration.

    Attributes:
        seen: the figure as it was observed last.
        samples: what it was at each sampling, the oldest first.
        peak: the highest since it last came down by itself.
        fell_from: the height from which it last came down by itself; None when it never did.
        fell_at: when that was.
        streak: judgements in a row that found it rising; below zero, that did not.
        quiet_until: until when nothing new is predicted of it.
    """

    seen: FigureObservation
    samples: tuple[Sample, ...] = ()
    peak: float = 0.0
    fell_from: float | None = None
    fell_at: float = 0.0
    streak: int = 0
    quiet_until: float = float("-inf")


Key = tuple[Figure, str]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What will happen if it goes on like this.

    Attributes:
        of: the unit, or a disk's mount point.
        since: when it was first predicted.
        confirmed_at: when it last was.
        run: of which run of the unit it is predicted.
        per_s: by how much the figure grows in a second.
        over_s: over how long a time it was seen growing.
        limit: where it ends.
        ends_at: when it gets there; None when only that it gets worse can be said.
        count: restarts in the last hour, beside those of the hour before in `before`.
        about: more precisely what, such as the check whose certificate it is.
    """

    figure: Figure
    of: str
    since: float
    confirmed_at: float
    run: str = ""
    per_s: float = 0.0
    over_s: float = 0.0
    limit: float = 0.0
    ends_at: float | None = None
    count: int = 0
    before: int = 0
    about: str = ""

    @property
    def key(self) -> Key:
        """There is one for each."""
        return self.figure, self.of
