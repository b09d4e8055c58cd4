"""Silences: for a while nothing new is said of what matches; watching goes on. Pure.

A silence may hold back a new message, never the recovery of a problem that was told. What merely happens
(a shutdown, a restart, a status) is not told later, as a problem is; so what of it is critical is not held back.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase

from standfast.events import Severity


class Silencing(StrEnum):
    """Whether something new may be said now."""

    NONE = "no silence matches it"
    SILENCED = "a silence matches it: it is told when that ends, if it is unresolved then"
    DROPPED = "a silence matches it, and it is neither critical nor a problem that lasts: it is not told"


@dataclass(frozen=True, slots=True)
class Silence:
    """A silence; an empty glob or severity matches everything.

    Attributes:
        by: who asked for it, as the host knows them.
    """

    id: str
    unit: str
    type: str
    severity: str
    start: datetime
    end: datetime
    why: str
    by: str


def silencing(silences: Iterable[Silence], severity: Severity, error_type: str, unit: str, now: datetime) -> Silencing:
    """Whether a silence is in force for something of this severity, type and unit."""
    for one in silences:
        if one.start <= now < one.end and _matches(one, severity, error_type, unit):
            return Silencing.SILENCED
    return Silencing.NONE


def taken_over(new: Silence, silences: Iterable[Silence]) -> list[Silence]:
    """Those for exactly the same in which a new one begins: it takes their place. What is planned for later stays."""
    return [one for one in silences if _matchers(one) == _matchers(new) and one.start <= new.start < one.end]


def going_on(new: Silence, older: Iterable[Silence]) -> Silence:
    """The new one, in force since the older ones were."""
    return replace(new, start=min((one.start for one in older), default=new.start))


def _matchers(one: Silence) -> tuple[str, str, str]:
    return one.unit, one.type, one.severity


def is_over(silence: Silence, now: datetime) -> bool:
    """Whether it will never be in force again."""
    return now >= silence.end


def _matches(one: Silence, severity: Severity, error_type: str, unit: str) -> bool:
    return (
        one.severity in ("", severity.value)
        and (not one.unit or fnmatchcase(unit, one.unit))
        and (not one.type or fnmatchcase(error_type, one.type))
    )
