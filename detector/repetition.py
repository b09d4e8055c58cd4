"""Which units change all the time, so that not each change of them is said by itself. Pure."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

# So many changes of a unit are said one by one between two looks; a stop and a start are two.
SAID_BETWEEN_LOOKS: Final = 4


class Repetition:
    """Counts what is said, and what is not, of each unit between two looks."""

    def __init__(self) -> None:
        self._said: Counter[str] = Counter()
        self._held: Counter[str] = Counter()
        self._often: frozenset[str] = frozenset()

    def is_calm(self, unit: str) -> bool:
        """Whether the next change of it is said by itself. Only an interval without any begins anew."""
        return unit not in self._often and self._said[unit] < SAID_BETWEEN_LOOKS

    def said(self, unit: str) -> None:
        """A change of it was said."""
        self._said[unit] += 1

    def held(self, unit: str) -> None:
        """A change of it was not."""
        self._held[unit] += 1

    def looked(self) -> Mapping[str, int]:
        """A look was made: how many changes of which units were not said since the last."""
        held = self._held
        self._often = frozenset(unit for unit in held if not self.is_calm(unit))
        self._said, self._held = Counter(), Counter()
        return held
