"""What makes the failure level what it is, in a sentence: units, a file, a database, or systemd itself. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from standfast.overview import snapshot as shots
from standfast.overview.snapshot import LEVELS, Snapshot
from standfast.overview.tones import is_failing
from standfast.overview.unit_words import RESTARTED, UP_AGAIN, state
from standfast.unit_names import short

# So many critical units that fail are a cascade (see standfast.detector.levels).
_CASCADE: Final = 3
_GOES_DOWN: Final = "the fleet is going down"
_NO_ANSWER: Final = "no answer"
# Why a unit is stopped that was so with another, which was started without it (see standfast.detector.reading).
_LEFT: Final = "which is up again"
# What does not run and is no failure, in words after how many there are.
_DOWN_IN_ORDER: Final = (("stopped", "stopped"), ("finished", "finished"), ("unknown", "not there or not known"))


def standing(snapshot: Snapshot) -> str:
    """What stands, where that is so: what is stopped on purpose does not fail, and does not stand either."""
    rows = shots.watched(snapshot).values()
    said = [row.get("status") for row in rows]
    numbers = ((said.count(status), words) for status, words in _DOWN_IN_ORDER)
    parts = [f"{number} {words}" for number, words in numbers if number]
    left = sum(str(row.get("why", "")).endswith(_LEFT) for row in rows)
    parts += [f"{left} of them with a unit {_LEFT}"] if left else []
    return f"Nothing fails ({', '.join(parts)})" if parts else "All watched units stand"


def trouble(snapshot: Snapshot) -> str:
    """Why the level is no longer NONE; where nothing fails any more, why it stays."""
    found = [words for part in _PARTS if (words := part(snapshot))]
    if not found:
        why = next(iter(shots.texts(snapshot.detector.get("reasons"))), "no reason is given")
        crashed = _crashed(snapshot)
        return f"{crashed}; {why}" if crashed else f"{standing(snapshot)}, but {why}"
    said = "; ".join(found)
    return f"The {said.removeprefix('the ')}" if said.startswith("the ") else said


def _systemd(snapshot: Snapshot) -> str:
    answers = shots.table(snapshot.detector.get("supervisor_status")).get("status") != _NO_ANSWER
    return "" if answers else "systemd does not answer"


def _units(snapshot: Snapshot) -> str:
    failing = {name: row for name, row in shots.watched(snapshot).items() if _is_in_trouble(row)}
    again = [name for name, row in failing.items() if state(row) == UP_AGAIN]
    down = {name: row for name, row in failing.items() if name not in again}
    critical = [row for row in down.values() if row.get("tier") == "critical"]
    if shots.level(snapshot) == LEVELS[-1] and len(critical) >= _CASCADE:
        return _GOES_DOWN
    crashed = _crashed(snapshot) if again and not down else ""
    return "; ".join(filter(None, (_down(down), _again(again), crashed)))


def _down(failing: Mapping[str, shots.Row]) -> str:
    if len(failing) > 1:
        fresh = sum(_is_fresh(row) for row in failing.values())
        return f"{len(failing)} watched units are failing" + (f", {fresh} of them only just" if fresh else "")
    return "".join(f"{short(name)} is failing" for name in failing)


def _again(names: Sequence[str]) -> str:
    if len(names) > _CASCADE:
        return f"{len(names)} are up again, and have yet to stay so"
    have = "is up again, and has" if len(names) == 1 else "are up again, and have"
    return f"{', '.join(map(short, names))} {have} yet to stay so" if names else ""


def _crashed(snapshot: Snapshot) -> str:
    """Who is up only since a crash after the last look; "" where nobody is."""
    names = [short(name) for name, row in shots.watched(snapshot).items() if is_failing(row)]
    if len(names) > _CASCADE:
        return f"{len(names)} watched units have crashed since the last look"
    return f"{', '.join(names)} crashed since the last look" if names else ""


def _is_in_trouble(row: shots.Row) -> bool:
    """Whether a unit fails, or has failed so often that it weighs until a look finds it well."""
    warning = shots.number(shots.table(row.get("thresholds")).get("warning"))
    return (is_failing(row) and state(row) != RESTARTED) or 0 < warning <= shots.number(row.get("consecutive_failures"))


def _is_fresh(row: shots.Row) -> bool:
    """Whether a failing unit weighs in no level yet: no reason of one names it."""
    warning = shots.number(shots.table(row.get("thresholds")).get("warning"))
    return shots.number(row.get("consecutive_failures")) < warning


def _files(snapshot: Snapshot) -> str:
    names = _failed(snapshot.detector.get("critical_files"))
    if len(names) > 1:
        return f"{len(names)} critical files are missing or damaged"
    return "".join(f"the critical file {name} is missing or damaged" for name in names)


def _databases(snapshot: Snapshot) -> str:
    names = _failed(snapshot.detector.get("databases"))
    if len(names) > 1:
        return f"{len(names)} databases fail their checks"
    return "".join(f"the database {name} fails its check" for name in names)


def _failed(value: Any) -> list[str]:
    return [name for name, row in shots.table(value).items() if shots.outcome(shots.table(row)) == "fail"]


_PARTS: Final[tuple[Callable[[Snapshot], str], ...]] = (_systemd, _units, _files, _databases)
