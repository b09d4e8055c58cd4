"""`standfastctl units`: each watched unit, what its state means, and how far it is from an alarm."""

import argparse
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

from standfast.clock import utc_now
from standfast.ctl import names
from standfast.ctl.command import Command, Exit, takes_wide
from standfast.ctl.ordering import OrderError
from standfast.ctl.screen import Screen
from standfast.ctl.silence import unit_name
from standfast.ctl.table import Cell, Table
from standfast.overview import snapshot as shots
from standfast.overview.reading import read_snapshot
from standfast.overview.snapshot import Snapshot, Source
from standfast.overview.tones import unit_tone
from standfast.overview.unit_words import blind, state
from standfast.time_words import span
from standfast.unit_names import short

# What the detector's words mean to whoever has not read its documentation.
MEANINGS: Final[Mapping[str, str]] = {
    "healthy": "it runs",
    "settling": "it starts, a job is on it, or its failure was cleared: not judged yet",
    "stopped": "it is down, and that is no failure",
    "finished": "it ended, and systemd takes that for a success: no failure",
    "unknown": "nothing is known of it: no failure, and nobody would hear of one",
    "crashed": "it failed, systemd starts it again",
    "given up": "it failed, and systemd does not start it again",
    "taken along": "it went down with a unit that it needs",
    "looping": "it runs, and has crashed since the last look",
    "up again": "it runs; it failed when it was looked at last, and the next look tells",
    "restarted": "it runs again, after a crash since the last look",
    "overdue": "it starts or stops for longer than its grace",
    "check failed": "it runs, but a check of it fails",
    "must run": "it is down, and its configuration says that it must run",
    "last run failed": "its last run failed; it is looked at again after the next",
}
_LEGEND: Final = (
    "In a row: looks that failed, of as many as make a warning/critical/cascading; what systemd does not start again "
    "counts as all of them at once, and keeps that count, started again, until a look finds it well. Restarts: as "
    "systemd counts them, one that it refused too."
)
_QUIET: Final = frozenset({"healthy"})


def units_table(snapshot: Snapshot, patterns: Sequence[str]) -> Table:
    """A row for each watched unit, those that fail first."""
    return Table(
        title="Watched units",
        columns=("Unit", "State", "In a row", "What it means", "Tier", "Restarts"),
        rows=tuple(_row(name, health) for name, health in chosen(snapshot, patterns)),
        empty="none is loaded; see [[watch]] in detector.toml, and standfastctl doctor.",
        # How far it is from an alarm is what is asked for: that stays.
        beneath=("In a row",),
        spare=("Tier", "Restarts"),
    )


def chosen(snapshot: Snapshot, patterns: Sequence[str]) -> list[tuple[str, Mapping[str, Any]]]:
    """The units that one of the patterns names (all, without a pattern), those that fail first."""
    found = [
        (name, row)
        for name, row in shots.watched(snapshot).items()
        if not patterns or any(fnmatchcase(name, unit_name(pattern)) for pattern in patterns)
    ]
    return sorted(found, key=lambda item: (item[1].get("failing") is not True, item[0]))


def _row(name: str, health: Mapping[str, Any]) -> tuple[Cell, ...]:
    return (
        Cell(name, short=short(name)),
        Cell(state(health), unit_tone(health)),
        Cell(f"{_words(health.get('consecutive_failures'))} of {_thresholds(health)}"),
        Cell(_meaning(health)),
        Cell(_words(health.get("tier"))),
        Cell(_words(health.get("restarts"))),
    )


def _meaning(health: Mapping[str, Any]) -> str:
    """What the detector's word means, why it is so, and which checks cannot look."""
    word, why = state(health), health.get("why")
    meaning = MEANINGS.get(word, "this version knows no such word")
    said = f"{meaning} ({why})" if isinstance(why, str) and why and word not in _QUIET else meaning
    return "; ".join([said, *blind(health)])


def _thresholds(health: Mapping[str, Any]) -> str:
    found = shots.table(health.get("thresholds"))
    return "/".join(_words(found.get(name)) for name in ("warning", "critical", "cascading"))


def _words(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and value != "" else "?"


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("unit", nargs="*", help="only these units; globs are taken too")
    parser.add_argument("--json", action="store_true", help="print a JSON document for programs")
    takes_wide(parser)


def _run(arguments: argparse.Namespace, screen: Screen) -> Exit:
    snapshot = read_snapshot(utc_now())
    detector = snapshot.detector
    if detector.status is None:
        raise OrderError(detector.trouble)
    found = chosen(snapshot, arguments.unit)
    if arguments.unit and not found:
        raise OrderError(f"cannot show {', '.join(arguments.unit)}: it is not watched; see [[watch]] in detector.toml")
    if arguments.json:
        about = {key: detector.get(key) for key in ("checked_at", "next_look")}
        screen.json({**about, "units": {name: {"meaning": _plain_meaning(row), **row} for name, row in found}})
    else:
        screen.table(units_table(snapshot, arguments.unit))
        if found:
            screen.line(_LEGEND)
        if blind := shots.not_judged(snapshot):
            screen.line(f"No failure counts now: {blind}.")
        else:
            _tell_next_look(detector, [row for _, row in found], screen)
    return Exit.WRONG if any(row.get("failing") is True for _, row in found) else Exit.OK


def _plain_meaning(health: Mapping[str, Any]) -> str:
    """For programs, which have why beside it."""
    return "; ".join([MEANINGS.get(_words(health.get("status")), ""), *blind(health)])


def _tell_next_look(detector: Source, shown: Sequence[Mapping[str, Any]], screen: Screen) -> None:
    at = shots.moment(detector.get("next_look"))
    if at is not None:
        left_s = max(0.0, (at - utc_now()).total_seconds())
        # A check with an interval of its own is made when that has passed, and the detector does not tell when.
        of_checks = ", those of a check when it is made next" if any(_has_checks(row) for row in shown) else ""
        screen.line(f"Failures in a row are counted again in {span(left_s)}{of_checks}; a change is seen at once.")


def _has_checks(health: Mapping[str, Any]) -> bool:
    return bool(shots.table(health.get("checks")))


COMMAND = Command(
    name="units",
    summary="show each watched unit, what its state means, and how far it is from an alarm",
    description=(
        "Shows the watched units: their state in the detector's words and what that means, for how many looks in a row "
        "each has failed, at how many it warns, is critical and cascades, and when it is looked at next. "
        "Exits 0 when none fails, 1 when one does or the detector does not run, 2 when called wrongly."
    ),
    configure=_configure,
    run=_run,
    names={"unit": names.units},
)
