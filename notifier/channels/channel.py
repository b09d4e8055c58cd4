"""What every channel is: something that delivers one message and says how that went."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

Body = Mapping[str, Any]


class Outcome(StrEnum):
    """How one attempt at a delivery ended."""

    DELIVERED = "the other side has taken it"
    PARTLY = "some of the other sides have taken it, the rest never will"
    RETRY = "it failed for now"
    REFUSED = "the other side will never take it"
    CRASHED = "a mistake of ours or of a library: perhaps it passes, perhaps it is this very message"


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome with its details.

    Attributes:
        detail: what the other side said, for the log: one line, without secrets.
        retry_after_s: how long the other side asked to wait before the next attempt.
        parts_done: how many parts of the message the other side has taken by now, those of earlier attempts included.
    """

    outcome: Outcome
    detail: str = ""
    retry_after_s: float | None = None
    parts_done: int = 0


def over_all(taken: object, refused: object) -> Outcome:
    """The outcome for several recipients, of whom some may have taken it and some refused it (both as truth values)."""
    if not taken:
        return Outcome.REFUSED
    return Outcome.PARTLY if refused else Outcome.DELIVERED


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the other side would take a message of ours.

    Attributes:
        good: None where that could not be found out.
        is_askable: False where the other side can be asked nothing without telling somebody something.
        detail: what it said, or why it could not be asked: one line, without secrets.
    """

    good: bool | None
    detail: str = ""
    is_askable: bool = True


class Channel(Protocol):
    """A way out. It is used by one thread at a time."""

    def deliver(self, body: Body, parts_done: int = 0) -> Answer:
        """Try once, within a bounded time. Never raises for anything that the other side does.

        Args:
            body: the message in the webhook's form, see render.webhook_body.
            parts_done: how many parts of it earlier attempts got through, for channels that split long texts.
        """

    def standing(self) -> Standing:
        """Ask the other side whether it still knows us, without sending anything to people.

        Within a bounded time, and without raising for anything that the other side does.
        """

    def close(self) -> None:
        """Give its connections back."""


class Unusable:
    """Stands in for a channel that cannot be built: its messages wait, and what is missing is said."""

    def __init__(self, why: str) -> None:
        self._why = why

    def deliver(self, body: Body, parts_done: int = 0) -> Answer:
        """Nothing can be delivered until somebody mends it."""
        return Answer(Outcome.RETRY, self._why, parts_done=parts_done)

    def standing(self) -> Standing:
        """Nobody was asked."""
        return Standing(None, self._why)

    def close(self) -> None:
        """Nothing is held."""
