"""A snapshot arranged for a terminal: its headline, facts and tables. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from standfast.ctl.hosted import NOT_ASKED, Host
from standfast.ctl.table import AT, Cell, Table
from standfast.overview import snapshot as shots
from standfast.overview.documents import agent, errors
from standfast.overview.holdings import holdings
from standfast.overview.idle import Idle, idle
from standfast.overview.problems import headline, problems
from standfast.overview.restarted import in_words
from standfast.overview.running import paused_by
from standfast.overview.silences import silenced
from standfast.overview.snapshot import Snapshot, Source, words
from standfast.overview.tones import Tone, agent_tone, is_failing, tone, unit_tone
from standfast.overview.unit_words import hindered, is_at_once, state
from standfast.overview.versions import older_versions
from standfast.time_words import moment
from standfast.unit_names import short

# So many units that failed beside the first are named.
_NAMED: Final = 8


@dataclass(frozen=True, slots=True)
class Report:
    """All that a person is shown."""

    level: str
    tone: Tone
    headline: str
    problems: tuple[str, ...]
    remarks: tuple[str, ...]
    facts: tuple[tuple[str, Cell], ...]
    tables: tuple[Table, ...]


def report(snapshot: Snapshot, host: Host = NOT_ASKED) -> Report:
    """The snapshot for people, with what systemd says of the host now."""
    found = tuple(problems(snapshot))
    urgency, sentence = headline(snapshot, found)
    return Report(
        level=shots.level(snapshot),
        tone=urgency,
        headline=sentence,
        problems=found,
        remarks=(*_silences(snapshot), *older_versions(snapshot)),
        facts=_facts(snapshot, host),
        tables=(
            _units(snapshot),
            _agents(snapshot),
            _errors(snapshot),
            _checks(snapshot),
            _restarts(snapshot),
        ),
    )


def _silences(snapshot: Snapshot) -> Iterator[str]:
    """A line for each, by the clock of the host: who hears nothing sees why."""
    for one in silenced(snapshot):
        begin = f"from {moment(one.start, None)} " if one.start else ""
        end = moment(one.end, None) if one.end else "nobody knows when"
        step = f"; to end it: standfastctl unsilence {one.id}" if one.id else ""
        yield f"Silenced {begin}until {end}: {one.what} ({one.about}){step}"


def _facts(snapshot: Snapshot, host: Host) -> tuple[tuple[str, Cell], ...]:
    detector, notifier = snapshot.detector, snapshot.notifier
    facts = [
        ("Mode", Cell(words(detector.get("mode")))),
        ("Master restart", _restart_allowed(snapshot)),
        ("Master restarts in an hour", _counted(snapshot)),
        ("systemd", _systemd(snapshot, host)),
        ("Messages queued", Cell(words(notifier.get("queued")))),
        (
            "Last delivered",
            time(notifier.get("last_delivered"), _unless_away(notifier, "nothing yet by the configured channels")),
        ),
        ("Last look", time(detector.get("checked_at"), _unless_away(detector, "never"))),
    ]
    return (*facts, *_failed_first(snapshot))


def _failed_first(snapshot: Snapshot) -> Iterator[tuple[str, Cell]]:
    first = shots.failed_first(snapshot)
    if len(first) > 1:
        yield "Failed together", _by_themselves(first)
    elif first:
        yield "Failed first", Cell(first[0], Tone.BAD)
    if others := [unit for unit in shots.root_causes(snapshot) if unit not in first]:
        yield "Failed too", _by_themselves(others)


def _by_themselves(units: Sequence[str]) -> Cell:
    more = f" and {len(units) - _NAMED} more" if len(units) > _NAMED else ""
    how = "by itself" if len(units) == 1 else "each by itself"
    return Cell(f"{', '.join(units[:_NAMED])}{more} ({how})", Tone.BAD)


def _unless_away(source: Source, sentence: str) -> str:
    """What is said where a daemon tells of nothing; of one that is away nothing is known."""
    return sentence if source.status is not None else "unknown"


def _systemd(snapshot: Snapshot, host: Host) -> Cell:
    """What systemd says of the host; of anything odd, its cause and where to look. Since when it is so nobody notes."""
    before = words(shots.table(snapshot.detector.get("supervisor_status")).get("system_state"))
    state = host.state or before
    if state in ("running", "unknown"):
        return Cell(state)
    see = "systemctl list-jobs" if state == "starting" else "systemctl --failed"
    because = f": {host.why}" if host.why else ""
    return Cell(f"{state}{'' if host.state else ' at the last look'}{because}; see: {see}")


def _restart_allowed(snapshot: Snapshot) -> Cell:
    until = shots.moment(snapshot.detector.get("hold_until"))
    when = "to allow one before that" if until and shots.level(snapshot) == "NONE" else "when it is mended"
    release = f"; {when}: standfastctl release" if shots.waits_for_release(snapshot.detector) else ""
    if until:
        return Cell(f"hands off until {AT}{release}", Tone.BAD, at=until)
    why = shots.blocked_why(snapshot)
    not_now = (f"not now: {why}" if why else "not now") + release
    if shots.is_possible_again(snapshot.detector, snapshot.now):
        return Cell("possible again from the next look on")
    if (gap := shots.blocked_until(snapshot.detector)) and snapshot.detector.get("can_restart") is False:
        return Cell(f"{not_now}; the next, if a cascade lasts, not before {AT}", at=gap)
    possible = "none is made in mode observe" if shots.observes(snapshot) else "follows if a cascade lasts"
    said = f"{possible}; {shots.limits(snapshot.detector)}"
    return Cell(_either(snapshot.detector.get("can_restart"), said, not_now))


def _counted(snapshot: Snapshot) -> Cell:
    released = shots.counted_since(snapshot)
    most, used = shots.number(snapshot.detector.get("max_per_hour")), words(snapshot.detector.get("restart_count"))
    limit = f" (at most {most:g})" if most else ""
    return Cell(f"{used} since the release at {AT}{limit}" if released else f"{used}{limit}", at=released)


def _units(snapshot: Snapshot) -> Table:
    return Table(
        title="Units",
        columns=("Unit", "Status", "Failures in a row", "systemd says", "Restarts", "Tier", "Port", "Last check"),
        rows=tuple(_unit(name, row) for name, row in shots.watched(snapshot).items()),
        empty=_empty(snapshot, "No unit is watched."),
        spare=("Port", "Last check", "Tier", "Restarts", "systemd says", "Failures in a row"),
    )


def _empty(snapshot: Snapshot, sentence: str) -> str:
    """What stands for an empty table of the detector's: nothing to show is not the same as nobody to ask."""
    return sentence if snapshot.detector.status is not None else "Unknown: the failure detector tells nothing."


