"""The Prometheus exposition of what the status files say. Pure.

Written by hand rather than by prometheus_client: that would be a dependency of 15 MB of memory and
85 ms of start for a page of gauges, and its registry is made for a process that counts by itself,
where this one only passes on what others counted. The format is small; what must be escaped is
escaped here, and the tests have promtool read it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from standfast.overview import snapshot as shots
from standfast.overview.documents import agent
from standfast.overview.snapshot import LEVELS, Snapshot, Source
from standfast.overview.tones import is_failing

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
AGENT_STATES: Final = ("STARTING", "ACTIVE", "WAITING", "ERROR", "SHUTDOWN")

Labels = Mapping[str, Any]
Sample = tuple[Labels, float]


@dataclass(frozen=True, slots=True)
class Family:
    """A metric with its samples; the type is gauge for all that may go down."""

    name: str
    help: str
    samples: tuple[Sample, ...]
    type: str = "gauge"


def exposition(snapshot: Snapshot, version: str) -> str:
    """The body of `GET /metrics`; what is not known has no sample."""
    families = [
        Family("build_info", "The version of Standfast that answers.", (({"version": version}, 1),)),
        *_daemons(snapshot),
        *_level(snapshot),
        *_units(snapshot),
        *_restarts(snapshot),
        *_notifier(snapshot.notifier),
        *_agents(snapshot),
    ]
    return "".join(line + "\n" for family in families if family.samples for line in _lines(family))


def _daemons(snapshot: Snapshot) -> Iterator[Family]:
    sources = {"detector": snapshot.detector, "notifier": snapshot.notifier}
    up = tuple(({"daemon": name}, float(source.status is not None)) for name, source in sources.items())
    yield Family("up", "Whether a daemon has left a status that can be read.", up)
    ages = tuple(
        ({"daemon": name}, max((snapshot.now - written).total_seconds(), 0.0))
        for name, source in sources.items()
        if (written := shots.moment(source.get("checked_at")))
    )
    yield Family("status_age_seconds", "Since when a daemon has said nothing new.", ages)
    late = _number(snapshot.detector.get("late_s"))
    yield Family("detector_loop_lag_seconds", "How late the last scheduled look was done.", late)


def _level(snapshot: Snapshot) -> Iterator[Family]:
    level = shots.level(snapshot)
    if level in LEVELS:
        number = float(LEVELS.index(level))
        yield Family("failure_level", "0 NONE, 1 WARNING, 2 CRITICAL, 3 CASCADING.", (({}, number),))
    files = shots.table(snapshot.detector.get("critical_files"))
    yield Family("critical_file_healthy", "Whether a critical file is well.", _healthy("path", files))
    databases = shots.table(snapshot.detector.get("databases"))
    yield Family("database_healthy", "Whether a database's check passed.", _healthy("database", databases))


def _units(snapshot: Snapshot) -> Iterator[Family]:
    units = shots.watched(snapshot)
    meant = tuple(({"unit": name, "state": _word(row.get("status"))}, 1.0) for name, row in units.items())
    yield Family("unit_state", "1 for the state that the detector reads a unit as.", meant)
    failing = tuple(({"unit": name}, float(is_failing(row))) for name, row in units.items())
    yield Family("unit_failing", "Whether a unit fails now.", failing)
    failures = _each(units, "consecutive_failures")
    yield Family("unit_consecutive_failures", "Looks in a row that found a unit failing.", failures)
    restarts = _each(units, "restarts")
    yield Family("unit_restarts", "systemd's NRestarts; a reset-failed takes it back to 0.", restarts)


def _restarts(snapshot: Snapshot) -> Iterator[Family]:
    detector = snapshot.detector
    count = _number(detector.get("restart_count"))
    yield Family(
        "master_restarts_last_hour",
        "Master restarts in the last hour since a release.",
        count,
    )
    allowed = detector.get("can_restart")
    samples = _one(float(allowed)) if isinstance(allowed, bool) else ()
    yield Family("master_restart_allowed", "Whether a master restart is possible now.", samples)
    at = shots.moment(detector.get("last_restart"))
    last = _one(at.timestamp()) if at else ()
    yield Family("master_restart_last_timestamp_seconds", "When the last one was.", last)


def _notifier(source: Source) -> Iterator[Family]:
    yield Family("problems_unresolved", "Problems that are not over.", _number(source.get("unresolved")))
    channels = {str(row.get("name")): row for row in shots.rows(source.get("channels"))}
    queued = tuple(({"channel": name}, float(shots.number(row.get("queued")))) for name, row in channels.items())
    yield Family("notifications_queued", "Deliveries that are still to be made.", queued)
    failing = tuple(({"channel": name}, float(bool(row.get("failing")))) for name, row in channels.items())
    yield Family("notification_channel_failing", "Whether a channel's oldest delivery has failed so far.", failing)
    ended = {name: shots.table(row) for name, row in shots.table(source.get("deliveries")).items()}
    sent = tuple(({"channel": name}, float(shots.number(row.get("delivered")))) for name, row in ended.items())
    yield Family("notifications_sent", "Deliveries that were made, of those kept (keep_days).", sent)
    failed = tuple(({"channel": name}, float(_failed(row))) for name, row in ended.items())
    yield Family("notifications_failed", "Deliveries that were refused or given up, of those kept.", failed)
    ignored = _number(source.get("ignored_events"))
    yield Family("events_ignored", "Events whose user had no say, since the start.", ignored)


def _failed(row: Mapping[str, Any]) -> int:
    return shots.number(row.get("refused")) + shots.number(row.get("given_up"))


def _agents(snapshot: Snapshot) -> Iterator[Family]:
    found = {name: agent(source) for name, source in snapshot.agents.items()}
    states = tuple(
        ({"agent": name, "state": state}, float(row["state"] == state))
        for name, row in found.items()
        for state in (*AGENT_STATES, shots.UNKNOWN)
    )
    yield Family("agent_state", "1 for the state that an agent is in.", states)
    paused = tuple(({"agent": name}, float(row["paused"])) for name, row in found.items() if _is_bool(row["paused"]))
    yield Family("agent_paused", "Whether an agent places no new orders.", paused)
    flat = tuple(({"agent": name}, float(row["flat"])) for name, row in found.items() if _is_bool(row["flat"]))
    yield Family("agent_flat", "Whether an agent holds nothing and has no order pending; absent: unknown.", flat)
    unknown = tuple(({"agent": name}, float(len(shots.rows(row["unknown_orders"])))) for name, row in found.items())
    yield Family("agent_unknown_orders", "Orders of an agent of which nobody knows what became of them.", unknown)


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _each(units: Mapping[str, Mapping[str, Any]], key: str) -> tuple[Sample, ...]:
    return tuple(({"unit": name}, value) for name, row in units.items() for _, value in _number(row.get(key)))


def _healthy(label: str, found: Mapping[str, Any]) -> tuple[Sample, ...]:
    known = ((name, shots.table(row).get("healthy")) for name, row in found.items())
    return tuple(({label: name}, float(healthy)) for name, healthy in known if isinstance(healthy, bool))


def _number(value: Any) -> tuple[Sample, ...]:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return _one(float(value)) if is_number else ()


def _one(value: float) -> tuple[Sample, ...]:
    return (({}, value),)


def _word(value: Any) -> str:
    return value if isinstance(value, str) and value else "unknown"


def _lines(family: Family) -> Iterator[str]:
    name = f"standfast_{family.name}"
    yield f"# HELP {name} {family.help}"
    yield f"# TYPE {name} {family.type}"
    for labels, value in family.samples:
        yield f"{name}{_labels(labels.items())} {value:.15g}"


def _labels(labels: Iterable[tuple[str, Any]]) -> str:
    written = ",".join(f'{name}="{_escaped(str(value))}"' for name, value in labels)
    return f"{{{written}}}" if written else ""


def _escaped(value: str) -> str:
    """A label's value: backslash, quote and line feed are escaped, and half a surrogate pair is no UTF-8."""
    plain = value.encode(errors="replace").decode()
    return plain.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
