"""The JSON documents that the command line and the web have in common, made of a snapshot. Pure."""

from collections.abc import Sequence
from typing import Any, Final

from standfast.moments import iso
from standfast.overview import silences
from standfast.overview import snapshot as shots
from standfast.overview.idle import Idle, idle
from standfast.overview.problems import problems
from standfast.overview.snapshot import Snapshot, Source

# The keys of the earlier system's report, kept for the programs that read it.
DETECTOR_KEYS: Final = (
    *("failure_level", "level", "reasons", "root_cause", "mode", "can_restart", "last_restart"),
    *("restart_count", "restart_history", "supervisor_status", "databases", "critical_files_healthy"),
    *("critical_files", "service_health", "sms_enabled", "sms_configured", "checked_at"),
)
# Why "flat" may be none of its account, or not known.
_BEHIND_IT: Final = ("unknown_orders", "broker_asked_at", "gateway", "paused_why")
AGENT_KEYS: Final = ("state", "entered_at", "reason", "paused", "flat", "positions", "orders", *_BEHIND_IT)
ERROR_KEYS: Final = (
    *("error_type", "severity", "unit", "error_message", "first_occurrence", "last_occurrence"),
    *("occurrence_count", "notification_count", "acknowledged", "silenced"),
)
SILENCE_KEYS: Final = ("id", "unit", "type", "severity", "start", "end", "why", "by")
NOTIFIER_KEYS: Final = ("unresolved", "queued", "last_delivered")


def everything(snapshot: Snapshot) -> dict[str, Any]:
    """The body of `GET /api/status`, the same as `standfastctl status --json` prints."""
    return {
        "level": shots.level(snapshot),
        "detector": failure_detector_status(snapshot),
        "agents": {name: agent(source) for name, source in snapshot.agents.items()},
        "stopped_agents": {one.name: _stopped(one) for one in idle(snapshot)},
        "notifier": taken(snapshot.notifier, NOTIFIER_KEYS),
        "silences": [{key: row.get(key) for key in SILENCE_KEYS} for row in silences.rows(snapshot)],
        "problems": problems(snapshot),
    }


def failure_detector_status(snapshot: Snapshot) -> dict[str, Any] | None:
    """The body of `GET /api/failure_detector_status`, or None while the detector is not running."""
    found = taken(snapshot.detector, DETECTOR_KEYS)
    if found is None:
        return None
    # The earlier detector sent the messages itself; here the notifier knows what its channels are.
    sms = any(channel.get("name") == "sms" for channel in shots.rows(snapshot.notifier.get("channels")))
    return {**found, "sms_enabled": sms, "sms_configured": sms}


def errors(snapshot: Snapshot) -> dict[str, Any] | None:
    """The body of `GET /api/errors`, or None while the notifier tells nothing."""
    if snapshot.notifier.status is None:
        return None
    listed = shots.rows(snapshot.notifier.get("unresolved_errors"))
    return {
        "unresolved_count": shots.unresolved(snapshot),
        "unresolved_errors": [{key: row.get(key) for key in ERROR_KEYS} for row in listed],
    }


def agent(source: Source) -> dict[str, Any]:
    """What is shown of one agent."""
    known = taken(source, AGENT_KEYS)
    return known or {**dict.fromkeys(AGENT_KEYS), "state": shots.UNKNOWN, "reason": source.trouble}


def _stopped(one: Idle) -> dict[str, Any]:
    """What is shown of an agent that does not run; that it was flat is all that can be known of what it holds."""
    ended = one.ended
    return {
        "state": one.state,
        "ended_at": iso(ended.at) if ended and ended.at else None,
        "ended": ended.words if ended else None,
        "flat": True if one.is_flat else None,
        "flag": one.flag,
        "reason": one.reason,
    }


def taken(source: Source, keys: Sequence[str]) -> dict[str, Any] | None:
    """These of the keys of a status, None for those that are missing; None altogether where there is no status."""
    return None if source.status is None else {key: source.get(key) for key in keys}
