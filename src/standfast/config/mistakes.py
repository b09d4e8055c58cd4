"""What is wrong with a configuration, a line each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from standfast.errors import StandfastError

# How the source of a mistake begins that stands in an environment variable.
VARIABLE: Final = "environment variable "
# What stood where a key must be, and is not.
NOTHING: Final = "nothing"


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to correct.

    Attributes:
        source: the file with the line if known, or the environment variable.
        key: the dotted key, "" when it is the file as a whole.
        expected: what should have stood there.
        found: what stood there, as it was written; "" when nothing did.
        hint: what to do, where that is not plain from `expected`.
    """

    source: str
    key: str
    expected: str
    found: str = ""
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.source}: {self.key}" if self.key else self.source
        found = f", found {self.found}" if self.found else ""
        hint = f"; {self.hint}" if self.hint else ""
        line = f"{where}: expected {self.expected}{found}{hint}"
        # A key or a library's words may hold anything; in a log and at a terminal this is one line all the same.
        return "".join(character if character.isprintable() else " " for character in line)


class ConfigError(StandfastError):
    """A configuration that cannot be used, with all its mistakes.

    Attributes:
        is_missing: whether there is no file, where one must be.
    """

    def __init__(self, mistakes: Sequence[Mistake], *, is_missing: bool = False) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = tuple(mistakes)
        self.is_missing = is_missing

    @property
    def first_line(self) -> str:
        """The first mistake, and how many more there are: for places that hold one line."""
        more = len(self.mistakes) - 1
        return f"{self.mistakes[0]}" + (f" (and {more} more)" if more else "")