def _unit(name: str, row: Mapping[str, Any]) -> tuple[Cell, ...]:
    states = [words(row.get(key), "") for key in ("active_state", "sub_state")]
    result = words(row.get("result"), "")
    said = "/".join(dict.fromkeys(filter(None, states))) + (f", {result}" if result not in ("", "success") else "")
    failures = row.get("consecutive_failures")
    return (
        Cell(name, short=short(name)),
        _unit_status(row),
        Cell(_in_a_row(row), Tone.BAD if failures else Tone.PLAIN),
        Cell(said or "unknown"),
        Cell(words(row.get("restarts"))),
        Cell(words(row.get("tier"))),
        Cell(words(row.get("port"), "none")),
        time(row.get("last_check"), "never"),
    )


def _in_a_row(row: Mapping[str, Any]) -> str:
    """How many looks failed; of what counts as all that any threshold asks for, as many as those are."""
    if is_at_once(row):
        return f"{words(shots.table(row.get('thresholds')).get('cascading'))} at once"
    return words(row.get("consecutive_failures"))


def _unit_status(row: Mapping[str, Any]) -> Cell:
    status, why = state(row), words(row.get("why"), "")
    said = f"{status}: {why}" if why and is_failing(row) else status
    # What hinders them stands among the problems.
    checks = ", ".join(hindered(row))
    return Cell(f"{said}; cannot look: {checks}" if checks else said, unit_tone(row))


def _agents(snapshot: Snapshot) -> Table:
    return Table(
        title="Agents",
        columns=("Agent", "State", "Since", "Reason", "Paused", "Holds"),
        rows=(
            *(_agent(name, source) for name, source in snapshot.agents.items()),
            *(_idle(one) for one in idle(snapshot)),
        ),
        empty=snapshot.agents_trouble or "No agent is running.",
        spare=("Since", "Paused"),
    )


