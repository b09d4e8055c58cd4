"""Reading the journal in the notifier's place: the same entries of the same users, since a time."""

import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from standfast.errors import StandfastError
from standfast.notifier import users
from standfast.notifier.authorise import Trust, Verdict, authorise
from standfast.notifier.config import NotifierConfig
from standfast.notifier.entries import Entry
from standfast.notifier.follow import Follower
from standfast.notifier.gap import Position
from standfast.notifier.model import Heard

log = logging.getLogger(__name__)

# So much is read in one run; a flood is read on in the next.
LONGEST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Listened:
    """What was heard.

    Attributes:
        until: the time of the last entry read, where there are more; None at the journal's end.
    """

    events: tuple[Heard, ...]
    until: datetime | None = None


def heard_since(since: datetime, config: NotifierConfig) -> Listened | None:
    """The events since then that the notifier would listen to; None when the journal cannot be read."""
    try:
        with closing(Follower()) as follower:
            follower.seek(Position("", since, ""), since)
            return listened(iter(follower.next, None), users.trust(config.listen_to_users))
    except StandfastError as error:
        log.warning("%s", error)
        return None


def listened(journal: Iterator[Entry], trust: Trust) -> Listened:
    """Of the journal's next entries what the notifier would listen to, and where the reading stopped.

    The next run goes on from a time: where so many entries have one and the same, it is read on to a later one.
    """
    entries = list(islice(journal, LONGEST))
    is_long = len(entries) == LONGEST
    while is_long and entries[-1].at <= entries[0].at and (more := next(journal, None)):
        entries.append(more)
    heard = tuple(one for entry in entries if (one := _heard(entry, trust)) is not None)
    if not is_long or entries[-1].at <= entries[0].at:
        return Listened(heard)
    log.warning("More than %d events are waiting for the notifier; the rest is read in the next run", LONGEST)
    return Listened(heard, entries[-1].at)


def _heard(entry: Entry, trust: Trust) -> Heard | None:
    event = entry.event()
    if event is None or authorise(event, entry.uid, entry.systemd_unit, trust) is not Verdict.ALLOWED:
        return None
    return entry.heard(event, users.name_of(entry.uid))
