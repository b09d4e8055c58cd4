"""Resending: an Alertmanager forgets an alert that is not repeated, so what stays unresolved is. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from standfast.notifier.config import NotifierConfig
from standfast.notifier.model import Problem
from standfast.notifier.route import route

CHANNEL: Final = "alertmanager"


def is_due(last: datetime | None, now: datetime, every_s: float) -> bool:
    """Whether it is time to repeat what stays unresolved."""
    return last is None or abs(now - last) >= timedelta(seconds=every_s)


def firing(problems: Iterable[Problem], config: NotifierConfig) -> tuple[Problem, ...]:
    """The unresolved problems that were told, of those that go to an Alertmanager at all."""
    return tuple(
        one
        for one in problems
        if one.told_at is not None
        and CHANNEL in (*one.told_on, *route(config, one.severity, one.type, one.unit)[1].channels)
    )
