"""Fallback: when a message that its channel does not deliver goes to the next channel. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Fallback(StrEnum):
    """Whether a delivery is handed on."""

    NONE_LEFT = "its route has no further channel"
    ACKNOWLEDGED = "somebody has taken on what it says"
    FAILED = "its channel will not deliver it"
    TOO_LATE = "its channel has not delivered it in time"
    NOT_YET = "its channel still has time"


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A delivery that has not succeeded.

    Attributes:
        has_failed: whether its channel has given it up, or the other side has refused it.
        chain: the channels to hand it on to, in order.
        after_s: how long its channel has for it.
        acknowledged: whether every problem that it is about was acknowledged.
    """

    has_failed: bool
    created_at: datetime
    chain: tuple[str, ...]
    after_s: float
    acknowledged: bool


def fallback(one: Undelivered, now: datetime) -> Fallback:
    """Whether to hand a delivery on now; its own channel goes on trying all the same."""
    if not one.chain:
        return Fallback.NONE_LEFT
    if one.acknowledged:
        return Fallback.ACKNOWLEDGED
    if one.has_failed:
        return Fallback.FAILED
    is_late = abs(now - one.created_at) >= timedelta(seconds=one.after_s)
    return Fallback.TOO_LATE if is_late else Fallback.NOT_YET


def is_handed_on(decision: Fallback) -> bool:
    """Whether this decision means that the next channel gets the message."""
    return decision in (Fallback.FAILED, Fallback.TOO_LATE)
