"""`standfastctl silence`: for a while nothing new is told of what matches."""

import argparse
import difflib
import secrets
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Final

from standfast.clock import utc_now
from standfast.config.schema import seconds
from standfast.ctl import names, types
from standfast.ctl.command import Command, Exit, UsageError
from standfast.ctl.moment import without_unit
from standfast.ctl.ordering import REPLACED, followed, notifier, require_admin
from standfast.ctl.screen import Screen
from standfast.events import Severity
from standfast.moments import iso
from standfast.overview import snapshot as shots
from standfast.overview.snapshot import Source
from standfast.overview.tones import Tone
from standfast.time_words import moment
from standfast.unit_names import DETECTOR, agent_unit

_WHAT: Final = "silence"
_WITH_THE_FLEET: Final = (
    f"It fits {DETECTOR} too: no message comes of many that fail together (FLEET_CRITICAL, CASCADING_FAILURE) before "
    "it ends, only of a master restart. To have the first told all the same, name your own units."
)
_LONGEST_S: Final = 366 * 86400.0
# systemd.unit(5): what ends otherwise is a service, as for systemctl.
_SUFFIXES: Final = (
    *(".service", ".socket", ".device", ".mount", ".automount", ".swap", ".target", ".path", ".timer"),
    *(".slice", ".scope"),
)


def unit_name(text: str) -> str:
    """A unit's name or glob as systemctl would read it: what has no type is a service, or else an agent's name."""
    if not text or text.endswith((*_SUFFIXES, "*")):
        return text
    service = f"{text}.service"
    return agent_unit(text) if text in names.agents() and service not in names.units() else service


def duration(text: str) -> timedelta:
    """A duration such as 90s, 5min, 2h or 1d.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if slip := without_unit(text):
        raise argparse.ArgumentTypeError(slip)
    found = seconds(text)
    if found is None or not 1 <= found <= _LONGEST_S:
        raise argparse.ArgumentTypeError(f'"{text}" is no duration: write one such as 90s, 5min, 2h or 1d')
    return timedelta(seconds=found)


def doubt(unit: str, known: Iterable[str]) -> str:
    """Why a unit, a type or a glob is perhaps a slip, with what may have been meant; "" when it matches something."""
    listed = list(known)
    if not unit or any(fnmatchcase(one, unit) for one in listed):
        return ""
    close = difflib.get_close_matches(unit, listed, n=1) or difflib.get_close_matches(unit.upper(), listed, n=1)
    meant = f" (did you mean {close[0]}?)" if close else ""
    return f"nothing that is known now matches {unit}{meant}"


def doubts(unit: str, error_type: str) -> str:
    """Why what is to be silenced is perhaps a slip, "" when it is none."""
    types_ = list(types.known())
    if doubt(error_type, types_):  # any program of the host may have types of its own, which it used before
        types_ += types.told()
    return "; ".join(filter(None, (doubt(unit, names.silenceable()), doubt(error_type, types_))))


def longer(source: Source, unit: str, error_type: str, severity: str, end: datetime) -> datetime | None:
    """Until when a silence of exactly the same lasts, if that is longer than until `end`."""
    same = (unit, error_type, severity)
    ends = (
        shots.moment(row.get("end"))
        for row in shots.rows(source.get("silences"))
        if tuple(row.get(key) or "" for key in ("unit", "type", "severity")) == same
    )
    return max((one for one in ends if one is not None and one > end), default=None)


def not_held(unit: str, severity: str, watched: Mapping[str, Iterable[str]]) -> bool:
    """Whether more may be told of these units than is held: what several of them make together is the fleet's.

    So is what one makes together with those that go down with it.

    Args:
        watched: of each watched unit those that it needs.
    """
    if not unit or severity not in ("", Severity.CRITICAL) or fnmatchcase(DETECTOR, unit):
        return False
    return sum(any(fnmatchcase(one, unit) for one in (name, *needs)) for name, needs in watched.items()) > 1


def holds_the_fleet(unit: str, severity: str) -> bool:
    """Whether it holds, perhaps unmeant, what is of the fleet as a whole: a wide glob fits the detector's unit too."""
    return unit not in ("", DETECTOR) and severity in ("", Severity.CRITICAL) and fnmatchcase(DETECTOR, unit)


def written(length: timedelta) -> str:
    """A length of time as it is typed."""
    total = length.total_seconds()
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if total % size == 0:
            return f"{total / size:g}{unit}"
    return f"{total:g}s"


