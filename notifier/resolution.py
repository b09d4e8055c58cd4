"""Resolution: a recovery is told once, if and only if its problem was told. Pure."""

import dataclasses
from datetime import datetime
from enum import StrEnum

from standfast.events import Event
from standfast.notifier.model import Problem, Stage


class Recovery(StrEnum):
    """What a `resolved` event means for people."""

    TOLD = "the problem was told, so is its end"
    NEVER_TOLD = "it ended before its aggregation window closed: nothing is sent"
    SUPERSEDED = "it gave way to a worse problem, which is told instead: it is not over"
    UNKNOWN = "no unresolved problem has this type and unit"


def recovery(problem: Problem | None, event: Event) -> Recovery:
    """Whether the end of a problem is told; whoever closes one in favour of a worse one says so in its data."""
    if problem is None:
        return Recovery.UNKNOWN
    if event.data.get("superseded_by"):
        return Recovery.SUPERSEDED
    return Recovery.NEVER_TOLD if problem.stage is Stage.HELD else Recovery.TOLD


def resolved(problem: Problem, at: datetime) -> Problem:
    """The problem at its end, which is never before its last occurrence."""
    return dataclasses.replace(problem, resolved_at=max(at, problem.last_occurrence))
