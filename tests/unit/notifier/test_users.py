"""Whom to believe: new users at once, those who left soon, and no lookup for each of a flood of refused events."""

from standfast.notifier.authorise import Speaker, Trust
from standfast.notifier.users import ANEW_AT_MOST_EVERY_S, KEPT_S, Trusted, trust


class Host:
    """A host with administrators, and how often somebody asked for them."""

    def __init__(self) -> None:
        self.admins = {0}
        self.now_s = 100.0
        self.asked = 0
        self.trusted = Trusted(self._look, lambda: self.now_s)

    def _look(self) -> Trust:
        self.asked += 1
        return Trust({Speaker.ADMIN: frozenset(self.admins)})


def test_whoever_is_new_is_believed_at_once() -> None:
    host = Host()
    host.admins.add(1000)
    host.now_s += ANEW_AT_MOST_EVERY_S
    assert host.trusted.lately().roles(1000) == ()
    assert host.trusted.anew().roles(1000) == (Speaker.ADMIN,)
    assert host.trusted.lately().roles(1000) == (Speaker.ADMIN,)


def test_whoever_left_is_not_believed_for_long() -> None:
    host = Host()
    host.admins.add(1000)
    host.now_s += KEPT_S
    assert host.trusted.lately().roles(1000) == (Speaker.ADMIN,)
    host.admins.remove(1000)
    host.now_s += KEPT_S
    assert host.trusted.lately().roles(1000) == ()


def test_a_flood_of_refused_events_is_no_flood_of_lookups() -> None:
    host = Host()
    for _ in range(1000):
        host.trusted.anew()
    assert host.asked == 1


def test_root_is_an_administrator_and_unknown_users_are_nobody() -> None:
    found = trust(["no-such-user-here", "root"])
    assert found.roles(0) == (Speaker.ADMIN, Speaker.LISTED)
    assert found.roles(54321) == ()
