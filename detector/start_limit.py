"""systemd's start limit: how many starts of a unit, by whomsoever, it lets through within how long. Pure."""

from dataclasses import dataclass
from typing import Final

from standfast.time_words import span

# What systemd calls the end of a unit that it refuses to start, where its last run had ended in order.
# After one that had not, it goes on calling it what that was.
HIT: Final = "start-limit-hit"


@dataclass(frozen=True, slots=True)
class StartLimit:
    """StartLimitBurst= and StartLimitIntervalSec= of a unit; in words "8 starts within 10 min"."""

    burst: int
    interval_s: float

    def __str__(self) -> str:
        return f"{self.burst} start{'' if self.burst == 1 else 's'} within {span(self.interval_s)}"


def refusal(limit: StartLimit | None, end: str) -> str:
    """That systemd refused to start a unit, and why.

    Args:
        limit: its limit, where that is known.
        end: how its last run ended, after "it ended"; "" where that ended in order.
    """
    what = f"it ended {end}, and systemd refused to restart it" if end else "systemd refused to start it again"
    why = f"its start limit is {limit}, those by hand included" if limit else "its start limit was reached"
    return f"{what}: {why}"
