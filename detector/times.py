"""Times as text and back. Pure."""

from datetime import UTC, datetime
from typing import Final

from standfast.time_words import clock

# Within this a time of day is that of one day only, and nobody takes it for another day's.
_NEAR_S: Final = 18 * 3600.0
_HALF_A_MINUTE_S: Final = 30.0


def iso(at: float) -> str:
    """ISO 8601 text in UTC of a time in seconds since 1970."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def from_iso(text: str) -> float:
    """Seconds since 1970 of such a text."""
    return datetime.fromisoformat(text).timestamp()


def about(at: float, now: float) -> str:
    """About when that is: a text is read later than it is written, so the time of day, and the day if it is far off."""
    moment = datetime.fromtimestamp(at + _HALF_A_MINUTE_S, UTC)
    return f"{moment:%H:%M} UTC" if abs(at - now) < _NEAR_S else f"{moment:%Y-%m-%d %H:%M} UTC"


def clock_at(at: float) -> str:
    """The time of day of such a time, in UTC."""
    return clock(datetime.fromtimestamp(at, UTC))
