"""A table as commands make it, whatever it is shown on. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from standfast.overview.tones import Tone
from standfast.time_words import moment

# Where in its words a cell's moment is shown.
AT: Final = "{at}"


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell: words, with a moment at `AT` in them that is shown in the reader's time zone.

    Attributes:
        short: what is shown in its place where there is little room; "" for the same.
    """

    text: str
    tone: Tone = Tone.PLAIN
    at: datetime | None = None
    short: str = ""

    @property
    def words(self) -> str:
        """What a person reads: a moment by the clock of the host."""
        return self.text.replace(AT, moment(self.at, None)) if self.at else self.text


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table; `empty` is said in its place when it has no rows.

    Attributes:
        beneath: the columns of which each goes beneath the one before it where there is little room.
        spare: the columns that are left out where there is less, the least needed first.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str
    beneath: tuple[str, ...] = ()
    spare: tuple[str, ...] = ()
