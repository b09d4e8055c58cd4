"""Reading the journal in the notifier's place: the same entries of the same users, since a time."""

import logging
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Final

from standfast.errors import StandfastError
from standfast.notifier import users
from standfast.notifier.authorise import Trust, Verdict, authorise
from standfast.notifier.config import NotifierConfig
from standfast.notifier.follow import Follower
from standfast.notifier.gap import Position
from standfast.notifier.model import Heard

log = logging.getLogger(__name__)

# A flood of events is the notifier's to make sense of.
LONGEST: Final = 10_000


def heard_since(since: datetime, config: NotifierConfig) -> list[Heard] | None:
    """The events since then that the notifier would listen to; None when the journal cannot be read."""
    try:
        with closing(Follower()) as follower:
            follower.seek(Position("", since, ""), since)
            return list(_heard(follower, users.trust(config.listen_to_users)))
    except StandfastError as error:
        log.warning("%s", error)
        return None


def _heard(follower: Follower, trust: Trust) -> Iterator[Heard]:
    for _ in range(LONGEST):
        entry = follower.next()
        if entry is None:
            return
        event = entry.event()
        if event is not None and authorise(event, entry.uid, entry.systemd_unit, trust) is Verdict.ALLOWED:
            yield entry.heard(event, users.name_of(entry.uid))
