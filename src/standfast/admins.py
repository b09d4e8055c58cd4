"""Who may tell the daemons what to do: root, and the members of one group of this host."""

import contextlib
import grp
import pwd
from collections.abc import Iterable
from typing import Final

ADMIN_GROUP: Final = "standfast-admin"


def administrators() -> frozenset[int]:
    """The user ids as they are now; whoever is put into the group is one from then on."""
    try:
        group = grp.getgrnam(ADMIN_GROUP)
    except KeyError:
        return frozenset({0})
    primary = {user.pw_uid for user in pwd.getpwall() if user.pw_gid == group.gr_gid}
    return user_ids(group.gr_mem) | primary | {0}


def user_ids(names: Iterable[str]) -> frozenset[int]:
    """The ids of those of these users that this host knows."""
    found = set()
    for name in names:
        with contextlib.suppress(KeyError):
            found.add(pwd.getpwnam(name).pw_uid)
    return frozenset(found)
