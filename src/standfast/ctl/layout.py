"""How a table becomes lines of plain text that are not too long to read. Pure.

A cell that is too wide is wrapped in its column, between words; where names alone are too wide for columns, each row
becomes a paragraph: a name that is cut off names nothing.
"""

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

# As wide as a line of a log may be: a message mostly fits on one, and no reason makes hundreds of columns.
WIDTH: Final = 160
_GAP: Final = 2
_NARROWEST: Final = 24
# What stands beneath a heading is not narrowed below this; a heading is.
_LEAST: Final = 18
SOLID: Final = "\N{NO-BREAK SPACE}"


def plain_lines(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int = WIDTH) -> list[str]:
    """The lines of a table of plain texts."""
    table = [columns, *rows]
    fitting = _widths(table, width)
    if fitting is None:
        lines = [line for row in rows for line in _paragraph(columns, row, width)]
    else:
        lines = [line for row in table for line in _aligned(row, fitting)]
    return [line.replace(SOLID, " ") for line in lines]


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
    cells = [_wrapped(cell, width) for cell, width in zip(row, widths, strict=True)]
    for number in range(max(map(len, cells))):
        parts = [cell[number] if number < len(cell) else "" for cell in cells]
        padded = (part.ljust(width) for part, width in zip(parts, widths, strict=True))
        yield (" " * _GAP).join(padded).rstrip()


def _paragraph(columns: Sequence[str], row: Sequence[str], width: int) -> list[str]:
    named = [f"{column.lower()} {cell}" for column, cell in zip(columns[1:], row[1:], strict=True)]
    return _wrapped(f"{row[0]}: {'; '.join(named)}", width, "    ")


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    if len(text) <= width:
        return [text]
    return textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [""]
