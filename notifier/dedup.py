"""Deduplication: every occurrence is counted, whether or not it is told. Pure."""

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from standfast.events import ABOUT, LASTS, SINCE, TELLINGS, TOLD, UNTIL, WORDS, Event, Severity
from standfast.moments import from_iso
from standfast.notifier.model import SEVERITIES, Heard, Identity, Problem

# No larger number is believed.
_MOST_TELLINGS: Final = 10**6


class Match(StrEnum):
    """What an occurrence is to what is already known."""

    NEW = "no unresolved problem has this type and unit"
    REPEATED = "a further occurrence of an unresolved problem"
    UPDATED = "it is the same occurrence, in other words"
    ESCALATED = "a further occurrence, more severe than before"


def identity(heard: Heard) -> Identity:
    """The identity of the problem that an event is about: its type and its source unit."""
    return Identity(heard.event.type, heard.event.unit)


def began_at(heard: Heard) -> datetime:
    """When it began: as who reports it says, who may have seen it late; never after the report."""
    return min(_moment(heard.event.data, SINCE) or heard.at, heard.at)


def ended_at(heard: Heard) -> datetime:
    """When it ended: as who reports it says; never after the report."""
    return min(_moment(heard.event.data, UNTIL) or heard.at, heard.at)


def about(heard: Heard) -> tuple[str, ...]:
    """Whom a problem of the fleet is about, by name; none where its source does not say."""
    names = heard.event.data.get(ABOUT)
    return tuple(dict.fromkeys(one for one in names if isinstance(one, str))) if isinstance(names, list) else ()


def tellings(heard: Heard) -> int:
    """How often its source says that it has told people of it by itself."""
    if heard.event.data.get(TOLD) is not True:
        return 0
    times = heard.event.data.get(TELLINGS)
    return times if isinstance(times, int) and 0 < times < _MOST_TELLINGS else 1


def _moment(data: Mapping[str, object], key: str) -> datetime | None:
    value = data.get(key)
    try:
        return from_iso(value).astimezone(UTC) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def count(known: Problem | None, heard: Heard, new_id: int) -> tuple[Match, Problem]:
    """The problem with this occurrence counted; the latest words win, the severity never falls."""
    event = heard.event
    if known is None:
        problem = Problem(
            id=new_id,
            type=event.type,
            unit=event.unit,
            message=event.message,
            severity=event.severity,
            action=event.action,
            failure_class=event.failure_class,
            first_occurrence=began_at(heard),
            last_occurrence=heard.at,
        )
        return Match.NEW, problem
    known = dataclasses.replace(updated(known, event), message=event.message or known.message, stands="")
    escalated = SEVERITIES.index(event.severity) > SEVERITIES.index(known.severity)
    is_same = event.data.get(LASTS) is True and _moment(event.data, SINCE) == known.first_occurrence
    # Whoever took on a warning did not take on this: to be critical is news, and told until somebody takes that on.
    is_taken_on = known.acknowledged and not (escalated and event.severity is Severity.CRITICAL)
    problem = dataclasses.replace(
        known,
        acknowledged=is_taken_on,
        severity=event.severity if escalated else known.severity,
        last_occurrence=max(heard.at, known.last_occurrence),
        occurrences=known.occurrences + (not is_same),
        # What was closed goes on.
        ended_by="",
        closed_at=None,
        # What occurs again is worth reminding of, unless a person has taken it on.
        quiet=known.quiet if is_taken_on else "",
    )
    again = Match.UPDATED if is_same else Match.REPEATED
    return (Match.ESCALATED if escalated else again), problem


def in_its_words(heard: Heard) -> Heard:
    """An update, or an end, as it is to be told to people."""
    words = heard.event.data.get(WORDS)
    event = dataclasses.replace(heard.event, message=words) if isinstance(words, str) else heard.event
    return dataclasses.replace(heard, event=event)


def updated(known: Problem, event: Event) -> Problem:
    """The problem as it stands now; what that leaves out stays, and so does what it was told as."""
    return dataclasses.replace(
        known,
        stands=event.message or known.stands,
        action=event.action or known.action,
        failure_class=event.failure_class or known.failure_class,
    )
