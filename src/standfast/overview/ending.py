"""How an agent that does not run ended, from its own last word. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from standfast.events import AGENT_ENDED_UNCLEAN, HELD, Event, Kind
from standfast.unit_names import agent_name

_FLAT: Final = "flat"
_UNASKED: Final = "the broker was not asked"
# How books begin that do not tell, and how an end names what it left open (see standfast.agent.flatness).
_NOT_KNOWN: Final = "not known"
_OPEN: Final = re.compile(r"(?:\(|, )open: ([^();]+)|as far as is known it holds ([^;]+)")
# How an end that was told begins; before it stands who killed the agent, with a reason in anybody's words.
_STOPPED: Final = re.compile(r" stopped (from [A-Z]+ in [\d.]+ s: .*)", re.DOTALL)
UNTOLD: Final = "its end was not told: it was killed, or it crashed; what it holds is only to be seen at your broker"


@dataclass(frozen=True, slots=True)
class Ending:
    """How an agent ended.

    Attributes:
        at: when; None where nothing tells.
        words: how it ended, for people.
        is_flat: whether it saw that it held nothing.
        held: what it held by its own books, in words; "" for nothing, or where they do not tell.
        is_told: whether it ended in good order, as far as to say so.
        is_unasked: whether it saw that without its broker, who was not asked while it ran.
    """

    at: datetime | None
    words: str
    is_flat: bool = False
    held: str = ""
    is_told: bool = False
    is_unasked: bool = False


def ending(last: Event, at: datetime) -> Ending:
    """What an agent's last word says of its end; one that ended in good order said its verdict last.

    After any other end its unit said what it held.
    """
    if last.type == AGENT_ENDED_UNCLEAN:
        words = last.message.removeprefix(f"Agent {agent_name(last.unit)} ")
        held = str(last.data.get(HELD) or "")
        return Ending(at, words, last.data.get(HELD) == "", "" if held.startswith(_NOT_KNOWN) else held)
    if last.kind is not Kind.SHUTDOWN:
        return Ending(None, UNTOLD)
    words = found[1] if (found := _STOPPED.search(last.message)) else ""
    is_flat = last.data.get("verdict") == _FLAT
    is_unasked = _UNASKED in words
    return Ending(at, f"stopped {words}" if words else last.message, is_flat, _open(words), True, is_unasked)


def _open(words: str) -> str:
    """What the end's own words name as open."""
    found = _OPEN.search(words)
    return (found[1] or found[2]).strip() if found else ""
