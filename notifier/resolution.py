"""Resolution: a recovery is told once, if and only if its problem was told. Pure.

It is told when it has lasted for a moment: a problem that is back within that time was not over. What ends shortly
after one another is told together, as it was when it began.
"""

import dataclasses
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from standfast.events import Event
from standfast.notifier.model import Problem, Stage


class Recovery(StrEnum):
    """What the end of a problem means for people."""

    TOLD_SOON = "the problem was told, so is its end, when it has lasted for a moment"
    NEVER_TOLD = "it ended before it was told: nothing is sent"
    FLAPS = "it comes and goes: its end is told when it is stable"
    SUPERSEDED = "it gave way to a worse problem, which is told instead: it is not over"
    UNKNOWN = "no unresolved problem has this type and unit"


class Return(StrEnum):
    """What a problem that is back means."""

    NOT_OVER = "its recovery was not told yet: it was not over"
    OTHERS = "it was not over, and others have it now"


def recovery(problem: Problem | None, event: Event) -> Recovery:
    """Whether the end of a problem is told; whoever closes one in favour of a worse one says so in its data."""
    if problem is None:
        return Recovery.UNKNOWN
    if event.data.get("superseded_by"):
        return Recovery.SUPERSEDED
    if problem.stage is Stage.FLAPPING:
        return Recovery.FLAPS
    # One that flapped and is held again by a silence was told: people wait for its end.
    return Recovery.TOLD_SOON if problem.is_awaited else Recovery.NEVER_TOLD


def resolved(problem: Problem, at: datetime, words: str = "") -> Problem:
    """The problem at its end, which is never before its last occurrence; a told one is recovering from here on.

    Args:
        words: what its source says of its end.
    """
    is_told = problem.stage is not Stage.FLAPPING and problem.is_awaited
    stage = Stage.RECOVERING if is_told else problem.stage
    at = max(at, problem.last_occurrence)
    return dataclasses.replace(problem, resolved_at=at, stage=stage, ended_with=words)


def reopened(problem: Problem) -> Problem:
    """A problem that is back before its end was told, or whose end its source tells though it was closed before."""
    stage = Stage.TOLD if problem.stage in (Stage.RECOVERING, Stage.CLOSED) else problem.stage
    by = problem.ended_by if problem.stage is Stage.CLOSED else ""
    return dataclasses.replace(problem, resolved_at=None, stage=stage, ended_by=by, ended_with="")


def is_settled(problem: Problem, hold_s: float, now: datetime) -> bool:
    """Whether a recovery has lasted for long enough to be told (a clock that was set back ends the wait)."""
    at = problem.resolved_at
    return at is not None and not timedelta(0) <= now - at < timedelta(seconds=hold_s)


def was_over(problem: Problem, hold_s: float, at: datetime) -> bool:
    """Whether a recovering problem that is back was over: long enough, where it is read late, or by a person's word."""
    is_by_hand = bool(problem.ended_by) and problem.closed_at is None
    return problem.stage is Stage.RECOVERING and (is_by_hand or is_settled(problem, hold_s, at))


def ripe(recovering: Sequence[Problem], hold_s: float, window_s: float, now: datetime) -> tuple[Problem, ...]:
    """Those of one destination to tell now: all that have lasted, but none while another's end is still to show.

    Ends that follow each other without a pause hold the first of them back for `window_s` at most.
    """
    settled = tuple(one for one in recovering if is_settled(one, hold_s, now))
    has_waited = any(is_settled(one, hold_s + window_s, now) for one in settled)
    return settled if has_waited or len(settled) == len(recovering) else ()


def settles_at(problem: Problem, hold_s: float) -> datetime | None:
    """When a recovery may be told."""
    if problem.stage is not Stage.RECOVERING or problem.resolved_at is None:
        return None
    return problem.resolved_at + timedelta(seconds=hold_s)
