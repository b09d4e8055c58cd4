"""Shorthand for the events and configurations of these tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from standfast.config import load_text
from standfast.events import Event, FailureClass, Kind, Severity
from standfast.notifier.config import NotifierConfig
from standfast.notifier.model import Heard

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
AGENT = "standfast-agent@paper.service"


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def config(text: str = "") -> NotifierConfig:
    return load_text(NotifierConfig, 'host = "box1"\n' + text, "notifier.toml", {})


def problem(
    seconds: float = 0,
    kind: str = "DATABASE_LOCKED",
    unit: str = "a.service",
    severity: Severity = Severity.WARNING,
    message: str = "it is locked",
    failure_class: FailureClass | None = None,
    action: str = "wait",
    **data: Any,
) -> Heard:
    event = Event(Kind.PROBLEM, message, kind, severity, unit, failure_class, action=action, data=data)
    return Heard(event, at(seconds))


def resolved(seconds: float, kind: str = "DATABASE_LOCKED", unit: str = "a.service", **data: str) -> Heard:
    return Heard(Event(Kind.RESOLVED, "it is over", kind, Severity.WARNING, unit, data=data), at(seconds))


def plain(
    kind: Kind,
    seconds: float = 0,
    unit: str = AGENT,
    severity: Severity = Severity.INFO,
    message: str = "words",
    **more: Any,
) -> Heard:
    return Heard(Event(kind, message, unit=unit, severity=severity, **more), at(seconds))
