"""Flapping: a problem that comes and goes is told as such once, then kept quiet until it is stable. Pure.

The rule is Nagios's: of the last 21 states, the 20 transitions are weighted from 0.75 (oldest) to
1.25 (newest); flapping begins at or above one percentage of weighted changes and ends below a
lower one. Nagios samples at each check; here a state is sampled at each change, and once for
every `sample_s` without one.
"""

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from standfast.notifier.config import FlappingConfig

TRANSITIONS: Final = 20
OLDEST_WEIGHT: Final = 0.75
NEWEST_WEIGHT: Final = 1.25


class Flapping(StrEnum):
    """What a problem's history says."""

    STEADY = "it does not change often"
    STARTED = "it has begun to come and go"
    GOES_ON = "it still comes and goes"
    ENDED = "it is stable again"


@dataclass(frozen=True, slots=True)
class Flap:
    """When a problem changed its state.

    Attributes:
        changes: the times of the latest changes, the newest last.
        since: when it began to flap; None when it does not.
        count: how many changes there were since the first of this history.
        first: when that was.
    """

    changes: tuple[datetime, ...]
    first: datetime
    since: datetime | None = None
    count: int = 1


def changed(flap: Flap | None, at: datetime) -> Flap:
    """The history with one change more."""
    if flap is None:
        return Flap((at,), at)
    return dataclasses.replace(flap, changes=(*flap.changes, at)[-TRANSITIONS:], count=flap.count + 1)


def percent(flap: Flap, now: datetime, sample_s: float) -> float:
    """The weighted share of changes among the last 20 transitions."""
    total, position, later = 0.0, 0, now
    for at in reversed(flap.changes):
        position += _samples(later - at, sample_s)
        if position >= TRANSITIONS:
            break
        total += _weight(position)
        position, later = position + 1, at
    return total / TRANSITIONS * 100


def judge(flap: Flap, now: datetime, config: FlappingConfig) -> Flapping:
    """Whether the problem flaps."""
    share = percent(flap, now, config.sample_s)
    if flap.since is None:
        return Flapping.STARTED if share >= config.start_percent else Flapping.STEADY
    return Flapping.ENDED if share < config.stop_percent else Flapping.GOES_ON


def is_forgotten(flap: Flap, now: datetime, config: FlappingConfig) -> bool:
    """Whether its latest change is too old to matter; a clock that was set back makes it so too."""
    return flap.since is None and _samples(abs(now - flap.changes[-1]), config.sample_s) >= TRANSITIONS


def _samples(gap: timedelta, sample_s: float) -> int:
    """How many unchanged states were sampled in a time."""
    return max(0, int(gap.total_seconds() / sample_s))


def _weight(position: int) -> float:
    """Of the transition at this position, 0 being the newest."""
    return NEWEST_WEIGHT - position * (NEWEST_WEIGHT - OLDEST_WEIGHT) / (TRANSITIONS - 1)
