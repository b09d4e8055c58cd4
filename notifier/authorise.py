"""Who may say what, by the user id that journald itself recorded (`_UID`, which nobody can forge). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from standfast.events import Event, Kind
from standfast.unit_names import AGENTS

OWN_UNITS = "standfast-*"


class Speaker(StrEnum):
    """The roles that users of the host have here; a user may have several."""

    STANDFAST = "standfast"
    AGENT = "standfast-agent"
    ADMIN = "administrator"
    LISTED = "listed user"


_REPORTS = frozenset({Kind.PROBLEM, Kind.RESOLVED})
_ALLOWED: Mapping[Speaker, frozenset[Kind]] = {
    Speaker.STANDFAST: frozenset(Kind) - {Kind.COMMAND},
    Speaker.AGENT: _REPORTS | {Kind.UPDATE, Kind.STATE, Kind.STATUS, Kind.SHUTDOWN},
    # The master restart is a oneshot of root and reports what it does.
    Speaker.ADMIN: _REPORTS | {Kind.COMMAND, Kind.RESTART},
    Speaker.LISTED: _REPORTS,
}


class Verdict(StrEnum):
    """Whether an event is listened to."""

    ALLOWED = "its user may say this"
    NO_USER = "journald recorded no user"
    STRANGER = "its user is neither in standfast-admin nor in listen_to_users of notifier.toml"
    NOT_ITS_KIND = "its user may not say this kind of thing"
    NOT_ITS_UNIT = "its user may not speak about this unit"


@dataclass(frozen=True, slots=True)
class Trust:
    """The user ids of each role."""

    members: Mapping[Speaker, frozenset[int]]

    def roles(self, uid: int) -> tuple[Speaker, ...]:
        """The roles of a user."""
        return tuple(role for role in Speaker if uid in self.members.get(role, frozenset()))


def authorise(event: Event, uid: int | None, systemd_unit: str, trust: Trust) -> Verdict:
    """Whether to listen to an event.

    Args:
        uid: the trusted `_UID` of the entry.
        systemd_unit: the trusted `_SYSTEMD_UNIT`, "" when journald could not tell (a child that
            sent and ended at once).
    """
    if uid is None:
        return Verdict.NO_USER
    roles = trust.roles(uid)
    if not roles:
        return Verdict.STRANGER
    roles = tuple(role for role in roles if event.kind in _ALLOWED[role])
    if not roles:
        return Verdict.NOT_ITS_KIND
    if not any(_may_speak_about(role, event.unit, systemd_unit) for role in roles):
        return Verdict.NOT_ITS_UNIT
    return Verdict.ALLOWED


def _may_speak_about(role: Speaker, unit: str, systemd_unit: str) -> bool:
    if role is Speaker.AGENT:
        return fnmatchcase(unit, AGENTS) and systemd_unit in ("", unit)
    if role is Speaker.LISTED:
        return not fnmatchcase(unit, OWN_UNITS)
    return True
