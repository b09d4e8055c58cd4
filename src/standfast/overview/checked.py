"""What the check found out about detector and notifier, which cannot tell it of themselves. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from standfast.overview import snapshot as shots
from standfast.overview.snapshot import Row, Snapshot, words
from standfast.time_words import clock, span
from standfast.unit_names import CHECK, DETECTOR, NOTIFIER, short

_CANARY: Final = "CANARY_LOST"
_ABOUT_WATCHERS: Final = (_CANARY, "WATCHER_STUCK")
# The check runs every five minutes; what it found so long ago it would have found anew.
_HOLDS_FOR: Final = timedelta(minutes=30)


def problems(snapshot: Snapshot) -> list[str]:
    """A daemon that hangs, or delivers nothing, a line each: until the next check, so the time is said."""
    at = shots.moment(snapshot.check.get("checked_at"))
    return [_line(row, at, snapshot) for row in _not_well(snapshot)] if at is not None else []


def _line(row: Row, at: datetime, snapshot: Snapshot) -> str:
    detail, again = words(row.get("detail")), f"systemctl start {short(CHECK)}"
    found = f"{detail[:1].upper()}{detail[1:]} (so the check at {clock(at)})"
    wrote_at = _wrote_at(snapshot, row)
    if wrote_at is None or wrote_at > at:
        return f"{found}; it has moved since then, to look again: {again}"
    age = span(snapshot.now - wrote_at)
    restart = f"systemctl restart {short(words(row.get('unit')))}"
    return f"{found}, and has written no status for {age}; {restart}, then to look again: {again}"


def is_mute(snapshot: Snapshot) -> bool:
    """Whether the notifier delivers nothing, though it runs; one that has moved since then may have been busy."""
    at = shots.moment(snapshot.check.get("checked_at"))
    wrote_at = shots.moment(snapshot.notifier.get("checked_at"))
    has_moved = at is None or wrote_at is None or wrote_at > at
    return not has_moved and any(row.get("type") == _CANARY for row in _not_well(snapshot))


def _wrote_at(snapshot: Snapshot, row: Row) -> datetime | None:
    """When the daemon wrote its status last."""
    source = snapshot.notifier if row.get("unit") == NOTIFIER else snapshot.detector
    return shots.moment(source.get("checked_at"))


def _not_well(snapshot: Snapshot) -> list[Row]:
    at = shots.moment(snapshot.check.get("checked_at"))
    if at is None or snapshot.now - at > _HOLDS_FOR:
        return []
    sources: Mapping[str, shots.Source] = {DETECTOR: snapshot.detector, NOTIFIER: snapshot.notifier}
    return [
        row
        for row in shots.rows(snapshot.check.get("answers"))
        if row.get("type") in _ABOUT_WATCHERS and row.get("well") is False and _runs(sources, row)
    ]


def _runs(sources: Mapping[str, shots.Source], row: Row) -> bool:
    """One that does not run is told of as that."""
    source = sources.get(words(row.get("unit")))
    return source is not None and source.status is not None
