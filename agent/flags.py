"""Pause and kill: files that a human puts beside the configuration, and that only a human takes away. Pure.

/etc/standfast/agents/NAME.paused and NAME.killed hold JSON that says who, when and why. They lie where
the agent can read and not write: a strategy can neither pause nor free itself.
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from standfast.moments import from_iso
from standfast.time_words import moment

# What a file may hold; the rest of a longer one is not read.
MAX_BYTES = 4096


class FlagKind(StrEnum):
    """What is wanted of the agent."""

    PAUSED = "paused"
    KILLED = "killed"


@dataclass(frozen=True, slots=True)
class Flag:
    """One such file: who set it, when (ISO 8601), and why; "" where it does not say."""

    by: str = ""
    at: str = ""
    why: str = ""

    def __str__(self) -> str:
        parts = (f"by {self.by}" if self.by else "", f"at {_in_words(self.at)}" if self.at else "")
        told = " ".join(part for part in parts if part)
        return f"{told}: {self.why}" if told and self.why else told or self.why or "without a word why"


@dataclass(frozen=True, slots=True)
class Flags:
    """What is set now."""

    paused: Flag | None = None
    killed: Flag | None = None


def flag_path(config: Path, kind: FlagKind) -> Path:
    """The flag file that belongs to an agent's configuration file."""
    return config.with_suffix(f".{kind}")


def render(flag: Flag) -> str:
    """The text of a flag file."""
    return json.dumps(asdict(flag)) + "\n"


def parse(text: str) -> Flag:
    """The flag of a file's text; one that a human wrote by hand, or just touched, counts as well."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        return Flag(why=_line(text))
    return Flag(*(_line(str(found.get(key, ""))) for key in ("by", "at", "why")))


def _in_words(at: str) -> str:
    """A time as people read it; one that a human wrote in another way as it stands there."""
    try:
        return moment(from_iso(at))
    except (ValueError, OverflowError):
        return at


def _line(text: str) -> str:
    return " ".join(text.split())[:200]
