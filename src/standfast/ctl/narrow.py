"""How a table fits a terminal: what is least needed gives way, and no name is cut off. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from standfast.ctl.layout import fitting_widths, height, printable, solid
from standfast.ctl.table import AT, Cell, Table
from standfast.overview.tones import Tone
from standfast.time_words import moment

# With less than this no two columns of words stand beside each other.
_LEAST_WIDTH: Final = 56
# A sentence is not narrowed below this.
_SENTENCE: Final = 28
# What says that there is none needs no line of its own.
_NOTHING: Final = frozenset({"", "-", "none"})

Piece: TypeAlias = tuple[str, Tone]


@dataclass(frozen=True, slots=True)
class Shape:
    """A table as it is shown: lines of words within columns of these widths.

    Attributes:
        left_out: the columns for which there is no room.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Piece, ...], ...]
    widths: tuple[int, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def texts(self) -> list[list[str]]:
        """Its words without how they are to be taken."""
        return [[text for text, _ in row] for row in self.rows]


def shape(table: Table, width: int, *, keeps_all: bool = False) -> Shape | None:
    """The table within a width, wrapped in its columns; None where it would have to be too narrow to be read.

    Args:
        keeps_all: whether no column may be left out.
    """
    if width < _LEAST_WIDTH:
        return None
    fitting = (_fitted(found, width) for found in _ever_narrower(table))
    found = next((one for one in fitting if one), None)
    if found is None or found.left_out:
        return None if keeps_all else found
    # With all columns: one beneath another may be easier to read than two that are as narrow as can be.
    others = (one for one in fitting if one and not one.left_out)
    return min([found, *others], key=lambda one: height(one.texts, one.widths))


def _fitted(found: Shape, width: int) -> Shape | None:
    widths = fitting_widths(found.columns, found.texts, width, _SENTENCE)
    return replace(found, widths=tuple(widths)) if widths else None


def with_all(table: Table) -> Iterator[Shape]:
    """The table with every word of it: as it is, and with one column after the other beneath its neighbour."""
    found = Shape(table.columns, tuple(tuple(map(_whole, row)) for row in table.rows))
    yield found
    for name in table.beneath:
        found = _stacked(found, found.columns.index(name))
        yield found


def _ever_narrower(table: Table) -> Iterator[Shape]:
    """First moments on two lines and short names, then a column beneath another, then fewer columns."""
    yield next(with_all(table))
    found = Shape(table.columns, tuple(tuple(map(_short, row)) for row in table.rows))
    yield found
    for name in table.beneath:
        found = _stacked(found, found.columns.index(name))
        yield found
    for name in table.spare:
        found = replace(_without(found, found.columns.index(name)), left_out=(*found.left_out, name))
        yield found


def _whole(cell: Cell) -> Piece:
    text = printable(cell.text)
    return (text.replace(AT, solid(moment(cell.at, None))) if cell.at else text), cell.tone


def _short(cell: Cell) -> Piece:
    if cell.short:
        return printable(cell.short), cell.tone
    if cell.at is None:
        return printable(cell.text), cell.tone
    day, _, time = moment(cell.at, None).partition(" ")
    return printable(cell.text).replace(AT, f"{day}\n{solid(time)}"), cell.tone


def _stacked(found: Shape, at: int) -> Shape:
    """A column beneath the one before it."""

    def both(above: str, below: str) -> str:
        return above if below in _NOTHING else f"{above}\n{below}"

    rows = ((*row[: at - 1], (both(row[at - 1][0], row[at][0]), row[at - 1][1]), *row[at + 1 :]) for row in found.rows)
    heads = found.columns
    return Shape((*heads[: at - 1], both(heads[at - 1], heads[at]), *heads[at + 1 :]), tuple(rows))


def _without(found: Shape, at: int) -> Shape:
    rows = tuple((*row[:at], *row[at + 1 :]) for row in found.rows)
    return replace(found, columns=(*found.columns[:at], *found.columns[at + 1 :]), rows=rows)
