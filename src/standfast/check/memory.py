"""What the check remembers from one run to the next. Pure.

Its form on disk is one JSON object; one that is damaged is as good as none, except that then nothing is known to be
over: each end is told once more, and whoever does not know of the problem ignores it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from standfast.check.findings import Answer
from standfast.check.restarts import Restarts
from standfast.moments import from_iso, iso
from standfast.notifier.channels.channel import Standing
from standfast.notifier.model import Identity


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that was found not well.

    Attributes:
        since: since when it is so, as far as is known; else when it was first found so.
        times: how often in a row it was, or how often it happened.
        is_open: whether it was logged as a problem, and its end was not.
        told_at: when the check told people of it by itself; None when that is the notifier's business.
        tellings: how often it did.
    """

    since: datetime
    times: int = 1
    is_open: bool = False
    told_at: datetime | None = None
    tellings: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """How a look ended that is not taken in each run."""

    at: datetime
    good: bool | None
    detail: str = ""

    def is_due(self, now: datetime, every_s: float) -> bool:
        """Whether it is time for the next; what was bad is looked at each time, so that its end is seen soon."""
        return self.good is False or abs(now - self.at) >= timedelta(seconds=every_s)

    def standing(self) -> Standing:
        """The same as a channel says it."""
        return Standing(self.good, self.detail)


@dataclass(frozen=True, slots=True)
class Memory:
    """All of it.

    Attributes:
        is_whole: False when it is not known what was open.
        channels: what the other side of each channel said last.
        databases: how the last deep look at each database ended.
        restarts: how often systemd restarted each watcher.
        told_until: up to when people were told of everything critical, by whomever; None where that is not known.
    """

    troubles: Mapping[Identity, Trouble] = field(default_factory=dict)
    channels: Mapping[str, Seen] = field(default_factory=dict)
    databases: Mapping[str, Seen] = field(default_factory=dict)
    restarts: Mapping[str, Restarts] = field(default_factory=dict)
    told_until: datetime | None = None
    is_whole: bool = True

    def is_open(self, identity: Identity) -> bool:
        """Whether an end has something to end."""
        trouble = self.troubles.get(identity)
        return not self.is_whole if trouble is None else trouble.is_open


DAMAGED: Final = Memory(is_whole=False)


def after_looks(memory: Memory, answers: Iterable[Answer], now: datetime) -> Memory:
    """The troubles as they are after these answers; what could not be told stays as it was."""
    troubles = dict(memory.troubles)
    for answer in answers:
        identity = answer.question.identity
        if answer.well:
            troubles.pop(identity, None)
        elif answer.well is False:
            before = troubles.get(identity, Trouble(min(answer.since or now, now), times=0))
            times = answer.count or before.times + 1
            is_open = before.is_open or times >= answer.question.after
            troubles[identity] = replace(before, times=times, is_open=is_open)
    return replace(memory, troubles=troubles, is_whole=True)


def after_telling(memory: Memory, told: Iterable[Identity], now: datetime) -> Memory:
    """The same when the check told people of these troubles by itself."""
    found = {one: memory.troubles[one] for one in told if one in memory.troubles}
    marks = {one: replace(was, told_at=now, tellings=was.tellings + 1) for one, was in found.items()}
    return replace(memory, troubles={**memory.troubles, **marks})


def without(memory: Memory, gone: Iterable[Identity]) -> Memory:
    """The same when these are no longer looked at."""
    left = set(memory.troubles) - set(gone)
    return replace(memory, troubles={one: trouble for one, trouble in memory.troubles.items() if one in left})


def unsaid(kept: Memory, before: Memory) -> Memory:
    """The same when the journal took nothing: the next run says it, what ended without telling it again."""
    ended = {one: replace(was, told_at=None) for one, was in before.troubles.items() if one not in kept.troubles}
    return replace(kept, troubles={**kept.troubles, **ended}, restarts=before.restarts)


def to_table(memory: Memory, now: datetime) -> dict[str, Any]:
    """What is written down."""
    return {
        "saved_at": iso(now),
        "told_until": iso(memory.told_until) if memory.told_until else None,
        "troubles": [_trouble_table(identity, trouble) for identity, trouble in memory.troubles.items()],
        "channels": {name: _seen_table(seen) for name, seen in memory.channels.items()},
        "databases": {name: _seen_table(seen) for name, seen in memory.databases.items()},
        "restarts": {unit: _restarts_table(one) for unit, one in memory.restarts.items()},
    }


def from_table(table: Mapping[str, Any]) -> Memory:
    """What was written down; damaged where it is something else."""
    try:
        troubles = dict(_trouble(row) for row in table["troubles"])
        channels = {str(name): _seen(row) for name, row in table["channels"].items()}
        databases = {str(name): _seen(row) for name, row in table["databases"].items()}
        told_until = _moment(table["told_until"])
        # An earlier version wrote none.
        restarts = {str(unit): _restarts(row) for unit, row in table.get("restarts", {}).items()}
    except (KeyError, TypeError, ValueError, AttributeError):
        return DAMAGED
    return Memory(troubles, channels, databases, restarts, told_until)


def saved_at(table: Mapping[str, Any]) -> str:
    """When it was written down, as text that sorts; "" when it does not say."""
    found = table.get("saved_at")
    return found if isinstance(found, str) else ""


def _trouble_table(identity: Identity, trouble: Trouble) -> dict[str, Any]:
    return {
        "type": identity.type,
        "unit": identity.unit,
        "since": iso(trouble.since),
        "times": trouble.times,
        "is_open": trouble.is_open,
        "told_at": iso(trouble.told_at) if trouble.told_at else None,
        "tellings": trouble.tellings,
    }


def _trouble(row: Mapping[str, Any]) -> tuple[Identity, Trouble]:
    identity = Identity(str(row["type"]), str(row["unit"]))
    since, told_at = from_iso(row["since"]), _moment(row["told_at"])
    # An earlier version did not count them.
    tellings = int(row.get("tellings", told_at is not None))
    return identity, Trouble(since, int(row["times"]), bool(row["is_open"]), told_at, tellings)


def _restarts_table(one: Restarts) -> dict[str, Any]:
    first, last = (iso(at) if at else None for at in (one.first, one.last))
    return {"seen": one.seen, "count": one.count, "first": first, "last": last}


def _restarts(row: Mapping[str, Any]) -> Restarts:
    return Restarts(int(row["seen"]), int(row["count"]), _moment(row["first"]), _moment(row["last"]))


def _moment(text: str | None) -> datetime | None:
    return from_iso(text) if text is not None else None


def _seen_table(seen: Seen) -> dict[str, Any]:
    return {"at": iso(seen.at), "good": seen.good, "detail": seen.detail}


def _seen(row: Mapping[str, Any]) -> Seen:
    good = row["good"]
    return Seen(from_iso(row["at"]), good if good is None else bool(good), str(row["detail"]))
