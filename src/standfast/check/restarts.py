"""How often systemd had to restart a watcher: what its counter says from one run to the next. Pure.

A watcher that crashes is up again before the next look, so its state tells nothing of it; its counter does.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from standfast.check.findings import Answer, Question
from standfast.events import Severity
from standfast.time_words import clock

# Three runs without another one, and it is stable.
QUIET: Final = timedelta(minutes=15)
# It may be started while it is looked at; what is later than that was so by a clock that has been set back since.
LOOKING: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Restarts:
    """What is known of one watcher.

    Attributes:
        seen: its NRestarts as it was read last; a start by hand begins it anew.
        count: how many restarts there were since `first`; 0 when it is stable.
        first: when the first of them was, or the one that was seen first.
        last: when the latest was.
    """

    seen: int
    count: int = 0
    first: datetime | None = None
    last: datetime | None = None


def after(before: Restarts | None, seen: int, started_at: datetime | None, now: datetime) -> Restarts:
    """What is known when its counter says this and it was started last at that time."""
    at = started_at if started_at is not None and started_at <= now + LOOKING else now
    grown = _grown(before, seen, now - at)
    if grown:
        known = before or Restarts(seen)
        return Restarts(seen, known.count + grown, known.first or at, at)
    if before is None or before.last is None or not timedelta(0) <= now - before.last < QUIET:
        return Restarts(seen)
    return replace(before, seen=seen)


def _grown(before: Restarts | None, seen: int, age: timedelta) -> int:
    """How many are new; a first look counts what is fresh, and nothing that may be of last week."""
    if before is None:
        return seen if age < QUIET else 0
    return seen - before.seen if seen >= before.seen else seen


def answer(unit: str, known: Restarts, before: Restarts | None = None) -> Answer:
    """Whether it is stable; where nothing restarted it since the look before, that is nothing new."""
    question = Question("WATCHER_RESTARTING", unit, Severity.WARNING, f"journalctl -u {unit} -p warning -n 50")
    if not known.count or known.first is None or known.last is None:
        return Answer(question, True, f"{unit} is stable")
    times = f"once, at {clock(known.last)}"
    if known.count > 1:
        since = f" since {clock(known.first)}" if known.first < known.last else ""
        times = f"{known.count} times{since}, last at {clock(known.last)}"
    words = f"systemd had to restart {unit} {times}: it crashed, hung or did not start"
    is_new = before is None or (before.first, before.count) != (known.first, known.count)
    return Answer(question, False, words, known.first, is_new, known.count)
