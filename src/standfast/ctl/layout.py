"""How a table becomes lines of plain text that are not too long to read. Pure.

A cell that is too wide is wrapped in its column, between words; where names alone are too wide for columns, each row
becomes a block with a line for each cell: a name that is cut off names nothing.
"""

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

# As wide as a line of a log may be: a message mostly fits on one, and no reason makes hundreds of columns.
WIDTH: Final = 160
_GAP: Final = 2
_INDENT: Final = "  "
_NARROWEST: Final = 24
# What stands beneath a heading is not narrowed below this; a heading is.
_LEAST: Final = 18
SOLID: Final = "\N{NO-BREAK SPACE}"


def aligned_lines(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int = WIDTH) -> list[str] | None:
    """The lines of a table of plain texts; None where its columns do not fit beside each other."""
    table = [columns, *rows]
    widths = _widths(table, width)
    return None if widths is None else [_loose(line) for row in table for line in _aligned(row, widths)]


def block_lines(columns: Sequence[str], row: Sequence[str], width: int = WIDTH) -> list[str]:
    """A row as lines: its first cell, and beneath it each other one after its column's name."""
    first, *others = row
    named = (f"{_INDENT}{column}: {cell}" for column, cell in zip(columns[1:], others, strict=True))
    return [_loose(line) for text in (first, *named) for line in wrapped(text, width, 2 * _INDENT)]


def height(rows: Sequence[Sequence[str]], widths: Sequence[int]) -> int:
    """How many lines these rows take in columns of these widths."""
    return sum(max(len(wrapped(cell, width)) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _loose(line: str) -> str:
    return line.replace(SOLID, " ")


def solid(text: str) -> str:
    """A text that is not to be wrapped, such as a point in time."""
    return text.replace(" ", SOLID)


def fitting_widths(
    columns: Sequence[str], rows: Sequence[Sequence[str]], width: int, sentence: int
) -> list[int] | None:
    """How wide each column is, one that has to be narrower wrapped between words; None where that is not enough.

    Args:
        sentence: what is longer is not narrowed below this.
    """
    table = [columns, *rows]
    words = [max(map(_longest_word, column)) for column in zip(*table, strict=True)]
    sentences = [min(sentence, max(map(_length, column), default=0)) for column in zip(*rows, strict=True)]
    return _narrowed(table, width, list(map(max, words, sentences or words)))


def printable(text: str) -> str:
    """A text on one line and without control characters: what a journal or a status file holds may be hostile."""
    return "".join(character if character.isprintable() else " " for character in text)


def _widths(table: Sequence[Sequence[str]], width: int) -> list[int] | None:
    """How wide each column is, the widest ones narrowed as far as their words allow; None where that is not enough."""
    words = [max(map(_longest_word, column)) for column in zip(*table, strict=True)]
    # Long texts give way first, then whatever has more than one word; a sentence in a narrow column is hard to read.
    long_texts = _narrowed(table, width, [max(word, _NARROWEST) for word in words])
    return long_texts or fitting_widths(table[0], table[1:], width, _LEAST)


def _narrowed(table: Sequence[Sequence[str]], width: int, least: Sequence[int]) -> list[int] | None:
    """The widths within `width`, no column narrower than its least; None where there are none."""
    widths = [max(map(_length, column)) for column in zip(*table, strict=True)]
    over = sum(widths) + _GAP * (len(widths) - 1) - width
    while over > 0:
        at = max(range(len(widths)), key=lambda one: widths[one] if widths[one] > least[one] else -1)
        if widths[at] <= least[at]:
            return None
        next_widest = max((one for index, one in enumerate(widths) if index != at), default=0)
        narrower = max(least[at], min(next_widest, widths[at] - 1), widths[at] - over)
        over -= widths[at] - narrower
        widths[at] = narrower
    return widths


def _longest_word(cell: str) -> int:
    return max(map(len, re.split(r"[ \n]", cell)))


def _length(cell: str) -> int:
    """Of the longest of its lines."""
    return max(map(len, cell.split("\n")))


def _aligned(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    cells = [wrapped(cell, width) for cell, width in zip(row, widths, strict=True)]
    for number in range(max(map(len, cells))):
        parts = [cell[number] if number < len(cell) else "" for cell in cells]
        padded = (part.ljust(width) for part, width in zip(parts, widths, strict=True))
        yield (" " * _GAP).join(padded).rstrip()


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """A text on as many lines as it needs, the further ones indented; no word is cut."""
    return [line for part in text.split("\n") for line in _wrapped_line(part, width, indent)]


def _wrapped_line(text: str, width: int, indent: str) -> list[str]:
    if len(text) <= width:
        return [text]
    return textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [""]
