"""When nobody watched: what the detector says of that at its start, for whoever reads the history next day. Pure."""

from datetime import UTC, datetime
from typing import Final

from standfast.detector.config import Mode
from standfast.detector.remembering import Remembered
from standfast.detector.times import iso
from standfast.events import SINCE, UNTIL, WATCHER_STARTED, Event, Kind
from standfast.time_words import moment, span
from standfast.unit_names import DETECTOR

_FIRST: Final = "of an earlier run nothing is known"
_SET_BACK: Final = "for how long nobody watched is not known, as the clock was set back"


def watches_again(before: Remembered, mode: Mode, boot_id: str, now: float) -> Event:
    """The event of a detector that has begun to watch, for the journal: of that nobody is told.

    Args:
        before: what its earlier life kept.
        now: when it made its first look.
    """
    data: dict[str, object] = {"mode": mode.value}
    if before.at is not None:
        data |= {SINCE: iso(before.at), UNTIL: iso(now), "ended": before.has_ended}
    words = f'The detector watches, in mode "{mode}"; {_unwatched(before, boot_id, now)}'
    return Event(Kind.STATE, words, WATCHER_STARTED, unit=DETECTOR, data=data)


def _unwatched(before: Remembered, boot_id: str, now: float) -> str:
    if before.at is None:
        return _FIRST
    if before.at > now:
        return _SET_BACK
    last, first, long = _moment(before.at), _moment(now), span(now - before.at)
    rebooted = "; the host was started anew meanwhile" if before.boot_id != boot_id else ""
    if before.has_ended:
        return f"nobody watched from {last} to {first} ({long}){rebooted}"
    since = f"from soon after {last}, its last look,"
    return f"it had not ended in order: nobody watched {since} to {first} ({long} at most){rebooted}"


def _moment(at: float) -> str:
    return moment(datetime.fromtimestamp(at, UTC))
