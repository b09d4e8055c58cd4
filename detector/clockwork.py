"""The detector's own clock, which no clock step moves, and what happens to the host's clocks."""

import math
import time
from typing import Final

from standfast.detector.model import ClockEvent

# Smaller corrections are what time synchronisation does all day.
STEP_S: Final = 10.0
SUSPEND_S: Final = 2.0
# By so much the detector's own clock may differ from the host's: its record stands beside others' lines in the journal.
APART_S: Final = 0.25
# A look that is later than this was made when it was made, and not when it was due.
ON_TIME_S: Final = 1.0


class SteadyClock:
    """Seconds since 1970 as the wall clock said when this was last set, running on without its steps."""

    def __init__(self) -> None:
        self._offset_s = time.time() - time.monotonic()

    def now(self) -> float:
        """The time now."""
        return time.monotonic() + self._offset_s

    @property
    def is_apart(self) -> bool:
        """Whether steps of the wall clock, too small to matter otherwise, have come to something."""
        return abs(time.time() - self.now()) > APART_S

    def set_again(self) -> float:
        """Set it by the wall clock, which was stepped or ran on while the host slept; by how many seconds."""
        before, self._offset_s = self._offset_s, time.time() - time.monotonic()
        return self._offset_s - before

    def from_monotonic_us(self, moment_us: int) -> float:
        """The time of a CLOCK_MONOTONIC stamp as systemd gives them."""
        return moment_us / 1e6 + self._offset_s


class ClockWatch:
    """Tells steps of the wall clock and resumes from suspend by how the host's clocks drift apart.

    Attributes:
        slept_s: how long the host slept before the last look at the clocks.
    """

    def __init__(self) -> None:
        self._wall_s = time.time() - time.monotonic()
        self._asleep_s = _asleep_s()
        self.slept_s = 0.0

    def events(self) -> list[ClockEvent]:
        """What happened since the last call."""
        wall_s, asleep_s = time.time() - time.monotonic(), _asleep_s()
        self.slept_s = slept_s = asleep_s - self._asleep_s
        stepped_s = wall_s - self._wall_s - slept_s
        self._wall_s, self._asleep_s = wall_s, asleep_s
        found = [ClockEvent.RESUME] if slept_s > SUSPEND_S else []
        return [*found, ClockEvent.STEP] if abs(stepped_s) > STEP_S else found


def latest_due(due: float, interval_s: float, now: float) -> float:
    """Of the times that lie whole intervals before or after `due`: that one, unless more than an interval has gone by.

    After a clock step by hours `due` may be as far away; the time that it is due next may have come.
    """
    return due + math.ceil((now - interval_s - due) / interval_s) * interval_s if abs(due - now) > interval_s else due


def _asleep_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()


def on_time(due: float, now: float) -> float:
    """When a look was made that was due then: it is always a little late, and counts as made on time."""
    return due if 0 <= now - due < ON_TIME_S else now
