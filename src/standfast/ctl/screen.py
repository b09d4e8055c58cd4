"""Where a command writes: tables in colour for a person at a terminal, plain aligned text for everything else."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TextIO

from standfast.web.report import Cell, Table, Tone

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable

_STYLES: Final[Mapping[Tone, str]] = {
    Tone.PLAIN: "",
    Tone.GOOD: "green",
    Tone.WARNING: "yellow",
    Tone.BAD: "bold red",
}


class Screen:
    """An output that knows whether a person looks at it; every text is shown as it is, never read as markup."""

    def __init__(self, stream: TextIO, *, terminal: bool | None = None) -> None:
        self._stream = stream
        looked_at = stream.isatty() if terminal is None else terminal
        self._console = _console(stream) if looked_at else None

    def line(self, text: str = "", tone: Tone = Tone.PLAIN) -> None:
        """A line of text."""
        if self._console:
            self._console.print(printable(text), style=_STYLES[tone], markup=False, emoji=False)
        else:
            self._stream.write(printable(text) + "\n")

    def json(self, value: Any) -> None:
        """A document for programs."""
        self._stream.write(json.dumps(value, indent=1) + "\n")

    def table(self, table: Table) -> None:
        """A table under its title, or what stands for it when it is empty."""
        self.line()
        if not table.rows:
            self.line(f"{table.title}: {table.empty}")
        elif self._console:
            self._console.print(_rich(table))
        else:
            self.line(f"{table.title}:")
            for row in _aligned([table.columns, *([cell.text for cell in row] for row in table.rows)]):
                self.line(f"  {row}")


def printable(text: str) -> str:
    """A text on one line and without control characters: what a journal or a status file holds may be hostile."""
    return "".join(character if character.isprintable() else " " for character in text)


def _console(stream: TextIO) -> "Console":
    # Imported for a person only: it takes longer than all the rest of the command.
    from rich.console import Console

    return Console(file=stream, highlight=False, force_terminal=True)


def _rich(table: Table) -> "RichTable":
    from rich.table import Table as RichTable
    from rich.text import Text

    shown = RichTable(title=table.title, title_justify="left", title_style="bold", header_style="dim")
    for column in table.columns:
        shown.add_column(column)
    for row in table.rows:
        shown.add_row(*(Text(printable(local(cell)), _STYLES[cell.tone]) for cell in row))
    return shown


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    cleaned = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cleaned, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cleaned]


def local(cell: Cell) -> str:
    """What a person reads in a cell: moments by the clock of the host."""
    return cell.at.astimezone().strftime("%Y-%m-%d %H:%M:%S") if cell.at else cell.text
