"""Times as text and back. Pure."""

from datetime import UTC, datetime

from standfast.time_words import clock


def iso(at: float) -> str:
    """ISO 8601 text in UTC of a time in seconds since 1970."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def from_iso(text: str) -> float:
    """Seconds since 1970 of such a text."""
    return datetime.fromisoformat(text).timestamp()


def clock_at(at: float) -> str:
    """The time of day of such a time, in UTC."""
    return clock(datetime.fromtimestamp(at, UTC))
