"""The throttle: how often one unresolved problem may be told. Pure.

It bounds the messages about one problem, identified by type and unit; after a told recovery a
recurrence is a new problem with a fresh throttle.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase

from standfast.events import FailureClass
from standfast.notifier.config import ThrottleSeconds
from standfast.notifier.model import Problem, Stage
from standfast.unit_names import AGENTS

# A waiting agent says "still waiting" every hour, which stands in for the reminder; only when that stays
# away for this much longer does the notifier remind by itself.
WAITING_AGENT_SLACK = timedelta(minutes=10)


class Category(StrEnum):
    """The groups of error types that have a throttle window of their own."""

    STARTUP = "startup"
    WEBSOCKET = "websocket"
    BROKER = "broker"
    DATABASE = "database"
    DEFAULT = "default"


_PREFIXES = (
    ("STARTUP_FAILURE", Category.STARTUP),
    ("OPENALGO_", Category.STARTUP),
    ("WEBSOCKET_", Category.WEBSOCKET),
    ("FEED_", Category.WEBSOCKET),
    ("BROKER_", Category.BROKER),
    ("DATABASE_", Category.DATABASE),
)


class Throttle(StrEnum):
    """Whether an unresolved problem may be told again."""

    NOT_TOLD_YET = "it was not told yet, or it is flapping"
    WITHIN_WINDOW = "a message about it went out within the throttle window"
    WINDOW_PASSED = "the throttle window has passed since the last message"


def category(error_type: str) -> Category:
    """The throttle category of an error type."""
    return next((found for prefix, found in _PREFIXES if error_type.startswith(prefix)), Category.DEFAULT)


def window(problem: Problem, seconds: ThrottleSeconds) -> timedelta:
    """How long after a message about this problem the next one is due."""
    configured = timedelta(seconds=getattr(seconds, category(problem.type).value))
    waits = problem.failure_class is FailureClass.TRANSIENT and fnmatchcase(problem.unit, AGENTS)
    return configured + WAITING_AGENT_SLACK if waits else configured


def due_at(problem: Problem, seconds: ThrottleSeconds) -> datetime | None:
    """When the problem may be told again; None while it was not told at all."""
    return problem.told_at + window(problem, seconds) if problem.told_at else None


def throttle(problem: Problem, seconds: ThrottleSeconds, now: datetime) -> Throttle:
    """Whether an unresolved problem may be told again now."""
    due = due_at(problem, seconds)
    if problem.stage is not Stage.TOLD or due is None:
        return Throttle.NOT_TOLD_YET
    return Throttle.WINDOW_PASSED if now >= due else Throttle.WITHIN_WINDOW
