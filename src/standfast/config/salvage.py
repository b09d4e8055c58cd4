"""What can be read of a TOML text that is none, so that one slip of the keyboard hides nothing else. Pure.

A line that the parser refuses is put in order or left out, and the rest is read; where that is not enough, what stands
before it is. Of what was put in its place nothing may be told: whoever judges the values knows these lines.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

_PLACE: Final = re.compile(r"(.*) \(at line (\d+), column (\d+)\)", re.DOTALL)
_KEY: Final = re.compile(r"""(\s*(?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*\s*=)(.*)""")
_HEADER: Final = re.compile(r"\s*(\[\[?)\s*([\w.-]+)[\s\]]*(?:#.*)?")
# So many lines that are wrong are no slips.
_LINES_AT_MOST: Final = 20
# So far back the beginning of what was not ended is looked for.
_LINES_BACK: Final = 300
_AT_END: Final = " (at end of document)"


@dataclass(frozen=True, slots=True)
class Slip:
    """What the parser complains of, in its words, and where; the line is 0 where it does not tell."""

    what: str
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What a text holds as far as it could be read.

    Attributes:
        text: what was read, line by line as in the file.
        slips: the lines that are no TOML; none where all of it is.
        left_out: the numbers of the lines in whose place something else was read, or nothing.
        is_whole: whether all other lines were read, and not only those before the slip.
    """

    values: dict[str, Any]
    text: str
    slips: tuple[Slip, ...] = ()
    left_out: frozenset[int] = frozenset()
    is_whole: bool = True


def salvaged(text: str) -> Salvaged:
    """The values of a text, and what is wrong with it."""
    found = _parsed(text)
    if isinstance(found, Slip):
        return _without_bad_lines(text, found) or _before(text, found)
    return Salvaged(found, text)


def _parsed(text: str) -> dict[str, Any] | Slip:
    """The values, or the first slip; of what is not ended the line on which it begins."""
    found = _read(text)
    if not isinstance(found, Slip) or found.line:
        return found
    line = _last_begun(text)
    return _not_ended(found.what.removesuffix(_AT_END), line) if line else found


def _read(text: str) -> dict[str, Any] | Slip:
    try:
        return tomllib.loads(text)
    except RecursionError:
        return Slip("brackets in brackets without end")
    except ValueError as error:
        match = _PLACE.fullmatch(str(error))
        return Slip(match[1], int(match[2]), int(match[3])) if match else Slip(str(error))


def _not_ended(what: str, line: int) -> Slip:
    return Slip(f"what begins here is not ended: {what[:1].lower()}{what[1:]}", line)


def _last_begun(text: str) -> int:
    """The line of whatever lasts until the end of the text; 0 where that is not found."""
    lines = text.split("\n")
    begun = [at for at, line in enumerate(lines) if _says_something(line)]
    for at in reversed(begun[-_LINES_BACK:]):
        if not isinstance(_read("\n".join(lines[:at])), Slip):
            return at + 1
    return 0


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _without_bad_lines(text: str, first: Slip) -> Salvaged | None:
    """The text with its bad lines put in order; None where that does not make it one."""
    repair = _Repair(text.split("\n"))
    found: dict[str, Any] | Slip = first
    while isinstance(found, Slip):
        if not 0 < found.line <= len(repair.lines) or found.line in repair.left_out or repair.is_in_vain:
            return None
        found = repair.behind(found)
    return Salvaged(found, "\n".join(repair.lines), tuple(repair.slips), frozenset(repair.left_out))


class _Repair:
    """A text whose bad lines are put in order one after the other."""

    def __init__(self, written: list[str]) -> None:
        self._written = written
        self.lines = list(written)
        self.slips: list[Slip] = []
        self.left_out: set[int] = set()
        # Those of them that left something open, and those that belong to that.
        self._open: set[int] = set()

    @property
    def is_in_vain(self) -> bool:
        """Whether so many lines are wrong that these are no slips."""
        return len(self.left_out) >= _LINES_AT_MOST

    def behind(self, slip: Slip) -> dict[str, Any] | Slip:
        """What is read once a line is put in order; where that only moves the slip on, what was not ended before it."""
        found, begun = self._with(slip.line), self._begun_before(slip.line)
        if begun and isinstance(found, Slip) and self._is_next_to(found.line, slip.line):
            self.lines[slip.line - 1] = self._written[slip.line - 1]
            slip = _not_ended(slip.what, begun)
            found = self._with(begun)
        follows = self._follows(slip.line)
        self.slips += [] if follows else [slip]
        self._open |= {slip.line} if follows or _opens(self._written[slip.line - 1]) else set()
        self.left_out.add(slip.line)
        return found

    def _with(self, number: int) -> dict[str, Any] | Slip:
        """Put the first thing in the place of a line with which it is refused no more; what is read then."""
        found: dict[str, Any] | Slip = Slip("")
        for instead in _instead_of(self._written[number - 1]):
            self.lines[number - 1] = instead
            found = _parsed("\n".join(self.lines))
            if not isinstance(found, Slip) or found.line != number:
                break
        return found

    def _begun_before(self, number: int) -> int:
        """The line of what is not ended before a line; 0 where all is."""
        before = "\n".join(self.lines[: number - 1])
        return _last_begun(before) if isinstance(_read(before), Slip) else 0

    def _is_next_to(self, number: int, other: int) -> bool:
        """Whether nothing stands between a line and another before it."""
        return number <= other or not any(map(_says_something, self._written[other : number - 1]))

    def _follows(self, number: int) -> bool:
        """Whether a line is wrong only because one right before it is, which opened what is not closed."""
        before = max((at for at in self.left_out if at < number), default=0)
        return before in self._open and self._is_next_to(number, before)


def _instead_of(line: str) -> Iterator[str]:
    if match := _KEY.fullmatch(line):
        yield f'{match[1]} ""'
    if match := _HEADER.fullmatch(line):
        yield f"{match[1]}{match[2]}{']' * len(match[1])}"
    yield ""


def _opens(line: str) -> bool:
    opened = line.count("[") + line.count("{") - line.count("]") - line.count("}")
    return opened > 0 or '"""' in line or "'''" in line


def _before(text: str, slip: Slip) -> Salvaged:
    """What stands before a slip, as far as it is whole."""
    lines = text.split("\n")
    for end in range(slip.line - 1, max(0, slip.line - 1 - _LINES_BACK), -1):
        found = _read(part := "\n".join(lines[:end]))
        if not isinstance(found, Slip):
            return Salvaged(found, part, (slip,), is_whole=False)
    return Salvaged({}, "", (slip,), is_whole=False)
