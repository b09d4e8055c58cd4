"""What is shown: the daemons' status files at one moment, and the documents made of them. Pure.

The status service and standfastctl both show this, so that they cannot disagree. Everything
in a status file is taken as a stranger's: a missing or odd value is shown as unknown, and
never stops the rest from being shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from standfast import __version__
from standfast.moments import from_iso
from standfast.time_words import span

UNKNOWN: Final = "UNKNOWN"
LEVELS: Final = ("NONE", "WARNING", "CRITICAL", "CASCADING")

# A daemon writes its status at least once a minute, however seldom it looks.
STALE_AFTER: Final = timedelta(seconds=120)

# A message that waits for longer is no other side that was busy for a moment.
WAITS_TOO_LONG: Final = timedelta(minutes=5)

# How an agent that waits with nothing wrong begins its reason.
RESTING: Final = "market closed"

# The keys of the earlier system's report, kept for the programs that read it.
DETECTOR_KEYS: Final = (
    "failure_level",
    "level",
    "reasons",
    "root_cause",
    "mode",
    "can_restart",
    "last_restart",
    "restart_count",
    "restart_history",
    "supervisor_status",
    "databases",
    "critical_files_healthy",
    "critical_files",
    "service_health",
    "sms_enabled",
    "sms_configured",
    "checked_at",
)
AGENT_KEYS: Final = ("state", "entered_at", "reason", "paused", "flat")
ERROR_KEYS: Final = (
    "error_type",
    "unit",
    "error_message",
    "first_occurrence",
    "last_occurrence",
    "occurrence_count",
    "notification_count",
    "acknowledged",
    "silenced",
)


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
    """The status files of all daemons, read at `now`; and why those of the agents cannot be looked for, if so."""

    now: datetime
    detector: Source
    notifier: Source
    agents: Mapping[str, Source] = field(default_factory=dict)
    agents_trouble: str = ""


def level(snapshot: Snapshot) -> str:
    """The failure level in one word, UNKNOWN when nobody is there to judge it."""
    word = snapshot.detector.get("failure_level")
    return word if word in LEVELS else UNKNOWN


def failure_detector_status(snapshot: Snapshot) -> dict[str, Any] | None:
    """The body of `GET /api/failure_detector_status`, or None while the detector is not running."""
    if snapshot.detector.status is None:
        return None
    found = {key: snapshot.detector.get(key) for key in DETECTOR_KEYS}
    # The earlier detector sent the messages itself; here the notifier knows what its channels are.
    sms = any(channel.get("name") == "sms" for channel in rows(snapshot.notifier.get("channels")))
    return {**found, "sms_enabled": sms, "sms_configured": sms}


def errors(snapshot: Snapshot) -> dict[str, Any] | None:
    """The body of `GET /api/errors`, or None while the notifier is not running."""
    if snapshot.notifier.status is None:
        return None
    found = [{key: row.get(key) for key in ERROR_KEYS} for row in rows(snapshot.notifier.get("unresolved_errors"))]
    # The notifier lists the newest of very many, and counts all.
    return {
        "unresolved_count": max(len(found), number(snapshot.notifier.get("unresolved"))),
        "unresolved_errors": found,
    }


def everything(snapshot: Snapshot) -> dict[str, Any]:
    """The body of `GET /api/status`, the same as `standfastctl status --json` prints."""
    return {
        "level": level(snapshot),
        "detector": failure_detector_status(snapshot),
        "agents": {name: agent(source) for name, source in snapshot.agents.items()},
        "notifier": _notifier(snapshot.notifier),
        "problems": problems(snapshot),
    }


def agent(source: Source) -> dict[str, Any]:
    """What is shown of one agent."""
    if source.status is None:
        return {**dict.fromkeys(AGENT_KEYS), "state": UNKNOWN, "reason": source.trouble}
    return {key: source.get(key) for key in AGENT_KEYS}


def problems(snapshot: Snapshot) -> list[str]:
    """What is wrong, a line each with the next step; empty when all is well."""
    found = [
        *_source_problems("failure detector", "standfast-detector", snapshot.detector, snapshot.now),
        *_source_problems("notifier", "standfast-notifier", snapshot.notifier, snapshot.now),
    ]
    for channel in rows(snapshot.notifier.get("channels")):
        found += _channel_problems(channel, snapshot.now)
    found += _level_summary(snapshot)
    if level(snapshot) in LEVELS[1:]:
        reasons = texts(snapshot.detector.get("reasons"))
        found += [f"Foreseen: {words}" for words in foreseen(snapshot) if words not in "; ".join(reasons)]
    found += texts(snapshot.detector.get("notes"))
    found += _unknown_units(table(snapshot.detector.get("service_health")))
    found += [snapshot.agents_trouble] if snapshot.agents_trouble else []
    for name, source in snapshot.agents.items():
        found += _agent_problems(name, source, snapshot.now)
    return found + _errors_summary(snapshot)


def older_versions(snapshot: Snapshot) -> list[str]:
    """Which daemons run on with another version than the one that is installed, a line each with the next step."""
    units = {"The failure detector": "standfast-detector", "The notifier": "standfast-notifier"}
    found = [
        *zip(units, units.values(), (snapshot.detector, snapshot.notifier), strict=True),
        *((f"Agent {name}", f"standfast-agent@{name}", source) for name, source in snapshot.agents.items()),
    ]
    return [
        f"{who} runs {running}, installed is {__version__}: restart it when it suits: systemctl restart {unit}"
        for who, unit, source in found
        if (running := older_version(source))
    ]


def older_version(source: Source) -> str:
    """The version that a daemon runs with, "" where it is the installed one or the daemon does not run."""
    if source.status is None:
        return ""
    running = source.get("version")
    # The first versions did not say which they were.
    return "" if running == __version__ else running if isinstance(running, str) else "an older version"


def summaries(snapshot: Snapshot) -> list[str]:
    """Those of the problems that stand for a list, which a page shows itself."""
    return _level_summary(snapshot) + _errors_summary(snapshot)


def _level_summary(snapshot: Snapshot) -> list[str]:
    if level(snapshot) not in LEVELS[1:]:
        return []
    reasons = "; ".join(texts(snapshot.detector.get("reasons"))) or "no reason given"
    return [f"Failure level {level(snapshot)}: {reasons}; see journalctl -t standfast-detector"]


def _errors_summary(snapshot: Snapshot) -> list[str]:
    known = errors(snapshot)
    count = known["unresolved_count"] if known else 0
    if not count:
        return []
    return [f"{count} unresolved {'error' if count == 1 else 'errors'}; see standfastctl errors"]


def counted_since(snapshot: Snapshot) -> datetime | None:
    """When a human's release made the count of master restarts begin anew, within the last hour; None without one."""
    at = moment(snapshot.detector.get("released_at"))
    return at if at is not None and snapshot.now - at < timedelta(hours=1) else None


