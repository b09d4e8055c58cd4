"""Time spans as systemd writes them. Pure."""

from standfast.config.schema import seconds


def timespan_s(text: str) -> float | None:
    """The seconds of a time span such as "1min 30s"; None for "infinity" and for nonsense."""
    parts = [seconds(part) for part in text.split()]
    found = [part for part in parts if part is not None]
    return sum(found) if found and len(found) == len(parts) else None
