"""How a word is to be taken: the one table behind every sign and colour, on the page and on a terminal. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from standfast.overview.unit_words import blind


class Tone(StrEnum):
    """How a word is to be taken; colour only repeats what it says."""

    PLAIN = "plain"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


# How an agent that waits with nothing wrong begins its reason.
RESTING: Final = "market closed"

_TONES: Final[Mapping[str, Tone]] = {
    # failure levels
    "NONE": Tone.GOOD,
    "WARNING": Tone.WARNING,
    "CRITICAL": Tone.BAD,
    "CASCADING": Tone.BAD,
    # agents
    "ACTIVE": Tone.GOOD,
    "ERROR": Tone.BAD,
    "WAITING": Tone.WARNING,
    # units that do not fail
    "healthy": Tone.GOOD,
    "settling": Tone.WARNING,
    # master restarts
    "success": Tone.GOOD,
    "partial": Tone.WARNING,
    "refused": Tone.WARNING,
    "failure": Tone.BAD,
    # checks
    "ok": Tone.GOOD,
    "fail": Tone.BAD,
    # severities
    "critical": Tone.BAD,
    "warning": Tone.WARNING,
    # anything of which nobody knows
    "unknown": Tone.WARNING,
    "UNKNOWN": Tone.WARNING,
}


def tone(word: Any) -> Tone:
    """The tone of a level, a state, a result or a severity; plain for every other word."""
    return _TONES.get(word, Tone.PLAIN) if isinstance(word, str) else Tone.PLAIN


def unit_tone(row: Mapping[str, Any]) -> Tone:
    """The tone of what the detector says of a unit; one of which a check cannot look is not known to be well."""
    if is_failing(row):
        return Tone.BAD
    return Tone.WARNING if blind(row) else tone(row.get("status") or "unknown")


def agent_tone(row: Mapping[str, Any]) -> Tone:
    """The tone of an agent's state; one that is paused is not well while it has anything open, as far as is known."""
    if row.get("paused") is True and row.get("state") == "ACTIVE":
        return Tone.PLAIN if row.get("flat") is True else Tone.WARNING
    return Tone.PLAIN if is_resting(row) else tone(row.get("state"))


def is_resting(row: Mapping[str, Any]) -> bool:
    """Whether an agent waits with nothing wrong."""
    return row.get("state") == "WAITING" and str(row.get("reason")).startswith(RESTING)


def is_failing(row: Mapping[str, Any]) -> bool:
    """Whether the detector says that a unit fails."""
    return row.get("failing") is True
