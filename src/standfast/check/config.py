"""What check.toml may say; the comments in the shipped file explain each key. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Final

from standfast.config import Duration, Seconds
from standfast.config.urls import is_url

# What one run may take for looking, of the two minutes of TimeoutStartSec=.
LONGEST_LOOK_S: Final = 40.0
LONGEST_PING_S: Final = 15.0
_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?)\s*%")


@dataclass(frozen=True, slots=True)
class DiskSettings:
    """[disk]: when a disk counts as full."""

    warn_below: str = "5%"

    @property
    def lowest_share(self) -> float:
        """The share of the disk that must be free, 0 to 1."""
        match = _PERCENT.fullmatch(self.warn_below.strip())
        return float(match[1]) / 100 if match else 0.0

    def mistakes(self) -> Iterator[tuple[str, str, str]]:
        """A share is written with its sign."""
        if not (_PERCENT.fullmatch(self.warn_below.strip()) and self.lowest_share <= 1):
            yield "warn_below", 'a share of the disk, like "5%"', f'"{self.warn_below}"'


@dataclass(frozen=True, slots=True)
class DeadmanSettings:
    """[deadman]: an address outside this host that raises an alarm when it is no longer called; "" is none."""

    url: str = ""
    timeout_s: Annotated[float, Duration(0.1)] = 10.0

    def mistakes(self) -> Iterator[tuple[str, str, str]]:
        """The address can be called; it is not shown, whoever knows it can call it too."""
        if self.url and not is_url(self.url, ("http", "https")):
            yield "url", "an http:// or https:// address with a host", "something else"
        if self.timeout_s > LONGEST_PING_S:
            yield "timeout_s", f"at most {LONGEST_PING_S:g} s", f"{self.timeout_s:g}"


@dataclass(frozen=True, slots=True)
class CheckConfig:
    """The whole of check.toml.

    Attributes:
        stale_after_s: how old a daemon's status may be before its loop counts as stuck.
        look_again_after_s: when a watcher that was found down or stuck is looked at again, before that counts.
        canary_timeout_s: how long the notifier may take to pass a canary on.
        remind_after_s: after what time the check, standing in for the notifier, repeats itself.
        ask_interval_s: how often each channel's other side is asked whether it still knows us.
        deep_interval_s: how often a database is read through, rather than only opened.
    """

    stale_after_s: Seconds = 120.0
    look_again_after_s: Seconds = 15.0
    canary_timeout_s: Annotated[float, Duration(1)] = 20.0
    remind_after_s: Seconds = 3 * 3600.0
    ask_interval_s: Seconds = 3600.0
    deep_interval_s: Seconds = 3600.0
    database_timeout_s: Seconds = 30.0
    disk: DiskSettings = field(default_factory=DiskSettings)
    deadman: DeadmanSettings = field(default_factory=DeadmanSettings)

    def mistakes(self) -> Iterator[tuple[str, str, str]]:
        """A run has two minutes, most of which are for telling what was found."""
        for key, seconds in (
            ("look_again_after_s", self.look_again_after_s),
            ("canary_timeout_s", self.canary_timeout_s),
            ("database_timeout_s", self.database_timeout_s),
        ):
            if seconds > LONGEST_LOOK_S:
                yield key, f"at most {LONGEST_LOOK_S:g} s", f"{seconds:g}"
