"""Routing: which channels a message goes out on. Pure."""

from collections.abc import Iterable
from enum import StrEnum
from fnmatch import fnmatchcase

from standfast.events import Severity
from standfast.notifier.config import NotifierConfig, Route


class Routing(StrEnum):
    """Why a message goes where it goes."""

    MATCHED = "the first route that matches it names the channels"
    DEFAULT = "no route matches it: every configured channel"


def route(config: NotifierConfig, severity: Severity, error_type: str, unit: str) -> tuple[Routing, tuple[str, ...]]:
    """The channels for something of this severity, type and unit; the first matching route decides."""
    for one in config.route:
        if _matches(one, severity, error_type, unit):
            return Routing.MATCHED, one.channels
    return Routing.DEFAULT, config.channel_names


def _matches(one: Route, severity: Severity, error_type: str, unit: str) -> bool:
    return (
        (not one.severity or severity in one.severity) and _any_glob(one.type, error_type) and _any_glob(one.unit, unit)
    )


def _any_glob(globs: Iterable[str], value: str) -> bool:
    """Whether one of the globs matches; no globs match everything."""
    listed = tuple(globs)
    return not listed or any(fnmatchcase(value, one) for one in listed)
