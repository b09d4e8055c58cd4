"""`standfastctl errors`: what is unresolved, with the numbers that `ack` and `resolve` take, and what is silenced."""

import argparse
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from standfast.clock import utc_now
from standfast.ctl.command import Command, Exit, takes_wide
from standfast.ctl.ordering import notifier
from standfast.ctl.report import error_cells, time, unit_cell
from standfast.ctl.screen import Screen
from standfast.ctl.table import Cell, Table
from standfast.overview import snapshot as shots
from standfast.overview.silences import matched, not_over
from standfast.overview.snapshot import Source, words

_OVER: Final = "What is over is not listed here; when it began and ended: standfastctl history"
_CLOSED: Final = ("id", "error_type", "error_message", "why")


def errors_table(source: Source) -> Table:
    """The unresolved problems, the newest first."""
    return Table(
        title="Unresolved errors",
        columns=("ID", "Error", "Unit", "Message", "Next step", "First", "Last", "Times", "Messages"),
        rows=tuple(_error(row) for row in shots.rows(source.get("unresolved_errors"))),
        empty="None.",
        beneath=("Unit", "Next step"),
        spare=("Messages", "Times", "Last", "First"),
    )


def silences_table(source: Source, now: datetime) -> Table:
    """The silences in force and to come."""
    return Table(
        title="Silences",
        columns=("ID", "What", "From", "Until", "By", "Why"),
        rows=tuple(_silence(row) for row in not_over(source, now)),
        empty="None.",
        spare=("By", "From"),
    )


def closed_table(source: Source) -> Table:
    """What nobody has to see to now, though nobody said that it is over; what is over for good is none of it."""
    return Table(
        title="Not over for good: closed with its agent within a day, or comes and goes and is away at this moment",
        columns=("ID", "Error", "Unit", "Message", "Closed", "Why"),
        rows=tuple(_closed(row) for row in shots.rows(source.get("closed_errors"))),
        empty="None.",
        beneath=("Unit",),
        spare=("Closed",),
    )


def _closed(row: Mapping[str, Any]) -> tuple[Cell, ...]:
    number, error_type, message, why = (Cell(words(row.get(key), "-")) for key in _CLOSED)
    return number, error_type, unit_cell(row.get("unit"), "-"), message, time(row.get("closed_at"), "-"), why


def _error(row: Mapping[str, Any]) -> tuple[Cell, ...]:
    error_type, unit, message, *counts = error_cells(row)
    return (Cell(words(row.get("id"), "-")), error_type, unit, message, _step(row.get("action")), *counts)


def _step(value: Any) -> Cell:
    step = words(value, "-")
    # It may stand beneath the message.
    return Cell(step if step == "-" else f"-> {step}")


def _silence(row: Mapping[str, Any]) -> tuple[Cell, ...]:
    return (
        Cell(words(row.get("id"), "-")),
        Cell(matched(row)),
        time(row.get("start"), "-"),
        time(row.get("end"), "-"),
        *(Cell(words(row.get(key), "-")) for key in ("by", "why")),
    )


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print a JSON document for programs")
    takes_wide(parser)


def _run(arguments: argparse.Namespace, screen: Screen) -> Exit:
    source, now = notifier(), utc_now()
    rows = list(shots.rows(source.get("unresolved_errors")))
    count = max(len(rows), shots.number(source.get("unresolved")))
    if arguments.json:
        silences = list(not_over(source, now))
        closed = list(shots.rows(source.get("closed_errors")))
        screen.json(
            {"unresolved_count": count, "unresolved_errors": rows, "closed_errors": closed, "silences": silences}
        )
    else:
        screen.table(errors_table(source))
        if count > len(rows):
            screen.line(f"These are the newest {len(rows)} of {count}.")
        if (table := closed_table(source)).rows:
            screen.table(table)
        screen.table(silences_table(source, now))
        screen.line(_OVER)
    return Exit.WRONG if count else Exit.OK


COMMAND = Command(
    name="errors",
    summary="show the unresolved errors and the silences in force",
    description=(
        "Shows the unresolved errors with their numbers, for `ack` and `resolve`, those that are away now and not over "
        "for good (closed with their agent, or coming and going), and the silences with their ids, for `unsilence`; "
        "what is over is in `history`. Exits 0 when nothing is unresolved, 1 when something is, 2 when called wrongly."
    ),
    configure=_configure,
    run=_run,
)
