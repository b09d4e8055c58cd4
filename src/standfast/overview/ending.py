"""How an agent that does not run ended, from its own last word. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from standfast.events import AGENT_ENDED_UNCLEAN, HELD, Event, Kind
from standfast.unit_names import agent_name

_FLAT: Final = "flat"
UNTOLD: Final = "its end was not told: it was killed, or it crashed; what it holds is only to be seen at your broker"


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
    """What an agent's last word says of its end; one that ended in good order said its verdict last.

    After any other end its unit said what it held.
    """
    if last.type == AGENT_ENDED_UNCLEAN:
        words = last.message.removeprefix(f"Agent {agent_name(last.unit)} ")
        return Ending(None, words, last.data.get(HELD) == "")
    if last.kind is not Kind.SHUTDOWN:
        return Ending(None, UNTOLD)
    words = last.message.partition(" stopped ")[2]
    return Ending(at, f"stopped {words}" if words else last.message, last.data.get("verdict") == _FLAT)