def _tell_of_the_fleet(arguments: argparse.Namespace, unit: str, severity: str, screen: Screen) -> None:
    """What is told all the same and how to hold that too, or that it is held."""
    if holds_the_fleet(unit, severity):
        screen.line(_WITH_THE_FLEET, Tone.WARNING)
    elif not_held(unit, severity, names.needs()):
        delay = f" --in {written(arguments.delay)}" if arguments.delay else ""
        screen.line(
            "Told all the same: that several fail together (FLEET_CRITICAL, CASCADING_FAILURE), and a master "
            f"restart. To hold the first too: standfastctl silence --unit {DETECTOR} "
            f"--for {written(arguments.duration)}{delay}; a master restart is always told."
        )


class _Once(argparse.Action):
    """An option of which the last would win without a word, where each time is meant."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        if getattr(namespace, self.dest) != self.default:
            parser.error(f"{option} is given twice: a silence holds one unit, type or glob; give each a silence")
        setattr(namespace, self.dest, values)


def _configure(parser: argparse.ArgumentParser) -> None:
    unit_help = "a unit or a glob, such as trade_manager or 'standfast-agent@*'"
    parser.add_argument("--unit", action=_Once, default="", help=unit_help)
    type_help = "an error type or a glob, such as OPENALGO_DOWN or 'DATABASE_*'"
    parser.add_argument("--type", action=_Once, default="", help=type_help)
    parser.add_argument("--severity", default="", choices=[*Severity], help="only what is of this severity")
    parser.add_argument(
        "--for", dest="duration", type=duration, required=True, metavar="DURATION", help="90s, 5min, 2h, 1d"
    )
    parser.add_argument(
        "--in", dest="delay", type=duration, default=timedelta(0), metavar="DURATION", help="begin only after this time"
    )
    parser.add_argument("--why", default="", help="for those who wonder later")
    parser.add_argument("--json", action="store_true", help="print a JSON document for programs")


def _run(arguments: argparse.Namespace, screen: Screen) -> Exit:
    unit, error_type, severity = unit_name(arguments.unit), arguments.type, arguments.severity
    if not (unit or error_type or severity):
        raise UsageError("it would silence everything: name a --unit, a --type or a --severity")
    start = utc_now() + arguments.delay
    end = start + arguments.duration
    silence_id = secrets.token_hex(4)
    asked = {"unit": unit, "type": error_type, "severity": severity, "why": arguments.why}
    if arguments.delay:
        asked["start"] = iso(start)
    data = {name: value for name, value in asked.items() if value}
    words = ", ".join(f"{name} {value}" for name, value in data.items() if name not in ("why", "start"))
    slips = doubts(unit, error_type)
    require_admin(_WHAT)
    before = longer(notifier(), unit, error_type, severity, end)
    because = f": {arguments.why}" if arguments.why else ""
    sentence = f"Silence {words} until {moment(end, UTC)}{because}"
    result = followed(_WHAT, "SILENCE", sentence, id=silence_id, end=iso(end), **data)
    if slips:
        print(f"standfastctl silence: {slips}; it is silenced all the same, for when it comes", file=sys.stderr)
    if arguments.json:
        screen.json({"id": silence_id, "end": iso(end), "replaces": result == REPLACED, **data})
        return Exit.OK
    span = f"from {moment(start, None)} until {moment(end, None)}" if arguments.delay else f"until {moment(end, None)}"
    screen.line(f"Silenced {span}: {words}. Monitoring goes on.", Tone.GOOD)
    if not error_type:
        _tell_of_the_fleet(arguments, unit, severity, screen)
    if result == REPLACED:
        screen.line("It takes the place of the silence that was in force for the same.")
    if result == REPLACED and before:
        screen.line(
            f"It ends earlier than that one, which would have lasted until {moment(before, None)}.", Tone.WARNING
        )
    screen.line(f"To end it earlier: standfastctl unsilence {silence_id}")
    return Exit.OK


COMMAND = Command(
    name="silence",
    summary="say nothing new of a unit or a type of error for a while",
    description=(
        "Silences what matches all of --unit, --type and --severity. Watching goes on, recoveries of what was "
        "told are told, and what is unresolved when the silence ends is told then. A silence of units does not "
        "hold what many of them make together, FLEET_CRITICAL and CASCADING_FAILURE, which are of "
        "standfast-detector.service, unless --unit fits that too, as '*' does; a master restart is told always. A "
        "name that matches nothing yet is taken, with a warning; a further silence of the same takes the place of "
        "the one in force. For root and the members of standfast-admin. Exits 0 when it is in force, 1 when it is "
        "not, 2 when called wrongly."
    ),
    configure=_configure,
    run=_run,
    names={"unit": names.silenceable, "type": names.error_types},
)
