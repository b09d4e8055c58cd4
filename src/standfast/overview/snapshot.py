"""What is shown: the daemons' status files at one moment. Pure.

The status service and standfastctl both show this, so that they cannot disagree. Everything
in a status file is taken as a stranger's: a missing or odd value is shown as unknown, and
never stops the rest from being shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from standfast.moments import from_iso
from standfast.overview.daemons import DETECTOR, NOTIFIER, Daemon, agent_daemon
from standfast.overview.ending import Ending
from standfast.unit_names import agent_name

UNKNOWN: Final = "UNKNOWN"
Row: TypeAlias = Mapping[str, Any]
LEVELS: Final = ("NONE", "WARNING", "CRITICAL", "CASCADING")

# Why no restart is asked for, where a human's release makes it be asked for again.
_HELD: Final = ("hold", "budget", "same-set")

# A daemon writes its status at least once a minute, however seldom it looks.
STALE_AFTER: Final = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class Source:
    """One daemon's status file as it was found.

    Attributes:
        status: what the daemon wrote, None when there was nothing to read.
        trouble: why there is none, and what to do; "" when there is.
    """

    status: Mapping[str, Any] | None
    trouble: str = ""

    def get(self, key: str) -> Any:
        """A value of the status, None when it or the whole status is missing."""
        return None if self.status is None else self.status.get(key)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The status files of all daemons, read at `now`.

    Attributes:
        agents: those that run, and those that left a directory behind.
        agents_trouble: why they cannot be looked for, if so.
        idle: the agents that are configured and do not run: what a human put beside the configuration of each, in
            words such as "killed by alice at ...", "" for nothing.
        endings: how those of them ended of which that was read.
        check: what the check found when it ran last; no daemon, and none where it has not run.
    """

    now: datetime
    detector: Source
    notifier: Source
    agents: Mapping[str, Source] = field(default_factory=dict)
    agents_trouble: str = ""
    idle: Mapping[str, str] = field(default_factory=dict)
    endings: Mapping[str, Ending] = field(default_factory=dict)
    check: Source = Source(None)

    @property
    def sources(self) -> Mapping[Daemon, Source]:
        """The status files with whose they are."""
        agents = {agent_daemon(name): source for name, source in self.agents.items()}
        return {DETECTOR: self.detector, NOTIFIER: self.notifier, **agents}


def level(snapshot: Snapshot) -> str:
    """The failure level in one word, UNKNOWN when nobody is there to judge it."""
    word = snapshot.detector.get("failure_level")
    return word if word in LEVELS else UNKNOWN


def watched(snapshot: Snapshot) -> Mapping[str, Mapping[str, Any]]:
    """The watched units, with what the detector says of each.

    An agent that nobody configured is none: systemd loads an instance for whoever asks after it.
    """
    rows_ = {name: table(row) for name, row in table(snapshot.detector.get("service_health")).items()}
    return {name: row for name, row in rows_.items() if not _is_phantom(name, row, snapshot)}


def _is_phantom(unit: str, row: Mapping[str, Any], snapshot: Snapshot) -> bool:
    name = agent_name(unit)
    return bool(name) and row.get("status") == "stopped" and name not in {**snapshot.idle, **snapshot.agents}


def failed_together(snapshot: Snapshot) -> bool:
    """Whether which of those failed first is not known: they were found failing at one time."""
    return snapshot.detector.get("failed_together") is True


def root_causes(snapshot: Snapshot) -> list[str]:
    """The units that failed by themselves, the first one first; while nothing is worth a level, none did."""
    return texts(snapshot.detector.get("root_cause")) if level(snapshot) in LEVELS[1:] else []


def failed_first(snapshot: Snapshot) -> list[str]:
    """The one of them that failed first, or all of which nobody knows whether it did."""
    causes = root_causes(snapshot)
    if not failed_together(snapshot):
        return causes[:1]
    first = texts(snapshot.detector.get("failed_first"))
    return [unit for unit in causes if unit in first] or causes


