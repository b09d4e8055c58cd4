"""Fairness: whoever raises very many problems has them counted together, so that those of others are told. Pure.

Messages of one channel go out in order: a unit that raises thousands of problems under ever new
names would put thousands of messages in front of everybody else's. What counts is who logged them,
as journald recorded it, and not whom they claim to be about.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from standfast.events import Event, Kind, Severity
from standfast.notifier import dedup
from standfast.notifier.ledger import Ledger
from standfast.notifier.model import Heard, Problem
from standfast.notifier.telling import Telling, telling

EVENT_FLOOD: Final = "EVENT_FLOOD"
PERIOD: Final = timedelta(hours=1)
# After so long without one more it is over.
CALM: Final = timedelta(minutes=10)


class Fairness(StrEnum):
    """Whether an event is told on its own."""

    NO_MATTER = "it leads to no message of its own"
    WITHIN = "its source has not used up its share"
    FLOOD = "its source has used up its share: counted together with its others"


@dataclass(frozen=True, slots=True)
class Share:
    """What a source has used up since a time."""

    since: datetime
    used: int


class Shares:
    """The shares of all sources; a new beginning of the notifier gives everybody a new one."""

    def __init__(self) -> None:
        self._shares: dict[str, Share] = {}

    def fair(self, ledger: Ledger, heard: Heard, source: str, limit: int) -> tuple[Fairness, Heard]:
        """The event as it is to be taken in: itself, or one more occurrence of its source's flood."""
        if not _is_message(ledger, heard):
            return Fairness.NO_MATTER, heard
        share = self._shares.get(source)
        if share is None or abs(heard.at - share.since) >= PERIOD:
            self._forget(heard.at)
            share = Share(heard.at, 0)
        self._shares[source] = replace(share, used=share.used + 1)
        if share.used < limit:
            return Fairness.WITHIN, heard
        return Fairness.FLOOD, replace(heard, event=_flood(heard.event.severity, source, limit))

    def _forget(self, at: datetime) -> None:
        self._shares = {name: one for name, one in self._shares.items() if abs(at - one.since) < PERIOD}


def ended(problems: Iterable[Problem], now: datetime) -> list[Heard]:
    """The recoveries of the floods that are over."""
    return [
        Heard(Event(Kind.RESOLVED, "The flood of events is over", EVENT_FLOOD, one.severity, one.unit), now)
        for one in problems
        if one.type == EVENT_FLOOD and abs(now - one.last_occurrence) >= CALM
    ]


def _is_message(ledger: Ledger, heard: Heard) -> bool:
    match telling(heard.event):
        case Telling.AT_ONCE:
            return True
        case Telling.PROBLEM:
            identity = dedup.identity(heard)
            return identity not in ledger.problems and identity not in ledger.resting
        case _:
            return False


def _flood(severity: Severity, source: str, limit: int) -> Event:
    return Event(
        Kind.PROBLEM,
        f"more than {limit} problems within an hour; the further ones are counted here and not told each",
        EVENT_FLOOD,
        severity,
        source,
        action="Read them with journalctl STANDFAST_EVENT=problem; if all are real, raise flood_limit in "
        "notifier.toml, then systemctl reload standfast-notifier",
    )
