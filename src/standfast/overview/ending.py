"""How an agent that does not run ended, from its own last word. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from standfast.events import Event, Kind

_FLAT: Final = "flat"
_UNTOLD: Final = "its end was not told: it was killed, or it crashed; what it holds is only to be seen at your broker"


@dataclass(frozen=True, slots=True)
class Ending:
    """How an agent ended.

    Attributes:
        at: when; None where it did not say.
        words: how it ended, for people.
        is_flat: whether it saw that it held nothing.
    """

    at: datetime | None
    words: str
    is_flat: bool = False

    @property
    def is_told(self) -> bool:
        """Whether it ended in good order, as far as to say so."""
        return self.at is not None


def ending(last: Event, at: datetime) -> Ending:
    """What an agent's last word says of its end; one that ended in good order said its verdict last."""
    if last.kind is not Kind.SHUTDOWN:
        return Ending(None, _UNTOLD)
    words = last.message.partition(" stopped ")[2]
    return Ending(at, f"stopped {words}" if words else last.message, last.data.get("verdict") == _FLAT)
