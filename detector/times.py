"""Times as text and back. Pure."""

import math
from datetime import UTC, datetime

from standfast import time_words
from standfast.time_words import clock


def iso(at: float) -> str:
    """ISO 8601 text in UTC of a time in seconds since 1970."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def from_iso(text: str) -> float:
    """Seconds since 1970 of such a text."""
    return datetime.fromisoformat(text).timestamp()


def about(at: float, now: float) -> str:
    """About when that is: a text is read later than it is written, so the time of day, and the day if it is far off."""
    return time_words.about(datetime.fromtimestamp(at, UTC), datetime.fromtimestamp(now, UTC))


def clock_at(at: float) -> str:
    """The time of day of such a time, in UTC."""
    return clock(datetime.fromtimestamp(at, UTC))


def clock_from(at: float) -> str:
    """The same to the next full second, for what is not so before that time: no second of it is cut off."""
    return clock_at(math.ceil(at))