def foreseen(snapshot: Snapshot) -> list[str]:
    """What will fail if it goes on like this, in words."""
    return [str(row["message"]) for row in rows(snapshot.detector.get("predictions")) if row.get("message")]


def is_only_foreseen(snapshot: Snapshot) -> bool:
    """Whether the level is what it is for nothing but predictions."""
    predicted = foreseen(snapshot)
    return bool(predicted) and "; ".join(texts(snapshot.detector.get("reasons"))) == "; ".join(predicted)


def _unknown_units(health: Mapping[str, Any]) -> list[str]:
    """A unit that does not exist is most often a slip in its name: nobody would hear of its death."""
    return [
        f"{name} is watched in vain: {table(row).get('why') or 'its state is unknown'}; see [[watch]] in detector.toml"
        for name, row in health.items()
        if table(row).get("status") == "unknown"
    ]


def stale_s(source: Source, now: datetime) -> float | None:
    """How long ago a daemon last wrote its status, in seconds, when that is too long; else None."""
    written = moment(source.get("checked_at"))
    if written is None or now - written <= STALE_AFTER:
        return None
    return (now - written).total_seconds()


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


def _notifier(source: Source) -> dict[str, Any] | None:
    if source.status is None:
        return None
    return {
        "unresolved": source.get("unresolved"),
        "queued": source.get("queued"),
        "last_delivered": source.get("last_delivered"),
    }


def _source_problems(what: str, unit: str, source: Source, now: datetime) -> list[str]:
    if source.status is None:
        return [source.trouble or f"The {what} is not running; see why, and start it: systemctl status {unit}"]
    refused = source.get("reload_refused")
    found = [f"The {what} is {refused}; correct that, then: systemctl reload {unit}"] if refused else []
    age_s = stale_s(source, now)
    if age_s is None:
        return found
    return [*found, f"The {what} has said nothing for {span(age_s)}; look at it with: systemctl status {unit}"]


def _channel_problems(row: Mapping[str, Any], now: datetime) -> list[str]:
    """A channel that nobody hears anything by is told here, where it need not be told by that channel."""
    name, refusing, since = row.get("name"), row.get("refusing"), moment(row.get("oldest_queued"))
    see = f"see [channels.{name}] in notifier.toml, then standfastctl test-notify --channel {name}"
    if refusing:
        return [f"Channel {name} refused its latest message, or gave it up: {refusing}; {see}"]
    if since is None or now - since <= WAITS_TOO_LONG:
        return []
    waits = f"{number(row.get('queued'))} queued, the oldest for {span(now - since)}"
    return [f"Channel {name} does not deliver ({waits}): {row.get('failing') or 'not tried yet'}; {see}"]


def _agent_problems(name: str, source: Source, now: datetime) -> list[str]:
    unit = f"standfast-agent@{name}"
    found = _source_problems(f"agent {name}", unit, source, now)
    state, reason = source.get("state"), source.get("reason") or "no reason given"
    action = table(source.get("failure")).get("action")
    if state == "ERROR":
        found.append(f"Agent {name} needs you: {reason}. {action or f'When it is mended: systemctl reload {unit}'}")
    elif state == "WAITING" and not str(reason).startswith(RESTING):
        found.append(f"Agent {name} waits: {reason}. {action or f'It goes on alone, or at: systemctl reload {unit}'}")
    if state == "ERROR" and source.get("flat") is False:
        only_orders = rows(source.get("orders")) and not rows(source.get("positions"))
        what = "has pending orders" if only_orders else "holds open positions"
        found.append(f"Agent {name} {what} while it is idle; look at them at your broker")
    return found
