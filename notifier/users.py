"""Who the users of the host are: names to ids, looked up so often that nobody has to reload anything."""

import logging
import pwd
from collections.abc import Callable, Iterable

from standfast.admins import administrators, user_ids
from standfast.clock import monotonic_s
from standfast.notifier.authorise import Speaker, Trust

log = logging.getLogger(__name__)

STANDFAST_USER = "standfast"
AGENT_USER = "standfast-agent"


# Whoever left a group or this host is believed for so long at most.
KEPT_S = 5.0
# Whoever would be refused may be new: the lookup is made anew, but a flood of refused events makes no flood of these.
ANEW_AT_MOST_EVERY_S = 0.2


def trust(listed: Iterable[str]) -> Trust:
    """The ids behind the names that are listened to; a name that this host does not know is left out."""
    return Trust(
        {
            Speaker.STANDFAST: user_ids([STANDFAST_USER]),
            Speaker.AGENT: user_ids([AGENT_USER]),
            Speaker.ADMIN: administrators(),
            Speaker.LISTED: user_ids(listed),
        }
    )


class Trusted:
    """Whom to believe, as of now."""

    def __init__(self, look: Callable[[], Trust], now_s: Callable[[], float] = monotonic_s) -> None:
        self._look = look
        self._now_s = now_s
        self._found = look()
        self._looked_s = now_s()

    def lately(self) -> Trust:
        """As it was looked up within the last seconds."""
        return self._no_older_than(KEPT_S)

    def anew(self) -> Trust:
        """As it is, for somebody who would be refused otherwise."""
        return self._no_older_than(ANEW_AT_MOST_EVERY_S)

    def _no_older_than(self, age_s: float) -> Trust:
        if self._now_s() - self._looked_s >= age_s:
            self._found = self._look()
            self._looked_s = self._now_s()
        return self._found


def tell_unknown(listed: Iterable[str]) -> None:
    """Say which of the configured names this host does not know."""
    for name in listed:
        if not user_ids([name]):
            log.error('Cannot listen to user "%s": this host has no such user; correct listen_to_users', name)


def name_of(uid: int | None) -> str:
    """A user's name for people, or the number where there is none."""
    if uid is None:
        return "nobody known"
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user id {uid}"
