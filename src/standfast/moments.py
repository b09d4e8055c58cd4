"""Moments as text and back: the form of all times in databases, status files and events. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def iso(moment: datetime) -> str:
    """ISO 8601 text in UTC to the millisecond, the form of all times in databases and status files."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def from_iso(text: str) -> datetime:
    """The aware datetime that `iso` wrote; a text without an offset is taken as UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def logged_at(entry: Mapping[str, Any]) -> datetime:
    """When journald received an entry, as the library that reads it gives it."""
    received: datetime = entry["__REALTIME_TIMESTAMP"]
    return datetime.fromtimestamp(received.timestamp(), UTC)