def not_judged(snapshot: Snapshot) -> str:
    """Why nothing is judged now, as just after a boot; "" where it is: a level that is NONE has no other reason."""
    held = snapshot.detector.get("reasons")
    return str(held[0]) if level(snapshot) == LEVELS[0] and isinstance(held, list) and held else ""


def unresolved(snapshot: Snapshot) -> int:
    """How many problems are not over: the notifier lists the newest of very many, and counts all."""
    listed = rows(snapshot.notifier.get("unresolved_errors"))
    return max(len(listed), number(snapshot.notifier.get("unresolved")))


def observes(snapshot: Snapshot) -> bool:
    """Whether the detector only says what it would do."""
    return bool(snapshot.detector.get("mode") == "observe")


def waits_for_release(detector: Source) -> bool:
    """Whether no master restart is asked for before a human releases it, or long after."""
    return bool(detector.get("hold_until")) or table(detector.get("decision")).get("reason") in _HELD


def blocked_until(detector: Source) -> datetime | None:
    """Until when no master restart is asked for; None where that is no matter of time."""
    return moment(detector.get("hold_until")) or moment(detector.get("gap_until"))


def is_possible_again(detector: Source, now: datetime) -> bool:
    """Whether the time has passed until which no master restart was possible; the detector's next look finds it so."""
    until = blocked_until(detector)
    return detector.get("can_restart") is False and until is not None and until <= now


def limits(detector: Source) -> str:
    """What is in the way of a master restart that is possible: those restarted in vain are left to a human."""
    return words(detector.get("not_for"), "no limit is in the way of one")


def blocked_why(snapshot: Snapshot) -> str:
    """Why no master restart is possible now; that nothing is judged is no promise of one when it is again."""
    why, blind = snapshot.detector.get("restart_blocked"), not_judged(snapshot)
    if not isinstance(why, str) or not why:
        return ""
    return f"while nothing is judged none is asked for ({why})" if blind.endswith(why) else why


def counted_since(snapshot: Snapshot) -> datetime | None:
    """When a human's release made the count of master restarts begin anew, within the last hour; None without one."""
    at = moment(snapshot.detector.get("released_at"))
    return at if at is not None and snapshot.now - at < timedelta(hours=1) else None


def stale_s(source: Source, now: datetime) -> float | None:
    """How long ago a daemon last wrote its status, in seconds, when that is too long; else None."""
    written = moment(source.get("checked_at"))
    if written is None or now - written <= STALE_AFTER:
        return None
    return (now - written).total_seconds()


def found_nothing(run: Row) -> bool:
    """Whether a master restart found nothing to restart; one of a person's was once called a success."""
    was_success = run.get("units") == [] and run.get("automatic") is False and run.get("result") == "success"
    return was_success or run.get("result") == "nothing"


def outcome(row: Mapping[str, Any]) -> str:
    """What a check found, in a word: ok, fail or unknown; a critical file says only whether it is healthy."""
    healthy = row.get("healthy")
    if not isinstance(healthy, bool):
        return "unknown"
    return "ok" if healthy else "fail"


def moment(value: Any) -> datetime | None:
    """The time that an ISO 8601 text stands for, None for anything else."""
    try:
        return from_iso(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def table(value: Any) -> Mapping[str, Any]:
    """A JSON object, empty for anything else."""
    return value if isinstance(value, Mapping) else {}


def rows(value: Any) -> Sequence[Mapping[str, Any]]:
    """The objects in a JSON array, empty for anything else."""
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def number(value: Any) -> int:
    """A whole number, 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def texts(value: Any) -> list[str]:
    """The items of a JSON array as texts; a single text counts as an array of one."""
    if isinstance(value, str):
        return [value] if value else []
    return [str(item) for item in value] if isinstance(value, list) else []


def words(value: Any, otherwise: str = "unknown") -> str:
    """A plain value in words; what is no plain value is as good as unknown."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, str | int | float) and value != "" else otherwise
