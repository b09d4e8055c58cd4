"""Lengths and points of time in words: the one form of each in everything that a person reads. Pure.

| function | for | forms |
|---|---|---|
| `span` | what took, lasts or lies ahead, in its two largest units | 45 s, 1 min 30 s, 12 min, 3 h 5 min, 2 d 4 h |
| `rough` | what is foretold, with two digits that say something | 40 s, 35 min, 4.5 h, 3 days |
| `clock` | a time of a day that is near | 14:30:05 UTC |
| `about` | when what is foretold comes | 14:30 UTC, 2026-11-25 14:30 UTC |
| `moment` | a point in time | 2026-11-25 14:30:05 IST |

Zones: a message of the notifier has the zone that is configured, a terminal the host's, a text that goes through the
journal or a status file UTC. What a configuration sets is repeated as it is set, in seconds, so that it can be found
there. Programs are given ISO 8601 (see standfast.moments) and seconds.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

MINUTE_S: Final = 60
HOUR_S: Final = 3600
DAY_S: Final = 86400
# Up to here the seconds beside the minutes say something.
_SECONDS_COUNT_S: Final = 10 * MINUTE_S
_HALF_A_MINUTE: Final = timedelta(seconds=30)
# Within this a time of day is that of one day only, and nobody takes it for another day's.
_NEAR: Final = timedelta(hours=18)


def span(length: float | timedelta) -> str:
    """A length of time; one below nothing is nothing."""
    seconds = round(max(_seconds(length), 0))
    for size, unit, part_size, part in ((DAY_S, "d", HOUR_S, "h"), (HOUR_S, "h", MINUTE_S, "min")):
        if seconds >= size:
            return _two(seconds // size, unit, seconds % size // part_size, part)
    rest = seconds % MINUTE_S if seconds < _SECONDS_COUNT_S else 0
    return _two(seconds // MINUTE_S, "min", rest, "s") if seconds >= MINUTE_S else f"{seconds} s"


def rough(length: float | timedelta) -> str:
    """About how long, in the unit that fits."""
    seconds = max(_seconds(length), 0)
    for size, least, unit in ((DAY_S, 3 * DAY_S, "days"), (HOUR_S, 1.75 * HOUR_S, "h"), (MINUTE_S, 120, "min")):
        if seconds >= least:
            return f"{two_digits(seconds / size)} {unit}"
    return f"{seconds:.0f} s"


def clock(at: datetime, zone: tzinfo | None = UTC) -> str:
    """A time of a day with its zone; None is the host's."""
    return f"{at.astimezone(zone):%H:%M:%S %Z}"


def moment(at: datetime, zone: tzinfo | None = UTC) -> str:
    """A point in time with its zone; None is the host's."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


def about(at: datetime, now: datetime) -> str:
    """To the nearest minute in UTC, for what is read later than written; the day beside it where that is not plain."""
    nearest = at.astimezone(UTC) + _HALF_A_MINUTE
    return f"{nearest:%H:%M %Z}" if abs(at - now) < _NEAR else f"{nearest:%Y-%m-%d %H:%M %Z}"


def two_digits(number: float) -> str:
    """A number with two digits that say something, no more."""
    return f"{number:.1f}".removesuffix(".0") if abs(number) < 10 else f"{number:.0f}"


def _two(whole: int, unit: str, rest: int, part: str) -> str:
    return f"{whole} {unit} {rest} {part}" if rest else f"{whole} {unit}"


def _seconds(length: float | timedelta) -> float:
    return length.total_seconds() if isinstance(length, timedelta) else length
