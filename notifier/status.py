"""What the notifier says of itself: the line in `systemctl status`, and its status file. Pure."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from standfast.moments import iso
from standfast.notifier.model import Delivery, Problem
from standfast.notifier.silence import Silence

# The status file is small on purpose; the error log in the database has them all.
LISTED_PROBLEMS = 200
OVER_AT_THIS_MOMENT = "it comes and goes, and is over at this moment"


def words(unresolved: int, delivery: Delivery, zone: tzinfo | None) -> str:
    """The line for people, such as "2 unresolved problems, 0 messages queued, last delivered 12:03"."""
    parts = [_count(unresolved, "unresolved problem"), f"{_count(delivery.queued, 'message')} queued"]
    latest = max(delivery.last_delivered.values(), default=None)
    parts.append(f"last delivered {latest.astimezone(zone):%H:%M}" if latest else "none delivered yet")
    parts += [f"{name} fails: {one.detail}" for name, one in sorted(delivery.waiting.items()) if one.detail]
    parts += [f"{name} refuses: {words}" for name, words in sorted(delivery.refusing.items())]
    return ", ".join(parts)


def table(known: Mapping[str, Any], delivery: Delivery, channels: tuple[str, ...], now: datetime) -> dict[str, Any]:
    """The status file: what is known (see Intake.status), and how its delivery stands."""
    latest = max(delivery.last_delivered.values(), default=None)
    return {
        **known,
        "queued": delivery.queued,
        "last_delivered": iso(latest) if latest else None,
        "channels": [_channel(name, delivery) for name in channels],
        "checked_at": iso(now),
    }


def silence_table(one: Silence) -> dict[str, Any]:
    """A silence for the status file."""
    return {
        "id": one.id,
        "unit": one.unit,
        "type": one.type,
        "severity": one.severity,
        "start": iso(one.start),
        "end": iso(one.end),
        "why": one.why,
        "by": one.by,
    }


def closed_table(one: Problem) -> dict[str, Any]:
    """A problem that was closed without its end, or that comes and goes and is over now, for the status file."""
    return {
        "id": one.id,
        "error_type": one.type,
        "unit": one.unit,
        "error_message": one.message,
        "closed_at": iso(one.resolved_at) if one.resolved_at else None,
        "why": one.ended_by or OVER_AT_THIS_MOMENT,
    }


def _channel(name: str, delivery: Delivery) -> dict[str, Any]:
    last = delivery.last_delivered.get(name)
    waiting = delivery.waiting.get(name)
    return {
        "name": name,
        "queued": waiting.number if waiting else 0,
        "last_delivered": iso(last) if last else None,
        "oldest_queued": iso(waiting.since) if waiting else None,
        "refusing": delivery.refusing.get(name, ""),
        "failing": (waiting.detail if waiting else "") or delivery.refusing.get(name, ""),
    }


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
