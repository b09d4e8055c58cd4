"""Who the users of the host are: names to ids, once at start and at reload."""

import contextlib
import grp
import logging
import pwd
from collections.abc import Iterable

from standfast.notifier.authorise import Speaker, Trust

log = logging.getLogger(__name__)

STANDFAST_USER = "standfast"
AGENT_USER = "standfast-agent"
ADMIN_GROUP = "standfast-admin"


def trust(listed: Iterable[str]) -> Trust:
    """The ids behind the names that are listened to; a name that this host does not know is told and left out."""
    return Trust(
        {
            Speaker.STANDFAST: _uids([STANDFAST_USER]),
            Speaker.AGENT: _uids([AGENT_USER]),
            Speaker.ADMIN: frozenset({0}) | _members(ADMIN_GROUP),
            Speaker.LISTED: _uids(listed, tell=True),
        }
    )


def name_of(uid: int | None) -> str:
    """A user's name for people, or the number where there is none."""
    if uid is None:
        return "nobody known"
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user id {uid}"


def _uids(names: Iterable[str], *, tell: bool = False) -> frozenset[int]:
    found = set()
    for name in names:
        try:
            found.add(pwd.getpwnam(name).pw_uid)
        except KeyError:
            if tell:
                log.error('Cannot listen to user "%s": this host has no such user; correct listen_to_users', name)
    return frozenset(found)


def _members(group: str) -> frozenset[int]:
    """Everybody in a group, as their supplementary group or as their own."""
    try:
        found = grp.getgrnam(group)
    except KeyError:
        return frozenset()
    primary = {user.pw_uid for user in pwd.getpwall() if user.pw_gid == found.gr_gid}
    named = set()
    for name in found.gr_mem:
        with contextlib.suppress(KeyError):
            named.add(pwd.getpwnam(name).pw_uid)
    return frozenset(primary | named)
