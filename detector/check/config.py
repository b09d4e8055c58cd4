"""What check.toml may say. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from standfast.config import Seconds

_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?)\s*%")


@dataclass(frozen=True, slots=True)
class DiskSettings:
    """When the disk of the state directory counts as full."""

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
class CheckConfig:
    """The whole of check.toml.

    Attributes:
        stale_after_s: how old a daemon's status may be before its loop counts as stuck.
    """

    stale_after_s: Seconds = 120.0
    database_timeout_s: Seconds = 30.0
    disk: DiskSettings = field(default_factory=DiskSettings)
