"""A snapshot arranged for people: the headline of terminal and page alike, and the terminal's tables. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from standfast.web import snapshot as shots
from standfast.web.documents import agent, errors
from standfast.web.problems import headline, problems
from standfast.web.snapshot import Snapshot
from standfast.web.tones import Tone as Tone
from standfast.web.tones import agent_tone, is_failing, tone, unit_tone


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell: words, or a moment that is shown in the reader's time zone."""

    text: str
    tone: Tone = Tone.PLAIN
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table; `empty` is said in its place when it has no rows."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str


@dataclass(frozen=True, slots=True)
class Report:
    """All that a person is shown."""

    level: str
    tone: Tone
    headline: str
    problems: tuple[str, ...]
    facts: tuple[tuple[str, Cell], ...]
    tables: tuple[Table, ...]


def report(snapshot: Snapshot) -> Report:
    """The snapshot for people."""
    found = tuple(problems(snapshot))
    tone, words = headline(snapshot, found)
    return Report(
        level=shots.level(snapshot),
        tone=tone,
        headline=words,
        problems=found,
        facts=_facts(snapshot),
        tables=(_units(snapshot), _agents(snapshot), _errors(snapshot), _checks(snapshot), _restarts(snapshot)),
    )


def _facts(snapshot: Snapshot) -> tuple[tuple[str, Cell], ...]:
    detector, notifier = snapshot.detector, snapshot.notifier
    facts = [
        ("Mode", Cell(_words(detector.get("mode")))),
        ("Master restart", _restart_allowed(snapshot)),
        ("Restarts in the last hour", _counted(snapshot)),
        ("systemd", Cell(_words(shots.table(detector.get("supervisor_status")).get("system_state")))),
        ("Messages queued", Cell(_words(notifier.get("queued")))),
        ("Last delivered", _time(notifier.get("last_delivered"), "none yet")),
        ("Last look", _time(detector.get("checked_at"), "never")),
    ]
    causes = shots.root_causes(snapshot)
    return (*facts, ("Failed first", Cell(", ".join(causes), Tone.BAD))) if causes else tuple(facts)


def _restart_allowed(snapshot: Snapshot) -> Cell:
    until = shots.moment(snapshot.detector.get("hold_until"))
    if until:
        return Cell(f"hands off until {until:%H:%M:%S UTC}", Tone.BAD)
    why = snapshot.detector.get("restart_blocked")
    not_now = f"not now: {why}" if isinstance(why, str) and why else "not now"
    # Seen, then trusted: what would be allowed is not made in observe mode.
    allowed = "would be allowed; the mode is observe, so none is made" if shots.observes(snapshot) else "allowed"
    return Cell(_either(snapshot.detector.get("can_restart"), allowed, not_now))


def _counted(snapshot: Snapshot) -> Cell:
    released = shots.counted_since(snapshot)
    count = _words(snapshot.detector.get("restart_count"))
    return Cell(f"{count} since the release at {released:%H:%M:%S UTC}" if released else count)


def _units(snapshot: Snapshot) -> Table:
    return Table(
        title="Units",
        columns=("Unit", "Status", "Failures in a row", "systemd says", "Restarts", "Tier", "Port", "Last check"),
        rows=tuple(_unit(name, row) for name, row in shots.watched(snapshot).items()),
        empty=_empty(snapshot, "No unit is watched."),
    )


def _empty(snapshot: Snapshot, words: str) -> str:
    """What stands for an empty table of the detector's: nothing to show is not the same as nobody to ask."""
    return words if snapshot.detector.status is not None else "Unknown: the failure detector is not running."


def _unit(name: str, row: Mapping[str, Any]) -> tuple[Cell, ...]:
    states = [_words(row.get(key), "") for key in ("active_state", "sub_state")]
    result = _words(row.get("result"), "")
    said = "/".join(filter(None, states)) + (f", {result}" if result not in ("", "success") else "")
    failures = row.get("consecutive_failures")
    return (
        Cell(name),
        _unit_status(row),
        Cell(_words(failures), Tone.BAD if failures else Tone.PLAIN),
        Cell(said or "unknown"),
        Cell(_words(row.get("restarts"))),
        Cell(_words(row.get("tier"))),
        Cell(_words(row.get("port"), "none")),
        _time(row.get("last_check"), "never"),
    )


