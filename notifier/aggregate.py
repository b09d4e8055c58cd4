"""Aggregation: problems that come within one window go out together, on a timer. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from standfast.events import Severity
from standfast.notifier.model import MessageKind, Problem, Stage


class Admission(StrEnum):
    """How a problem that must be told gets to people."""

    AT_ONCE = "critical, or an agent's end: it skips the window"
    OPENED = "it opened an aggregation window"
    JOINED = "it joined the open aggregation window"


def admit(problem: Problem, closes_at: datetime | None) -> Admission:
    """Whether a problem waits for the window or goes out now."""
    if problem.severity is Severity.CRITICAL:
        return Admission.AT_ONCE
    return Admission.JOINED if closes_at else Admission.OPENED


def closing_time(now: datetime, window_s: float) -> datetime:
    """When a window that opens now closes."""
    return now + timedelta(seconds=window_s)


def is_closed(closes_at: datetime | None, now: datetime, window_s: float) -> bool:
    """Whether the window is over.

    A window that would close later than a whole window from now comes from a clock that was
    set back since: it is over too, so that nothing waits for hours.
    """
    return closes_at is not None and (now >= closes_at or closes_at - now > timedelta(seconds=window_s))


def held(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Those that wait for the window, oldest first."""
    return tuple(sorted((one for one in problems if one.stage is Stage.HELD), key=lambda one: one.id))


def kind_of(problems: tuple[Problem, ...], alone: MessageKind) -> MessageKind:
    """A single problem keeps its own form of message; several new ones share one, and so do several reminders."""
    return MessageKind.AGGREGATE if len(problems) > 1 and alone is MessageKind.PROBLEM else alone
