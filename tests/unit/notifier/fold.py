"""A ledger that events and time pass through, and the messages that it has decided upon."""

from tests.unit.notifier.events import at, config

from standfast.notifier.hear import Reason, hear
from standfast.notifier.ledger import Ledger
from standfast.notifier.model import Draft, Heard
from standfast.notifier.tick import tick


class Fold:
    def __init__(self, text: str = "") -> None:
        self.config = config(text)
        self.ledger = Ledger()

    def hear(self, heard: Heard) -> Reason:
        return hear(self.ledger, heard, self.config, heard.at)

    def tick(self, seconds: float) -> list[Draft]:
        """Let it be that time; the messages since the last call."""
        self.tick_only(seconds)
        return self.drafts()

    def tick_only(self, seconds: float) -> None:
        """Let it be that time; the messages are left for who takes the changes."""
        tick(self.ledger, self.config, at(seconds))

    def drafts(self) -> list[Draft]:
        return self.ledger.take_changes().drafts


def kinds(drafts: list[Draft]) -> list[str]:
    return [draft.kind.value for draft in drafts]
