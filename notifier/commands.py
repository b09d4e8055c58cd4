"""What people tell the notifier to do, as `command` events. Pure.

A command is an event of kind `command`; its STANDFAST_TYPE names what to do, its STANDFAST_DATA
(JSON) says with what:

| type | data |
|---|---|
| SILENCE | `{"id": hex, "end": ISO 8601}`, one or more of `unit`, `type` (globs), `severity`; perhaps `start`, `why` |
| UNSILENCE | `{"id": hex}` |
| ACK | `{"id": number of the problem}` |
| RESOLVE | `{"id": number of the problem}`; the answer says its type and unit, by which the detector knows it |
| TEST_NOTIFY | `{"id": hex of the message}` and perhaps `channel` |

Everything in the data is checked here: it comes from another program.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from standfast.events import Severity
from standfast.moments import from_iso
from standfast.notifier.model import Heard
from standfast.notifier.silence import Silence

_ID: Final = re.compile(r"[0-9a-f]{8,32}")
_LONGEST_WORDS: Final = 200


@dataclass(frozen=True, slots=True)
class Unsilence:
    """End a silence."""

    id: str


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Somebody takes a problem on: no reminders, no fallback channels."""

    problem_id: int


@dataclass(frozen=True, slots=True)
class Resolve:
    """Somebody says that a problem is over."""

    problem_id: int


@dataclass(frozen=True, slots=True)
class TestNotify:
    """Send a test through one channel, or ("") through all."""

    id: str
    channel: str


@dataclass(frozen=True, slots=True)
class Bad:
    """A command that cannot be followed, and why."""

    why: str


@dataclass(frozen=True, slots=True)
class NotOurs:
    """A command to another program."""


Command = Silence | Unsilence | Acknowledge | Resolve | TestNotify | Bad | NotOurs


def command(heard: Heard) -> Command:
    """What a command event asks for."""
    data = heard.event.data
    match heard.event.type:
        case "SILENCE":
            return _silence(data, heard)
        case "UNSILENCE":
            return Unsilence(hex_id(data)) if hex_id(data) else _BAD_ID
        case "ACK":
            return Acknowledge(_number(data)) if _number(data) else _BAD_NUMBER
        case "RESOLVE":
            return Resolve(_number(data)) if _number(data) else _BAD_NUMBER
        case "TEST_NOTIFY":
            return TestNotify(hex_id(data), _words(data, "channel")) if hex_id(data) else _BAD_ID
        case _:
            return NotOurs()


_BAD_ID: Final = Bad('"id" must be 8 to 32 hexadecimal digits')
_BAD_NUMBER: Final = Bad('"id" must be the number of a problem, see standfastctl errors')


def _silence(data: Mapping[str, Any], heard: Heard) -> Silence | Bad:
    start, end = _time(data, "start") or heard.at, _time(data, "end")
    unit, error_type, severity = _words(data, "unit"), _words(data, "type"), _words(data, "severity")
    if not hex_id(data):
        return _BAD_ID
    if end is None or end <= start:
        return Bad('"end" must be a time after the start')
    if severity not in ("", *Severity):
        return Bad('"severity" must be info, warning or critical')
    if not (unit or error_type or severity):
        return Bad("it would silence everything; name a unit, a type or a severity")
    return Silence(hex_id(data), unit, error_type, severity, start, end, _words(data, "why"), heard.by)


def hex_id(data: Mapping[str, Any]) -> str:
    """The id in an event's data, "" when there is none that can be used."""
    value = data.get("id")
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def _number(data: Mapping[str, Any]) -> int:
    value = data.get("id")
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63 else 0


def _words(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key, "")
    # JSON can name half of a surrogate pair, which is no text that could be stored.
    return value[:_LONGEST_WORDS].encode(errors="replace").decode() if isinstance(value, str) else ""


def _time(data: Mapping[str, Any], key: str) -> datetime | None:
    value = data.get(key)
    try:
        return from_iso(value).astimezone(UTC) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None
