"""Where a command writes: tables in colour for a person at a terminal, plain aligned text for everything else."""

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TextIO

from standfast.ctl.layout import SOLID, WIDTH, aligned_lines, block_lines, printable, wrapped
from standfast.ctl.narrow import Shape, shape, with_all
from standfast.ctl.table import Cell, Table
from standfast.overview.tones import Tone

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

_STYLES: Final[Mapping[Tone, str]] = {
    Tone.PLAIN: "",
    Tone.GOOD: "green",
    Tone.WARNING: "yellow",
    Tone.BAD: "bold red",
}

_INDENT: Final = "  "
_ITEM: Final = "- "


class Screen:
    """An output that knows whether a person looks at it; every text is shown as it is, never read as markup."""

    def __init__(self, stream: TextIO, *, terminal: bool | None = None, wide: bool = False) -> None:
        """Set up.

        Args:
            terminal: whether a person looks at it; as the stream says, by default.
            wide: whether every column of a table is shown, also where there is no room for all beside each other.
        """
        self._stream = stream
        self._wide = wide
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
            for part in _fitting(table, self._console.width - len(_INDENT), wide=self._wide):
                self._console.print(part)
        else:
            self.line(f"{table.title}:")
            for line in _plain(table, WIDTH - len(_INDENT)):
                self.line(f"{_INDENT}{line}")


def _hanging(text: str, width: int, hang: int = 0) -> list[str]:
    """A text on as many lines as it needs, the further ones beneath its words; without a hang as it is."""
    hang = len(_ITEM) if text.startswith(_ITEM) else hang
    if not hang or width <= 2 * hang:
        return [text]
    return textwrap.wrap(text, width, subsequent_indent=" " * hang, break_long_words=False, break_on_hyphens=False)


def _plain(table: Table, width: int) -> list[str]:
    tables = (aligned_lines(found.columns, found.texts, width) for found in with_all(table))
    if fitting := [lines for lines in tables if lines]:
        return min(fitting, key=len)
    return [line for row in next(with_all(table)).texts for line in block_lines(table.columns, row, width)]


def _console(stream: TextIO) -> "Console":
    # Imported for a person only: it takes longer than all the rest of the command.
    from rich.console import Console

    return Console(file=stream, highlight=False, force_terminal=True)


def _fitting(table: Table, width: int, *, wide: bool) -> "Iterator[RichTable | Text]":
    """The table; on a narrow terminal with what is most needed, on a very narrow one each row as a block."""
    found = shape(table, width, keeps_all=wide)
    yield _title(table.title, found.left_out if found else ())
    if found:
        yield _bare(found)
    else:
        for row in table.rows:
            yield from _block(table.columns, row, width)


def _title(title: str, left_out: Sequence[str]) -> "Text":
    """The title, with what there was no room for: that it is missing is to be seen, and how to see it."""
    from rich.text import Text

    words = Text(title, style="bold")
    if left_out:
        words.append(f"  (without {', '.join(left_out)}; with all: --wide)", "not bold dim")
    return words


def _block(columns: Sequence[str], row: Sequence[Cell], width: int) -> "Iterator[Text]":
    """A row as lines: its first cell, then each other one after its column's name."""
    from rich.text import Text

    for number, (column, cell) in enumerate(zip(columns, row, strict=True)):
        name = f"{_INDENT * 2}{column}: " if number else _INDENT
        first, *more = wrapped(f"{name}{printable(cell.words)}", width, 3 * _INDENT)
        style = _STYLES[cell.tone] or ("" if number else "bold")
        yield Text().append(first[: len(name)], "dim").append(first[len(name) :], style)
        yield from (Text(line, style) for line in more)


def _bare(found: Shape) -> "RichTable":
    from rich.table import Table as RichTable
    from rich.text import Text

    shown = RichTable(box=None, padding=(0, 0, 0, len(_INDENT)), header_style="dim")
    for column, width in zip(found.columns, found.widths, strict=True):
        shown.add_column(column, width=width, overflow="fold")
    for row in found.rows:
        shown.add_row(*(Text(text.replace(SOLID, " "), _STYLES[tone]) for text, tone in row))
    return shown
