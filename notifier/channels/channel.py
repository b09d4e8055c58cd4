"""What every channel is: something that delivers one message and says how that went."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

Body = Mapping[str, Any]


class Outcome(StrEnum):
    """How one attempt at a delivery ended."""

    DELIVERED = "the other side has taken it"
    RETRY = "it failed for now"
    REFUSED = "the other side will never take it"


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome with its details.

    Attributes:
        detail: what the other side said, for the log: one line, without secrets.
        retry_after_s: how long the other side asked to wait before the next attempt.
    """

    outcome: Outcome
    detail: str = ""
    retry_after_s: float | None = None


class Channel(Protocol):
    """A way out. It is used by one thread only."""

    def deliver(self, body: Body) -> Answer:
        """Try once, within a bounded time. Never raises for anything that the other side does.

        Args:
            body: the message in the webhook's form, see render.webhook_body.
        """

    def close(self) -> None:
        """Give its connections back."""
