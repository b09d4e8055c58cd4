"""Moments as text and back: the form of all times in databases, status files and events. Pure."""

from datetime import UTC, datetime


def iso(moment: datetime) -> str:
    """ISO 8601 text in UTC to the millisecond, the form of all times in databases and status files."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def from_iso(text: str) -> datetime:
    """The aware datetime that `iso` wrote; a text without an offset is taken as UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
