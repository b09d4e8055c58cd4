"""The catalogue of what crosses processes: the events that travel as journal entries.

Whoever has something to say logs one entry with these fields; the notifier and people with
`journalctl` read the same entry. This module is pure: it maps events to fields and back.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeVar

E = TypeVar("E", bound=StrEnum)


class Kind(StrEnum):
    """What an event is about; each kind has one MESSAGE_ID and one entry in the journal catalogue."""

    PROBLEM = "problem"
    UPDATE = "update"
    RESOLVED = "resolved"
    STATE = "state"
    STATUS = "status"
    LEVEL = "level"
    DECISION = "decision"
    RESTART = "restart"
    SHUTDOWN = "shutdown"
    NOTIFICATION = "notification"
    COMMAND = "command"
    CANARY = "canary"


class Severity(StrEnum):
    """How much an event matters to a person; `critical` goes out at once."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class FailureClass(StrEnum):
    """TRANSIENT failures are waited out, PERMANENT ones need a human."""

    TRANSIENT = "TRANSIENT"
    PERMANENT = "PERMANENT"


class Topic(StrEnum):
    """The tag that a human text starts with, so that old greps keep working."""

    HEALTH_CHECK = "[HEALTH-CHECK]"
    NOTIFICATION = "[NOTIFICATION]"
    STATE = "[STATE]"
    SHUTDOWN = "[SHUTDOWN]"


# One per kind, and three more below for what else has a state, made once by `systemd-id128 new`; people filter and
# catalogues key on them: never change one.
MESSAGE_IDS: Final[Mapping[Kind, str]] = {
    Kind.PROBLEM: "8d419516df7e4e73af490cb784813fa7",
    Kind.UPDATE: "b272a442ef4f420f84f6f4054a343160",
    Kind.RESOLVED: "2eeb5ebd712848c6b8c2c9ea77e01d6a",
    Kind.STATE: "6fc2516b68a84d8787ab900070cc1be5",
    Kind.STATUS: "fc47ca6a00e14a91a244426434c35f99",
    Kind.LEVEL: "7b4bf948f6704565ac48dd15fe9673b6",
    Kind.DECISION: "db79fe7e8829472a8260cc5acd588d81",
    Kind.RESTART: "3d112daf67414b94bb2ff318a74a349d",
    Kind.SHUTDOWN: "679fd5cd0f6c4e3087ec11aadcb0b15d",
    Kind.NOTIFICATION: "2953185e0d2d493ebfa1407ba6e4c5e1",
    Kind.COMMAND: "7137ab0141234fe6ae5609414623f8ad",
    Kind.CANARY: "cbbd3d62fcac4717badb9eec7608d029",
}

# What the detector sees of a watched unit, as the state of an event: no state of an agent's, with an entry of its own.
UNIT_STATES: Final = frozenset({"CRASHED", "LOOPING", "GIVEN_UP"})
UNIT_STATE_ID: Final = "c210421bf31b48f28f1b8c732dfa47cb"

TOPICS: Final[Mapping[Kind, Topic]] = {
    Kind.PROBLEM: Topic.HEALTH_CHECK,
    Kind.UPDATE: Topic.HEALTH_CHECK,
    Kind.RESOLVED: Topic.HEALTH_CHECK,
    Kind.STATE: Topic.STATE,
    Kind.STATUS: Topic.STATE,
    Kind.LEVEL: Topic.HEALTH_CHECK,
    Kind.DECISION: Topic.HEALTH_CHECK,
    Kind.RESTART: Topic.STATE,
    Kind.SHUTDOWN: Topic.SHUTDOWN,
    Kind.NOTIFICATION: Topic.NOTIFICATION,
    Kind.COMMAND: Topic.NOTIFICATION,
    Kind.CANARY: Topic.HEALTH_CHECK,
}

# In the data of a problem or its end: people were told of it already, by whoever logged it.
TOLD: Final = "told"
# And how often so far.
TELLINGS: Final = "tellings"
# In the data of what the notifier tells by itself: a record of that, which leads to no message.
RECORD: Final = "record"
# In the data of an update: the problem's words from now on, where its own say what is new. Of an end: how it is now,
# without how long it lasted, which a message says by itself.
WORDS: Final = "words"
# In the data of an update: whoever was told of the problem is told this too, for what they were told holds no longer.
NEWS: Final = "news"
# In the data of a problem and of its end: since when, and until when, where that was not the moment of the entry.
SINCE: Final = "since"
UNTIL: Final = "until"
# In the data of an end: a person made it, whose doing is no coming and going by itself.
BY_HAND: Final = "by_hand"
# In the data of a problem that lasts since then by itself, as a kill does: said once more it did not occur once more.
LASTS: Final = "lasts"
# In the data of a problem of the fleet: the units, files and databases that make it, by their names. Of a problem that
# comes and goes it tells whether it is about others than before.
ABOUT: Final = "about"
# In the data of a shutdown, and of an end that was none in order: the types of its unit's problems that are nobody's
# while it is stopped.
CLOSES: Final = "closes"
# In the data of a shutdown: systemd starts the unit again at once.
RESTARTS: Final = "restarts"

