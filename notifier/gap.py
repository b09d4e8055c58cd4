"""Whether entries of the journal went before they were read. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Gap(StrEnum):
    """What happened between the last reading and this one."""

    NONE = "reading goes on where it stopped"
    FIRST_START = "nothing was read before: reading begins now"
    VACUUMED_READ = "the last entry read is gone, but none after it"
    LOST = "entries were removed before they were read"


@dataclass(frozen=True, slots=True)
class Position:
    """Where the reading stopped.

    Attributes:
        cursor: of the last event read, "" before the first one.
        read_until: up to when the journal had been read to its end; None if that was never written down.
        stopped_in: the boot in which the reading was stopped in good order, "" when it was not.
    """

    cursor: str
    read_until: datetime | None
    stopped_in: str = ""


def gap(position: Position, cursor_found: bool, oldest_entry_at: datetime | None, boot: str) -> Gap:
    """What is missing between the position and the journal as it is now.

    Events are rare, so the entry of the cursor may be vacuumed long after it was read: entries are
    lost only when the journal now begins later than it had been read to.

    Args:
        cursor_found: whether the entry of the position's cursor is still there.
        oldest_entry_at: the time of the oldest entry of any kind; None when the journal is empty.
        boot: the present boot.
    """
    if position.read_until is None:
        return Gap.FIRST_START
    if not position.cursor or cursor_found:
        return Gap.NONE
    if oldest_entry_at is None or oldest_entry_at <= position.read_until:
        return Gap.VACUUMED_READ
    if position.stopped_in and position.stopped_in != boot:
        # A journal in memory is gone with the reboot, but it had been read to its end before.
        return Gap.VACUUMED_READ
    return Gap.LOST
