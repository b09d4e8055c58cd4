"""The notifier's configuration, /etc/standfast/notifier.toml: frozen dataclasses that are the schema."""

import json
import zoneinfo
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Annotated, ClassVar

from standfast.config import AtLeast, Duration, Earlier, Seconds
from standfast.config.earlier import Form, Plain, Secret
from standfast.events import Severity
from standfast.notifier.channel_config import Channels


@dataclass(frozen=True, slots=True)
class ThrottleSeconds:
    """[throttle_s]: the least time between two messages about one unresolved problem, by category."""

    startup: Seconds = 3600.0
    websocket: Seconds = 3600.0
    broker: Seconds = 1800.0
    database: Seconds = 3600.0
    default: Seconds = 3600.0


@dataclass(frozen=True, slots=True)
class FlappingConfig:
    """[flapping]: when a problem counts as coming and going, by the weighted changes of its last 21 states."""

    start_percent: Annotated[float, AtLeast(1)] = 30.0
    stop_percent: Annotated[float, AtLeast(1)] = 20.0
    sample_s: Annotated[float, Duration(1)] = 60.0

    def mistakes(self) -> Iterator[tuple[str, str, str]]:
        """It must be possible to stop."""
        if self.stop_percent > self.start_percent:
            yield "stop_percent", f"at most start_percent ({self.start_percent:g})", f"{self.stop_percent:g}"


@dataclass(frozen=True, slots=True)
class Route:
    """[[route]]: the channels of what matches all of its conditions; an empty condition matches everything.

    Attributes:
        fallback: channels to try in turn when one of `channels` does not deliver within `fallback_after_s`,
            or never will.
    """

    channels: tuple[str, ...]
    severity: tuple[Severity, ...] = ()
    unit: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    fallback: tuple[str, ...] = ()
    fallback_after_s: Seconds = 120.0

    def mistakes(self) -> Iterator[tuple[str, str, str]]:
        """A route leads somewhere."""
        if not self.channels:
            yield "channels", "at least one channel", "[]"


@dataclass(frozen=True, slots=True)
class NotifierConfig:
    """The whole file.

    Attributes:
        host: what stands in front of every message; "" is the host's name.
        timezone: of the times in messages, such as "Asia/Kolkata"; "" is the host's.
        recovery_hold_s: how long a recovery must last before it is told.
        flood_limit: how many problems of one source within an hour are told each; more are counted together.
        keep_days: how long resolved problems and ended deliveries are kept.
    """

    EARLIER: ClassVar[tuple[Earlier, ...]] = (
        Plain("NOTIFICATION_THROTTLE_STARTUP", "throttle_s.startup"),
        Plain("NOTIFICATION_THROTTLE_WEBSOCKET", "throttle_s.websocket"),
        Plain("NOTIFICATION_THROTTLE_BROKER", "throttle_s.broker"),
        Plain("NOTIFICATION_THROTTLE_DATABASE", "throttle_s.database"),
        Plain("NOTIFICATION_AGGREGATION_WINDOW", "aggregation_window_s"),
        Plain("TELEGRAM_ENABLED", "channels.telegram", Form.SWITCH),
        Plain("TELEGRAM_CHAT_ID", "channels.telegram.chat_id"),
        Plain("SMS_ENABLED", "channels.sms", Form.SWITCH),
        Plain("SMS_PHONE_NUMBER", "channels.sms.to"),
        Plain("TWILIO_ACCOUNT_SID", "channels.sms.account_sid"),
        Plain("TWILIO_FROM_NUMBER", "channels.sms.from"),
        Secret("TELEGRAM_BOT_TOKEN", "telegram-bot-token", "channels.telegram"),
        Secret("TWILIO_AUTH_TOKEN", "twilio-auth-token", "channels.sms"),
    )

    host: str = ""
    timezone: str = ""
    aggregation_window_s: Seconds = 60.0
    recovery_hold_s: Seconds = 5.0
    listen_to_users: tuple[str, ...] = ()
    flood_limit: Annotated[int, AtLeast(1)] = 100
    keep_days: Annotated[int, AtLeast(1)] = 90
    throttle_s: ThrottleSeconds = field(default_factory=ThrottleSeconds)
    flapping: FlappingConfig = field(default_factory=FlappingConfig)
    channels: Channels = field(default_factory=Channels)
    route: tuple[Route, ...] = ()

    @property
    def channel_names(self) -> tuple[str, ...]:
        """The channels that a message takes when no route matches it."""
        return self.channels.names

    @property
    def zone(self) -> tzinfo | None:
        """The zone of the times in messages; None is the host's own."""
        return zoneinfo.ZoneInfo(self.timezone) if self.timezone else None

    def mistakes(self) -> Iterator[tuple[str, str, str]]:
        """The time zone exists, and routes name channels that are configured."""
        if not _is_zone(self.timezone):
            yield "timezone", 'the name of a time zone, such as "Asia/Kolkata"', json.dumps(self.timezone)
        for number, one in enumerate(self.route, 1):
            yield from _unknown_channels(f"route[{number}].channels", one.channels, self.channel_names)
            yield from _unknown_channels(f"route[{number}].fallback", one.fallback, self.channel_names)


def _is_zone(name: str) -> bool:
    if not name:
        return True
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _unknown_channels(key: str, named: Iterable[str], configured: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    for number, name in enumerate(named, 1):
        if name not in configured:
            yield f"{key}[{number}]", f"a channel that is configured ({', '.join(configured)})", json.dumps(name)
