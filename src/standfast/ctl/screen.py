"""Where a command writes: tables in colour for a person at a terminal, plain aligned text for everything else."""

import json
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TextIO

from standfast.ctl.layout import SOLID, WIDTH, plain_lines, printable, solid
from standfast.ctl.narrow import Shape, shape
from standfast.ctl.table import AT, Cell, Table
from standfast.overview.tones import Tone
from standfast.time_words import moment

if TYPE_CHECKING:
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table as RichTable
    from rich.text import Text

_STYLES: Final[Mapping[Tone, str]] = {
    Tone.PLAIN: "",
    Tone.GOOD: "green",
    Tone.WARNING: "yellow",
    Tone.BAD: "bold red",
}

_UNBOUNDED: Final = 10_000
_INDENT: Final = "  "
_ITEM: Final = "- "


class Screen:
    """An output that knows whether a person looks at it; every text is shown as it is, never read as markup."""

    def __init__(self, stream: TextIO, *, terminal: bool | None = None) -> None:
        self._stream = stream
        looked_at = stream.isatty() if terminal is None else terminal
        self._console = _console(stream) if looked_at else None
        self._is_begun = False

    def line(self, text: str = "", tone: Tone = Tone.PLAIN, *, hang: int = 0) -> None:
        """A line of text; on a terminal on as many as it needs, further ones beginning where its words do.

        Args:
            hang: where that is; the item of a list knows it itself.
        """
        self._is_begun = True
        if self._console:
            for line in _hanging(printable(text), self._console.width, hang):
                self._console.print(line, style=_STYLES[tone], markup=False, emoji=False)
        else:
            self._stream.write(printable(text) + "\n")

    def json(self, value: Any) -> None:
        """A document for programs."""
        self._stream.write(json.dumps(value, indent=1) + "\n")

    def json_line(self, value: Any) -> None:
        """A line of JSON Lines, for programs."""
        self._stream.write(json.dumps(value) + "\n")

    def table(self, table: Table) -> None:
        """A table under its title, apart from what stands above; or what stands for it when it is empty."""
        if self._is_begun:
            self.line()
        self._is_begun = True
        if not table.rows:
            self.line(f"{table.title}: {table.empty}")
        elif self._console:
            for part in _fitting(table, self._console):
                self._console.print(part)
        else:
            self.line(f"{table.title}:")
            rows = [[_solid(cell) for cell in row] for row in table.rows]
            for line in plain_lines(table.columns, rows, WIDTH - len(_INDENT)):
                self.line(f"{_INDENT}{line}")


def _hanging(text: str, width: int, hang: int = 0) -> list[str]:
    """A text on as many lines as it needs, the further ones beneath its words; without a hang as it is."""
    hang = len(_ITEM) if text.startswith(_ITEM) else hang
    if not hang or width <= 2 * hang:
        return [text]
    return textwrap.wrap(text, width, subsequent_indent=" " * hang, break_long_words=False, break_on_hyphens=False)


def _solid(cell: Cell) -> str:
    return printable(cell.text).replace(AT, solid(moment(cell.at, None))) if cell.at else printable(cell.text)


def _console(stream: TextIO) -> "Console":
    # Imported for a person only: it takes longer than all the rest of the command.
    from rich.console import Console

    return Console(file=stream, highlight=False, force_terminal=True)


def _fitting(table: Table, console: "Console") -> "list[RichTable | Text | Padding]":
    """The table; on a narrow terminal without lines and with what is most needed, on a very narrow one paragraphs."""
    shown = _ruled(table)
    if console.measure(shown, options=console.options.update(width=_UNBOUNDED)).maximum <= console.width:
        return [shown]
    if found := shape(table, console.width - len(_INDENT)):
        return [_title(table.title), _bare(found)]
    return [_title(table.title), *(_paragraph(table.columns, row) for row in table.rows)]


def _title(title: str) -> "Text":
    from rich.text import Text

    return Text(title, style="bold")


def _paragraph(columns: Sequence[str], row: Sequence[Cell]) -> "Padding":
    """A row that wraps as text does: its first cell, then each other one after its column's name."""
    from rich.padding import Padding
    from rich.text import Text

    first, *others = row
    words = Text().append(printable(first.words), _STYLES[first.tone] or "bold").append(":")
    for column, cell in zip(columns[1:], others, strict=True):
        words.append(f" {column.lower()} ", "dim").append(printable(cell.words), _STYLES[cell.tone]).append(";")
    words.right_crop(1)
    return Padding(words, (0, 0, 0, len(_INDENT)), expand=False)


def _ruled(table: Table) -> "RichTable":
    from rich.table import Table as RichTable
    from rich.text import Text

    shown = RichTable(title=table.title, title_justify="left", title_style="bold", header_style="dim")
    for column in table.columns:
        shown.add_column(column)
    for row in table.rows:
        shown.add_row(*(Text(printable(cell.words), _STYLES[cell.tone]) for cell in row))
    return shown


def _bare(found: Shape) -> "RichTable":
    from rich.table import Table as RichTable
    from rich.text import Text

    shown = RichTable(box=None, padding=(0, 0, 0, len(_INDENT)), header_style="dim")
    for column, width in zip(found.columns, found.widths, strict=True):
        shown.add_column(column, width=width, overflow="fold")
    for row in found.rows:
        shown.add_row(*(Text(text.replace(SOLID, " "), _STYLES[tone]) for text, tone in row))
    return shown