def _agent(name: str, source: Source) -> tuple[Cell, ...]:
    row = agent(source)
    return (
        Cell(name),
        Cell(words(row["state"]), agent_tone(row)),
        time(row["entered_at"], "unknown"),
        Cell("; ".join(filter(None, (words(row["reason"], ""), paused_by(source)))) or "none"),
        Cell(words(row["paused"])),
        Cell(holdings(source)),
    )


def _idle(one: Idle) -> tuple[Cell, ...]:
    """An agent that does not run tells nothing of itself."""
    reason, paused = Cell(one.reason or "none"), words(one.is_paused)
    since = Cell(AT, at=one.ended.at) if one.ended and one.ended.at else Cell("unknown")
    return (Cell(one.name), Cell(one.state, one.tone), since, reason, Cell(paused), Cell(one.holds))


def _errors(snapshot: Snapshot) -> Table:
    known = errors(snapshot)
    return Table(
        title="Unresolved errors",
        columns=("Error", "Unit", "Message", "First", "Last", "Times", "Messages"),
        rows=tuple(error_cells(row) for row in known["unresolved_errors"]) if known else (),
        empty="None." if known else "Unknown: the notifier tells nothing.",
        beneath=("Unit",),
        spare=("Messages", "Times", "Last", "First"),
    )


def error_cells(row: Mapping[str, Any]) -> tuple[Cell, ...]:
    """An unresolved problem: type, unit, message, first and last, how often it was and was told."""
    held = [word for word in ("acknowledged", "silenced") if row.get(word) is True]
    urgency = ["critical"] if row.get("severity") == "critical" else []
    marks = [*urgency, *held, *(["comes and goes"] if row.get("flaps") is True else [])]
    name = words(row.get("error_type")) + (f" ({', '.join(marks)})" if marks else "")
    return (
        Cell(name, Tone.PLAIN if held else tone(row.get("severity") or "critical")),
        unit_cell(row.get("unit"), "none"),
        Cell(words(row.get("error_message"), "none")),
        time(row.get("first_occurrence"), "unknown"),
        time(row.get("last_occurrence"), "unknown"),
        Cell(words(row.get("occurrence_count"))),
        Cell(words(row.get("notification_count"))),
    )


def unit_cell(name: Any, otherwise: str) -> Cell:
    """A unit, or what is said where there is none."""
    return Cell(words(name, otherwise), short=short(words(name, otherwise)))


def _checks(snapshot: Snapshot) -> Table:
    files = shots.table(snapshot.detector.get("critical_files"))
    databases = shots.table(snapshot.detector.get("databases"))
    return Table(
        title="Files and databases",
        columns=("Name", "What", "Status", "Detail"),
        rows=tuple(
            (Cell(name), Cell(kind), _toned(shots.outcome(row)), Cell(words(row.get("detail"), "")))
            for kind, found in (("critical file", files), ("database", databases))
            for name, row in ((name, shots.table(value)) for name, value in found.items())
        ),
        empty=_empty(snapshot, "No critical file and no database is watched."),
        beneath=("What", "Detail"),
    )


def _restarts(snapshot: Snapshot) -> Table:
    history: Sequence[Mapping[str, Any]] = shots.rows(snapshot.detector.get("restart_history"))
    return Table(
        title="Master restarts",
        columns=("At", "Result", "Asked for by", "Restarted"),
        rows=tuple(_restart(row) for row in reversed(history)),
        empty=_empty(snapshot, "None yet."),
        spare=("Asked for by",),
    )


def _restart(row: Mapping[str, Any]) -> tuple[Cell, ...]:
    by = _either(row.get("automatic"), "the detector", "a person")
    return (time(row.get("at"), "unknown"), _toned(row.get("result")), Cell(by), Cell(in_words(row)))


def _toned(value: Any) -> Cell:
    word = words(value)
    return Cell(word, tone(word))


def time(value: Any, otherwise: str) -> Cell:
    """The time that an ISO 8601 text stands for, or what is said where it stands for none."""
    at = shots.moment(value)
    return Cell(AT, at=at) if at else Cell(otherwise)


def _either(value: Any, yes: str, no: str) -> str:
    return (yes if value else no) if isinstance(value, bool) else "unknown"
