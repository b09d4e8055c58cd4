"""What an agent makes of its own unclean ends. Pure.

systemd restarts an agent that crashed; this decides whether it may trade at once, has to cool off
first, or needs a human.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from standfast.time_words import clock, span

# So many unclean ends are named by when they were.
_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the agent, as its database remembers it.

    Attributes:
        ended_at: when it ended in order; None when it did not, or has not yet.
        cool_off_until: until when this run was not to trade, None when it might at once.
    """

    started_at: datetime
    boot_id: str
    ended_at: datetime | None = None
    cool_off_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """How many unclean ends within which time are too many, and how long to cool off then."""

    max_unclean_ends: int = 3
    within_s: float = 600.0
    cool_off_s: float = 300.0
    again_within_s: float = 86400.0


class Verdict(StrEnum):
    """How this run begins."""

    TRADE = "trade"
    COOL_OFF = "cool off"
    GIVE_UP = "give up"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict with its reason in words, and until when to cool off."""

    verdict: Verdict
    reason: str = ""
    until: datetime | None = None


def judge(runs: Sequence[Run], policy: Policy) -> Judgement:
    """How the last of these runs, the present one, begins.

    Counted are the unclean ends since the last orderly one and since the last cool-off: an orderly
    end means that somebody acted. An end that came with the end of the host's boot is not the agent's.
    """
    now = runs[-1].started_at
    ends = _unclean_ends(runs)
    running = next((run.cool_off_until for run in runs[-2:-1] if ends and run.cool_off_until), None)
    if running is not None and running > now:
        return Judgement(Verdict.COOL_OFF, "it ended unclean again before its cool-off was over", running)
    recent = [end for end in ends if now - end <= timedelta(seconds=policy.within_s)]
    if len(recent) < policy.max_unclean_ends:
        return Judgement(Verdict.TRADE)
    ends_in_words = "1 unclean end" if len(recent) == 1 else f"{len(recent)} unclean ends"
    reason = f"{ends_in_words} within {span(policy.within_s)}, {_seen_at(recent)}"
    earlier = [run.cool_off_until for run in runs[:-1] if run.cool_off_until]
    if earlier and now - earlier[-1] <= timedelta(seconds=policy.again_within_s):
        hours = policy.again_within_s / 3600
        return Judgement(Verdict.GIVE_UP, f"{reason}, for the second time within {hours:g} h")
    return Judgement(Verdict.COOL_OFF, reason, now + timedelta(seconds=policy.cool_off_s))


def _seen_at(ends: Sequence[datetime]) -> str:
    """Which ends those were, by the starts that followed; of many the last."""
    before = "the last " if len(ends) > _NAMED else ""
    starts = "its start at" if len(ends) == 1 else "its starts at"
    times = ", ".join(map(clock, ends[-_NAMED:]))
    return f"{before}before {starts} {times}"


def _unclean_ends(runs: Sequence[Run]) -> list[datetime]:
    """The times of the ends that count; an unclean end is seen at the start that follows it."""
    ends: list[datetime] = []
    for run, following in pairwise(runs):
        if run.ended_at is not None or run.cool_off_until is not None:
            ends.clear()
        if run.ended_at is None and run.boot_id == following.boot_id:
            ends.append(following.started_at)
    return ends
