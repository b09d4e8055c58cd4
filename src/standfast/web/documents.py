"""The JSON documents that only the web has, made of a snapshot. Pure."""

from collections.abc import Sequence
from typing import Any, Final

from standfast.moments import iso
from standfast.overview import snapshot as shots
from standfast.overview.documents import agent, taken
from standfast.overview.snapshot import Snapshot
from standfast.overview.unit_words import why
from standfast.web.timeline import Line

RESTART_KEYS: Final = (
    *("mode", "can_restart", "restart_blocked", "restart_count", "max_per_hour", "last_restart"),
    *("hold_until", "gap_until", "decision", "restart_history"),
)


def units(snapshot: Snapshot) -> dict[str, Any] | None:
    """The body of `GET /api/units`, or None while the detector is not running."""
    if snapshot.detector.status is None:
        return None
    return {"units": [{"unit": name, **row, "why": why(row)} for name, row in shots.watched(snapshot).items()]}


def unit(snapshot: Snapshot, name: str, lines: Sequence[Line]) -> dict[str, Any]:
    """The body of `GET /api/units/NAME` for a watched unit."""
    row = shots.watched(snapshot)[name]
    return {
        "unit": name,
        **row,
        "why": why(row),
        "needed_by": needed_by(snapshot, name),
        "journal": [{"at": iso(line.at), "priority": line.priority, "text": line.text} for line in lines],
    }


def needed_by(snapshot: Snapshot, name: str) -> list[str]:
    """The watched units that need this one."""
    return [other for other, row in shots.watched(snapshot).items() if name in shots.texts(row.get("needs"))]


def agents(snapshot: Snapshot) -> dict[str, Any]:
    """The body of `GET /api/agents`."""
    return {
        "agents": [{**(source.status or {}), **agent(source), "name": name} for name, source in snapshot.agents.items()]
    }


def restarts(snapshot: Snapshot) -> dict[str, Any] | None:
    """The body of `GET /api/restarts`, or None while the detector is not running."""
    return taken(snapshot.detector, RESTART_KEYS)
