"""Which changes of a unit are said one by one: one that crashes again and again would fill the journal. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

# So many changes of a unit are said between two looks; a start or a stop is three, a restart by its operator five.
SAID_BETWEEN_LOOKS: Final = 12


@dataclass(slots=True)
class _Unit:
    said: int = 0
    meant: set[str] = field(default_factory=set)
    held: int = 0
    is_often: bool = False


@dataclass(frozen=True, slots=True)
class Looked:
    """What the time since the last look came to.

    Attributes:
        counts: how many changes of which units were not said.
        settled: those that changed too often until then, and have not since.
    """

    counts: Mapping[str, int]
    settled: tuple[str, ...]


class Repetition:
    """Counts what is said of each unit between two looks."""

    def __init__(self) -> None:
        self._units: dict[str, _Unit] = {}

    def is_news(self, unit: str, meaning: str) -> bool:
        """Whether this change is worth a line of its own: there were few, or none like it."""
        found = self._units.setdefault(unit, _Unit())
        if found.said >= SAID_BETWEEN_LOOKS and meaning in found.meant:
            found.held += 1
            return False
        found.said += 1
        found.meant.add(meaning)
        return True

    def looked(self) -> Looked:
        """A look was made. Whoever goes on like that is not listened to anew; only an interval without begins again."""
        counts = {unit: found.held for unit, found in self._units.items() if found.held}
        settled = tuple(unit for unit, found in self._units.items() if found.is_often and not found.held)
        self._units = {
            unit: _Unit(found.said, found.meant, is_often=True) for unit, found in self._units.items() if found.held
        }
        return Looked(counts, settled)