# The type of an agent's end that was none in order: of what its unit logs then, and of the problem that the detector
# makes of it where nobody starts the agent again.
AGENT_ENDED_UNCLEAN: Final = "AGENT_ENDED_UNCLEAN"
AGENT_ENDED_UNCLEAN_ID: Final = "fd97089942f2422a8dc00c2602c9ad20"
# In the data of what the unit logs: what the agent held, in words; "" for nothing.
HELD: Final = "held"
# In the same data: how its process ended, and where it stood, in words.
HOW: Final = "how"
# The type of a watcher's word at its start: since when nobody had watched.
WATCHER_STARTED: Final = "WATCHER_STARTED"
WATCHER_STARTED_ID: Final = "0768a3bf751040a6ab71392aa99d9eb2"
# The field of the notifier's answer to a command to resolve: the type of the problem that it ended.
RESOLVED_TYPE: Final = "STANDFAST_RESOLVED"
# The fields of its answer to a command about a problem that gave way to a worse one: that one's number and type.
HEIR: Final = "STANDFAST_HEIR"
HEIR_TYPE: Final = "STANDFAST_HEIR_TYPE"

# The types of a decision about a master restart, of which people are not told: asked for, would have been, or not.
RESTART_ASKED: Final = "MASTER_RESTART_ASKED"
RESTART_OBSERVED: Final = "MASTER_RESTART_OBSERVED"
RESTART_MODE: Final = "MASTER_RESTART_MODE"
RESTART_NOT_ASKED: Final = "MASTER_RESTART_NOT_ASKED"

_OTHER_STATES: Final = {AGENT_ENDED_UNCLEAN: AGENT_ENDED_UNCLEAN_ID, WATCHER_STARTED: WATCHER_STARTED_ID}

# journald drops entries of priority 5 and 6 first under a flood, and syncs 0-2 to disk at once: hence 4 and 2.
PRIORITIES: Final[Mapping[Severity, int]] = {Severity.INFO: 4, Severity.WARNING: 4, Severity.CRITICAL: 2}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, for people and for the notifier.

    Attributes:
        kind: what sort of event it is.
        message: a sentence for people, without a topic tag.
        type: what went wrong or changed, in capitals, such as OPENALGO_DOWN; half of a problem's identity.
        unit: the systemd unit it is about; the other half.
        action: the next step for a human.
        data: whatever else a reader may want; must be JSON.
    """

    kind: Kind
    message: str
    type: str = ""
    severity: Severity = Severity.INFO
    unit: str = ""
    failure_class: FailureClass | None = None
    state: str = ""
    previous_state: str = ""
    level: str = ""
    action: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


def to_fields(event: Event) -> dict[str, str]:
    """The journal fields of an event; fields without a value are left out."""
    optional = {
        "STANDFAST_TYPE": event.type,
        "STANDFAST_UNIT": event.unit,
        # The catalogue's text about a problem names it: a field that is not there would stand in it by its name.
        "STANDFAST_CLASS": event.failure_class or ("NONE" if event.kind is Kind.PROBLEM else ""),
        "STANDFAST_STATE": event.state,
        "STANDFAST_PREVIOUS_STATE": event.previous_state,
        "STANDFAST_LEVEL": event.level,
        "STANDFAST_ACTION": event.action,
        "STANDFAST_DATA": json.dumps(event.data, default=str) if event.data else "",
    }
    fields = {
        "MESSAGE": f"{TOPICS[event.kind]} {event.message}",
        "MESSAGE_ID": message_id(event),
        "PRIORITY": str(PRIORITIES[event.severity]),
        "STANDFAST": "1",
        "STANDFAST_EVENT": event.kind.value,
        "STANDFAST_SEVERITY": event.severity.value,
        **{name: str(value) for name, value in optional.items() if value},
    }
    # The text may come from anywhere, such as a strategy's exception: half a surrogate pair has no UTF-8.
    return {name: value.encode(errors="replace").decode() for name, value in fields.items()}


def message_id(event: Event) -> str:
    """By what the journal catalogue explains an event."""
    if event.kind is Kind.STATE and event.type in _OTHER_STATES:
        return _OTHER_STATES[event.type]
    return UNIT_STATE_ID if event.kind is Kind.STATE and event.state in UNIT_STATES else MESSAGE_IDS[event.kind]


def from_fields(fields: Mapping[str, str]) -> Event | None:
    """The event of a journal entry, or None when the entry is none that this version knows.

    Foreign programs need only STANDFAST=1, STANDFAST_EVENT and STANDFAST_TYPE: the severity
    defaults to warning, the unit to the trusted `_SYSTEMD_UNIT`. Unknown values of the rest
    are taken as absent rather than refused: an event that is half understood is better told
    than lost.
    """
    kind = _member(Kind, fields.get("STANDFAST_EVENT", ""))
    if fields.get("STANDFAST") != "1" or kind is None:
        return None
    message = fields.get("MESSAGE", "").removeprefix(TOPICS[kind]).strip()
    return Event(
        kind=kind,
        message=message,
        type=fields.get("STANDFAST_TYPE", ""),
        severity=_member(Severity, fields.get("STANDFAST_SEVERITY", "")) or Severity.WARNING,
        unit=fields.get("STANDFAST_UNIT") or fields.get("_SYSTEMD_UNIT", ""),
        failure_class=_member(FailureClass, fields.get("STANDFAST_CLASS", "")),
        state=fields.get("STANDFAST_STATE", ""),
        previous_state=fields.get("STANDFAST_PREVIOUS_STATE", ""),
        level=fields.get("STANDFAST_LEVEL", ""),
        action=fields.get("STANDFAST_ACTION", ""),
        data=_json_object(fields.get("STANDFAST_DATA", "")),
    )


def _member(kind: type[E], value: str) -> E | None:
    try:
        return kind(value)
    except ValueError:
        return None


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
