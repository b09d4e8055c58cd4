"""From raw journal fields to events: bounded, decoded, tolerant. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from standfast.events import Event, from_fields
from standfast.notifier.model import Heard

# No field of an event needs more; an entry may carry 64 KiB and more in each.
LONGEST_FIELD_BYTES: Final = 16 * 1024

WANTED: Final = (
    "MESSAGE",
    "STANDFAST",
    "STANDFAST_EVENT",
    "STANDFAST_TYPE",
    "STANDFAST_SEVERITY",
    "STANDFAST_UNIT",
    "STANDFAST_CLASS",
    "STANDFAST_STATE",
    "STANDFAST_PREVIOUS_STATE",
    "STANDFAST_LEVEL",
    "STANDFAST_ACTION",
    "STANDFAST_DATA",
    "_UID",
    "_SYSTEMD_UNIT",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the journal that may be an event.

    Attributes:
        fields: the wanted fields as text.
        cursor: its position in the journal.
        at: when journald received it.
    """

    fields: Mapping[str, str]
    cursor: str
    at: datetime

    @property
    def uid(self) -> int | None:
        """The trusted user id of who logged it."""
        text = self.fields.get("_UID", "")
        return int(text) if text.isascii() and text.isdigit() else None

    @property
    def systemd_unit(self) -> str:
        """The trusted unit of who logged it, "" when journald could not tell."""
        return self.fields.get("_SYSTEMD_UNIT", "")

    def event(self) -> Event | None:
        """The event that it is, None when it is none that this version knows."""
        return from_fields(self.fields)

    def heard(self, event: Event, by: str) -> Heard:
        """The event with its time and who logged it."""
        return Heard(event, self.at, by)


def to_fields(raw: Mapping[str, Any]) -> dict[str, str]:
    """The wanted fields as bounded text; of a field that occurs several times the first counts."""
    return {name: to_text(raw[name]) for name in WANTED if name in raw}


def to_text(value: Any) -> str:
    """What systemd's reader hands out (bytes, or a list of them) as text; bytes that are no UTF-8 are marked."""
    if isinstance(value, list):
        value = value[0] if value else b""
    if isinstance(value, bytes):
        return value[:LONGEST_FIELD_BYTES].decode(errors="replace")
    return str(value)[:LONGEST_FIELD_BYTES]
