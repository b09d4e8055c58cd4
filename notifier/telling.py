"""What each kind of event becomes for people: a problem, a recovery, a message at once, or nothing. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from standfast.events import RECORD, RESTARTS, Event, Kind, Severity
from standfast.notifier.model import MessageKind


class Telling(StrEnum):
    """How an event is told."""

    PROBLEM = "counted as a problem: window, throttle, recovery"
    UPDATE = "other words of a problem, which did not occur once more"
    RECOVERY = "ends a problem"
    STATUS = "told at once, and stands in for the reminders of its unit's problems"
    AT_ONCE = "told at once, a message each"
    COMMAND = "followed"
    CANARY = "passed on as far as the worker"
    NOTHING = "for readers of the journal"


# A change of the fleet's level is a `problem` (CASCADING_FAILURE, FLEET_CRITICAL, ...) and later `resolved`; the
# `level` event beside it is for readers of the journal, as `state` is. Our own notifications are never told again.
_TELLINGS: Mapping[Kind, Telling] = {
    Kind.PROBLEM: Telling.PROBLEM,
    Kind.UPDATE: Telling.UPDATE,
    Kind.RESOLVED: Telling.RECOVERY,
    Kind.STATUS: Telling.STATUS,
    Kind.RESTART: Telling.AT_ONCE,
    Kind.SHUTDOWN: Telling.AT_ONCE,
    Kind.STATE: Telling.NOTHING,
    Kind.LEVEL: Telling.NOTHING,
    Kind.DECISION: Telling.NOTHING,
    Kind.NOTIFICATION: Telling.NOTHING,
    Kind.COMMAND: Telling.COMMAND,
    Kind.CANARY: Telling.CANARY,
}

_OF_PROBLEMS = (Telling.PROBLEM, Telling.UPDATE, Telling.RECOVERY)

MESSAGE_KINDS: Mapping[Kind, MessageKind] = {
    Kind.STATUS: MessageKind.STATUS,
    Kind.RESTART: MessageKind.RESTART,
    Kind.SHUTDOWN: MessageKind.SHUTDOWN,
}


def telling(event: Event) -> Telling:
    """How this event is told; a problem or recovery without a type has no identity and is nobody's.

    An end of an agent that has a type is not flat: that lasts until its next start, or somebody, has seen to it.
    One that is flat and in the middle of a restart wakes nobody: what comes of the start is told if it goes wrong.
    """
    if event.data.get(RECORD) is True:
        return Telling.NOTHING
    if event.kind is Kind.SHUTDOWN and not event.type and event.data.get(RESTARTS) is True:
        return Telling.NOTHING
    found = Telling.PROBLEM if event.kind is Kind.SHUTDOWN and event.type else _TELLINGS[event.kind]
    if found in _OF_PROBLEMS and not event.type:
        return Telling.NOTHING
    return found


def weighed(event: Event) -> Severity:
    """The severity that routes see: whoever hears of a master restart hears how it ended, which may be good news."""
    return Severity.CRITICAL if event.kind is Kind.RESTART else event.severity
