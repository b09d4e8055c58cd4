"""Routing: which channels a message goes out on. Pure."""

from collections.abc import Iterable
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

from standfast.events import Severity
from standfast.notifier.config import NotifierConfig, Route
from standfast.notifier.model import Destination

# The problem of a channel is not told by that channel.
SMS_CAP_REACHED: Final = "SMS_CAP_REACHED"
_REFUSED: Final = "_CREDENTIALS_REFUSED"
# Only a cascade is told at once, so a fleet at level CRITICAL is a warning that waits for its window. Whoever routes
# what is critical to a channel that wakes them expects it there all the same.
_ROUTED_AS: Final = {"FLEET_CRITICAL": Severity.CRITICAL}


def credentials_refused(channel: str) -> str:
    """The type of the problem that a channel's other side refuses us."""
    return f"{channel.upper()}{_REFUSED}"


class Routing(StrEnum):
    """Why a message goes where it goes."""

    MATCHED = "the first route that matches it names the channels"
    DEFAULT = "no route matches it: every configured channel"


def route(config: NotifierConfig, severity: Severity, error_type: str, unit: str) -> tuple[Routing, Destination]:
    """Where something of this severity, type and unit goes; the first matching route decides."""
    seen = _ROUTED_AS.get(error_type, severity)
    for one in config.route:
        if _matches(one, seen, error_type, unit) and (channels := _able(one.channels, error_type)):
            return Routing.MATCHED, Destination(channels, _able(one.fallback, error_type), one.fallback_after_s)
    return Routing.DEFAULT, Destination(_able(config.channel_names, error_type) or config.channel_names)


def _able(channels: tuple[str, ...], error_type: str) -> tuple[str, ...]:
    """Those that can tell this problem."""
    return tuple(name for name in channels if name != _unable(error_type))


def _unable(error_type: str) -> str:
    if error_type == SMS_CAP_REACHED:
        return "sms"
    return error_type.removesuffix(_REFUSED).lower() if error_type.endswith(_REFUSED) else ""


def _matches(one: Route, severity: Severity, error_type: str, unit: str) -> bool:
    return (
        (not one.severity or severity in one.severity) and _any_glob(one.type, error_type) and _any_glob(one.unit, unit)
    )


def _any_glob(globs: Iterable[str], value: str) -> bool:
    """Whether one of the globs matches; no globs match everything."""
    listed = tuple(globs)
    return not listed or any(fnmatchcase(value, one) for one in listed)
