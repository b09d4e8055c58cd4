"""`standfastctl history`: what happened, from the journal: only what those said to whom the notifier listens."""

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any, Final

from standfast import paths
from standfast.clock import utc_now
from standfast.ctl import names
from standfast.ctl.answers import begins_at, happened, master_restarts, refusals, require_journal
from standfast.ctl.command import Command, Exit, takes_wide
from standfast.ctl.envfile import read_environment
from standfast.ctl.moment import moment_reader
from standfast.ctl.patience import told_while
from standfast.ctl.report import unit_cell
from standfast.ctl.screen import Screen
from standfast.ctl.silence import unit_name
from standfast.ctl.speaker import ASKED_WITHIN, about, asked_runs, spoken_by
from standfast.ctl.table import AT, Cell, Table
from standfast.events import Event, Kind
from standfast.moments import iso
from standfast.notifier.authorise import Trust, Verdict, authorise
from standfast.notifier.entries import Entry
from standfast.overview.refusals import Refusals
from standfast.overview.tones import Tone, tone
from standfast.overview.trust import trusted
from standfast.time_words import moment

_LEFT_OUT: Final = frozenset({Kind.CANARY, Kind.NOTIFICATION})
_LINES: Final = 50


@dataclass(frozen=True, slots=True)
class Happening:
    """An event, when it was logged, and by which user."""

    at: datetime
    event: Event
    by: str


def believed(entry: Entry, trust: Trust) -> Event | None:
    """The event of an entry; None when it is none, tells people nothing, or its user has no say in it."""
    event = entry.event()
    if event is None or event.kind in _LEFT_OUT:
        return None
    verdict = authorise(event, entry.uid, entry.systemd_unit, trust)
    return about(entry, event) if verdict is Verdict.ALLOWED else None


def history_table(happenings: Iterable[Happening]) -> Table:
    """What happened, the oldest first."""
    return Table(
        title="History",
        columns=("At", "Event", "Type", "Unit", "By", "Message"),
        rows=tuple(_row(one) for one in happenings),
        empty="nothing happened in this time (messages stand in: journalctl -u standfast-notifier).",
        beneath=("Unit",),
        spare=("By", "Event"),
    )


def _row(one: Happening) -> tuple[Cell, ...]:
    event = one.event
    urgency = tone(event.severity) if event.kind is Kind.PROBLEM else Tone.PLAIN
    return (
        Cell(AT, at=one.at),
        Cell(_word(event), urgency),
        Cell(event.type or event.level or event.state or "-"),
        unit_cell(event.unit, "-"),
        Cell(one.by),
        Cell(event.message),
    )


def _word(event: Event) -> str:
    """What sort of event it is; what did not become true is not called by the same word."""
    if event.kind is Kind.COMMAND and event.data.get("refused"):
        return "refused"
    return "superseded" if event.data.get("superseded_by") else event.kind.value


def _document(one: Happening) -> dict[str, Any]:
    event = one.event
    return {
        "at": iso(one.at),
        "event": event.kind.value,
        "type": event.type,
        "severity": event.severity.value,
        "unit": event.unit,
        "state": event.state,
        "level": event.level,
        "message": event.message,
        "action": event.action,
        "data": event.data,
        "by": one.by,
    }


def _configure(parser: argparse.ArgumentParser) -> None:
    since = 'from then on: 2h or -2h (ago), yesterday, "2026-11-25 14:30"; 1d'
    parser.add_argument("--since", type=moment_reader(utc_now()), default="1d", metavar="TIME", help=since)
    parser.add_argument("--unit", default="", help="only about this unit; a glob is taken too")
    parser.add_argument("--type", default="", help="only of this type; a glob is taken too")
    parser.add_argument("-n", "--lines", type=_count, default=_LINES, help=f"the newest so many; {_LINES}")
    parser.add_argument("--json", action="store_true", help="print a JSON document for programs")
    takes_wide(parser)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 10**6:
        raise argparse.ArgumentTypeError(f'"{text}" is no number of lines')
    return int(text)


def _run(arguments: argparse.Namespace, screen: Screen) -> Exit:
    require_journal("show what happened")
    found = _happenings(arguments.since, unit_name(arguments.unit), arguments.type)
    with told_while("Reading the journal ..."):
        newest = list(islice(found, arguments.lines + 1))
    shown = newest[arguments.lines - 1 :: -1] if len(newest) > arguments.lines else newest[::-1]
    if arguments.json:
        screen.json([_document(one) for one in shown])
        return Exit.OK
    screen.table(history_table(shown))
    if len(newest) > len(shown):
        screen.line(f"These are the newest {len(shown)}; for more: --lines {10 * len(shown)}")
    elif (begin := begins_at()) is not None and begin > arguments.since:
        screen.line(f"The journal begins at {moment(begin, None)}; of the time before it knows nothing.")
    return Exit.OK


def _happenings(since: datetime, unit: str, error_type: str) -> Iterator[Happening]:
    """What happened, the newest first."""
    from standfast.notifier.users import name_of

    trust = trusted(read_environment(paths.CONFIG / "environment"))
    asked_for = asked_runs(master_restarts(since - ASKED_WITHIN), trust)
    refused = Refusals(refusals(since))
    for entry in happened(since):
        event = believed(entry, trust)
        if event is None or (unit and not fnmatchcase(event.unit, unit)):
            continue
        if not error_type or fnmatchcase(event.type, error_type):
            event = refused.marked(event, entry.at)
            yield Happening(entry.at, event, spoken_by(entry, event, asked_for, trust, name_of))


COMMAND = Command(
    name="history",
    summary="show what happened: problems, recoveries, levels, restarts, states, commands",
    description=(
        "Shows the events in the journal, the newest last: who said what about which unit. Exits 0 when the journal "
        "could be read, 1 when not, 2 when called wrongly."
    ),
    configure=_configure,
    run=_run,
    names={"unit": names.units, "type": names.error_types},
)
