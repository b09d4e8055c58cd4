"""`standfastctl errors`: what is unresolved, with the numbers that `ack` and `resolve` take, and what is silenced."""

import argparse
from collections.abc import Mapping
from typing import Any

from standfast.ctl.command import Command, Exit
from standfast.ctl.ordering import notifier
from standfast.ctl.screen import Screen
from standfast.web import snapshot as shots
from standfast.web.report import Cell, Table, Tone
from standfast.web.snapshot import Source

_HELD = ("acknowledged", "silenced")


def errors_table(source: Source) -> Table:
    """The unresolved problems, the newest first."""
    return Table(
        title="Unresolved errors",
        columns=("ID", "Error", "Unit", "Message", "First", "Last", "Times", "Messages", "Next step"),
        rows=tuple(_error(row) for row in shots.rows(source.get("unresolved_errors"))),
        empty="None.",
    )


def silences_table(source: Source) -> Table:
    """The silences in force and to come."""
    return Table(
        title="Silences",
        columns=("ID", "Unit", "Type", "Severity", "From", "Until", "By", "Why"),
        rows=tuple(_silence(row) for row in shots.rows(source.get("silences"))),
        empty="None.",
    )


def _error(row: Mapping[str, Any]) -> tuple[Cell, ...]:
    held = [word for word in _HELD if row.get(word) is True]
    name = _words(row, "error_type") + (f" ({', '.join(held)})" if held else "")
    return (
        Cell(_words(row, "id")),
        Cell(name, Tone.PLAIN if held else Tone.BAD),
        Cell(_words(row, "unit")),
        Cell(_words(row, "error_message")),
        _time(row, "first_occurrence"),
        _time(row, "last_occurrence"),
        Cell(_words(row, "occurrence_count")),
        Cell(_words(row, "notification_count")),
        Cell(_words(row, "action")),
    )


def _silence(row: Mapping[str, Any]) -> tuple[Cell, ...]:
    before, after = ("id", "unit", "type", "severity"), ("by", "why")
    return (
        *(Cell(_words(row, key)) for key in before),
        _time(row, "start"),
        _time(row, "end"),
        *(Cell(_words(row, key)) for key in after),
    )


def _words(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return str(value) if isinstance(value, str | int) and value != "" else "-"


def _time(row: Mapping[str, Any], key: str) -> Cell:
    at = shots.moment(row.get(key))
    return Cell(at.strftime("%Y-%m-%d %H:%M:%S UTC"), at=at) if at else Cell("-")


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print a JSON document for programs")


def _run(arguments: argparse.Namespace, screen: Screen) -> Exit:
    source = notifier()
    rows = list(shots.rows(source.get("unresolved_errors")))
    count = max(len(rows), shots.number(source.get("unresolved")))
    if arguments.json:
        silences = list(shots.rows(source.get("silences")))
        screen.json({"unresolved_count": count, "unresolved_errors": rows, "silences": silences})
    else:
        screen.table(errors_table(source))
        if count > len(rows):
            screen.line(f"These are the newest {len(rows)} of {count}.")
        screen.table(silences_table(source))
    return Exit.WRONG if count else Exit.OK


COMMAND = Command(
    name="errors",
    summary="show the unresolved errors and the silences in force",
    description=(
        "Shows the unresolved errors with their numbers, for `ack` and `resolve`, and the silences with their ids, for "
        "`unsilence`. Exits 0 when nothing is unresolved, 1 when something is, 2 when called wrongly."
    ),
    configure=_configure,
    run=_run,
)
