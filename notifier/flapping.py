"""Flapping: a problem that comes and goes is told as such once, then kept quiet until it is stable. Pure.

The rule is Nagios's: of the last 21 states, the 20 transitions are weighted from 0.75 (oldest) to
1.25 (newest); flapping begins at or above one percentage of weighted changes and ends below a
lower one. Nagios samples at each check; here a state is sampled at each change, and once for
every `sample_s` without one.

What comes and goes is quiet for those only whom it was about before: where it names others, that is told, though no
more than `OTHERS_TOLD` times, as a fleet may have a thousand units.

What is critical is not left with the word that it is over while it is there: that it is there again is told. So that
this is not told of what crashes on and on, that it is over is said only when it has been for `LASTING`. What lasted for
so long is news after the word that it is there, though no more than `TOLD_ANEW` times: that it is over now, or, where
it was there for so long, the next state. Somebody may have mended it. Of what changed on and on without such a pause
nothing is news before it is stable, or was there for so long.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from standfast.notifier.config import FlappingConfig

TRANSITIONS: Final = 20
OLDEST_WEIGHT: Final = 0.75
NEWEST_WEIGHT: Final = 1.25
# So often while it comes and goes it is told that others have it now; and so many names are remembered for that.
OTHERS_TOLD: Final = 3
NAMES_KEPT: Final = 1000
# A state of something critical that is worth a word of its own lasts for so long; and so often the next is news.
LASTING: Final = timedelta(minutes=1)
TOLD_ANEW: Final = 3


class Flapping(StrEnum):
    """What a problem's history says."""

    STEADY = "it does not change often"
    STARTED = "it has begun to come and go"
    GOES_ON = "it still comes and goes"
    OTHERS = "it still comes and goes, and others have it now"
    ENDED = "it is stable again"


class Said(StrEnum):
    """What was told last of a problem that comes and goes."""

    NOTHING = ""
    OVER = "over"
    THERE = "there"


@dataclass(frozen=True, slots=True)
class Flap:
    """When a problem changed its state.

    Attributes:
        changes: the times of the latest changes, the newest last.
        since: when it began to flap; None when it does not.
        count: how many changes there were since the first of this history.
        first: when that was: since when it was so, where its source says that it saw it late.
        about: whom it was about in this history: units, files, databases by their names, as far as they were named.
        others: those of the latest change whom it was not about before.
        told: how often such others were told.
        said: what was told last since it flaps.
        anew: how often since then something was news after the word that it is there, since a state had lasted.
    """

    changes: tuple[datetime, ...]
    first: datetime
    since: datetime | None = None
    count: int = 1
    about: frozenset[str] = frozenset()
    others: tuple[str, ...] = ()
    told: int = 0
    said: Said = Said.NOTHING
    anew: int = 0


def changed(flap: Flap | None, at: datetime, about: Sequence[str] = (), began: datetime | None = None) -> Flap:
    """The history with one change more, after which the problem is about these; it began then, or is so since."""
    if flap is None:
        return Flap((at,), began or at, about=frozenset(about[:NAMES_KEPT]))
    # A clock that was set back makes no state last.
    is_news = flap.said is Said.THERE and at - flap.changes[-1] >= LASTING and flap.anew < TOLD_ANEW
    others = tuple(name for name in about if name not in flap.about)
    room = NAMES_KEPT - len(flap.about)
    return dataclasses.replace(
        flap,
        changes=(*flap.changes, at)[-TRANSITIONS:],
        count=flap.count + 1,
        about=flap.about | set(others[:room]),
        others=others[:room],
        said=Said.NOTHING if is_news else flap.said,
        anew=flap.anew + is_news,
    )


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
    if share < config.stop_percent:
        return Flapping.ENDED
    return Flapping.OTHERS if flap.others and flap.told < OTHERS_TOLD else Flapping.GOES_ON


def owes(flap: Flap, now: datetime, *, is_there: bool) -> bool:
    """Whether it is to be told of a critical problem that flaps how it is now: there, or over."""
    if flap.since is None:
        return False
    if is_there:
        return flap.said is not Said.THERE
    # A clock that was set back ends the wait.
    return (flap.said is Said.NOTHING or may_be_news(flap)) and abs(now - flap.changes[-1]) >= LASTING


def may_be_news(flap: Flap) -> bool:
    """Whether it is told, after the word that it is there, that it has been over for a while."""
    return flap.said is not Said.OVER and flap.anew < TOLD_ANEW and not is_restless(flap)


def is_restless(flap: Flap) -> bool:
    """Whether all changes that are remembered, as many as count, came without a pause between them."""
    is_full = len(flap.changes) == TRANSITIONS
    return is_full and all(later - at < LASTING for at, later in pairwise(flap.changes))


def having_said(flap: Flap, said: Said) -> Flap:
    """The history when this was told: that it is over, right after the word that it is there, is news."""
    is_news = flap.said is Said.THERE and said is Said.OVER
    return dataclasses.replace(flap, said=said, anew=flap.anew + is_news)


def settles(flap: Flap, config: FlappingConfig) -> timedelta:
    """How long after its latest change it is stable, where no other follows."""
    sample = timedelta(seconds=config.sample_s)
    quiet = (number * sample for number in range(TRANSITIONS + 1))
    return next(gap for gap in quiet if percent(flap, flap.changes[-1] + gap, config.sample_s) < config.stop_percent)


def is_forgotten(flap: Flap, now: datetime, config: FlappingConfig) -> bool:
    """Whether its latest change is too old to matter; a clock that was set back makes it so too."""
    return flap.since is None and _samples(abs(now - flap.changes[-1]), config.sample_s) >= TRANSITIONS


def _samples(gap: timedelta, sample_s: float) -> int:
    """How many unchanged states were sampled in a time."""
    return max(0, int(gap.total_seconds() / sample_s))


def _weight(position: int) -> float:
    """Of the transition at this position, 0 being the newest."""
    return NEWEST_WEIGHT - position * (NEWEST_WEIGHT - OLDEST_WEIGHT) / (TRANSITIONS - 1)