def _unit_status(row: Mapping[str, Any]) -> Cell:
    status, why = _words(row.get("status")), _words(row.get("why"), "")
    return Cell(f"{status}: {why}" if why and is_failing(row) else status, unit_tone(row))


def _agents(snapshot: Snapshot) -> Table:
    shown = {name: agent(source) for name, source in snapshot.agents.items()}
    return Table(
        title="Agents",
        columns=("Agent", "State", "Since", "Reason", "Paused", "Flat"),
        rows=tuple(_agent(name, row) for name, row in shown.items()),
        empty="No agent is running.",
    )


def _agent(name: str, row: Mapping[str, Any]) -> tuple[Cell, ...]:
    return (
        Cell(name),
        Cell(_words(row["state"]), agent_tone(row)),
        _time(row["entered_at"], "unknown"),
        Cell(_words(row["reason"], "none")),
        Cell(_words(row["paused"])),
        Cell(_words(row["flat"])),
    )


def _errors(snapshot: Snapshot) -> Table:
    known = errors(snapshot)
    return Table(
        title="Unresolved errors",
        columns=("Error", "Unit", "Message", "First", "Last", "Times", "Messages"),
        rows=tuple(_error(row) for row in known["unresolved_errors"]) if known else (),
        empty="None." if known else "Unknown: the notifier is not running.",
    )


def _error(row: Mapping[str, Any]) -> tuple[Cell, ...]:
    held = [word for word in ("acknowledged", "silenced") if row[word]]
    name = _words(row["error_type"]) + (f" ({', '.join(held)})" if held else "")
    return (
        Cell(name, Tone.PLAIN if held else Tone.BAD),
        Cell(_words(row["unit"], "none")),
        Cell(_words(row["error_message"], "none")),
        _time(row["first_occurrence"], "unknown"),
        _time(row["last_occurrence"], "unknown"),
        Cell(_words(row["occurrence_count"])),
        Cell(_words(row["notification_count"])),
    )


def _checks(snapshot: Snapshot) -> Table:
    files = shots.table(snapshot.detector.get("critical_files"))
    databases = shots.table(snapshot.detector.get("databases"))
    return Table(
        title="Files and databases",
        columns=("What", "Name", "Status", "Detail"),
        rows=tuple(
            (Cell(kind), Cell(name), _toned(shots.outcome(row)), Cell(_words(row.get("detail"), "")))
            for kind, found in (("critical file", files), ("database", databases))
            for name, row in ((name, shots.table(value)) for name, value in found.items())
        ),
        empty=_empty(snapshot, "No critical file and no database is watched."),
    )


def _restarts(snapshot: Snapshot) -> Table:
    history: Sequence[Mapping[str, Any]] = shots.rows(snapshot.detector.get("restart_history"))
    return Table(
        title="Master restarts",
        columns=("At", "Result", "Asked for by", "Units"),
        rows=tuple(_restart(row) for row in reversed(history)),
        empty="None yet.",
    )


def _restart(row: Mapping[str, Any]) -> tuple[Cell, ...]:
    by = _either(row.get("automatic"), "the detector", "a person")
    units = shots.texts(row.get("units"))
    return (_time(row.get("at"), "unknown"), _toned(row.get("result")), Cell(by), Cell(", ".join(units) or "none"))


def _toned(value: Any) -> Cell:
    words = _words(value)
    return Cell(words, tone(words))


def _time(value: Any, otherwise: str) -> Cell:
    at = shots.moment(value)
    return Cell(at.strftime("%Y-%m-%d %H:%M:%S UTC"), at=at) if at else Cell(otherwise)


def _either(value: Any, yes: str, no: str) -> str:
    return (yes if value else no) if isinstance(value, bool) else "unknown"


def _words(value: Any, otherwise: str = "unknown") -> str:
    """A plain value in words; what is no plain value is as good as unknown."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, str | int | float) and value != "" else otherwise
