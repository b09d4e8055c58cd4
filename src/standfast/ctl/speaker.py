"""Who is behind an event of the journal, and what a command is about, in words that people know. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from standfast.events import RESTART_ASKED, Event, Kind
from standfast.notifier.authorise import Speaker, Trust
from standfast.notifier.entries import Entry
from standfast.unit_names import ALARM, CHECK, DETECTOR, NOTIFIER

RUN_ID: Final = "_SYSTEMD_INVOCATION_ID"
LOGIN: Final = "_AUDIT_LOGINUID"
# So long systemd's queue may hold up a master restart that was asked for.
ASKED_WITHIN: Final = timedelta(seconds=60)

# The parts of Standfast by their units; the alarm is the check in another unit.
_PARTS: Final[Mapping[str, str]] = {DETECTOR: "detector", NOTIFIER: "notifier", CHECK: "check", ALARM: "check"}
# Nobody logged in: a service, or a kernel that does not audit.
_NO_LOGIN: Final = frozenset({"", "4294967295", "-1"})


def asked_runs(entries: Iterable[Entry], trust: Trust) -> frozenset[str]:
    """Systemd's ids of those master restarts that the detector asked for.

    Args:
        entries: the detector's requests and what master restarts said, the oldest first.
    """
    found: set[str] = set()
    others: set[str] = set()
    asked_at: datetime | None = None
    for entry in entries:
        run_id, event = entry.fields.get(RUN_ID, ""), entry.event()
        if event is None or not _is_own(entry, trust):
            continue
        if event.type == RESTART_ASKED:
            asked_at = entry.at
        elif event.kind is Kind.RESTART and entry.uid == 0 and run_id not in found | others:
            is_asked_for = asked_at is not None and entry.at - asked_at <= ASKED_WITHIN
            (found if is_asked_for else others).add(run_id)
            asked_at = None
    return frozenset(found)


def spoken_by(
    entry: Entry, event: Event, asked_for: frozenset[str], trust: Trust, name_of: Callable[[int | None], str]
) -> str:
    """Who said it: a part of Standfast, or a user; behind sudo also who that is."""
    if event.kind is Kind.RESTART and entry.fields.get(RUN_ID) in asked_for:
        return _PARTS[DETECTOR]
    if entry.systemd_unit in _PARTS and entry.uid in trust.members.get(Speaker.STANDFAST, ()):
        return _PARTS[entry.systemd_unit]
    name = name_of(entry.uid)
    human = _human(entry, event, name_of) if event.kind is Kind.COMMAND else ""
    return f"{human} (as {name})" if human not in ("", name) else name


def _human(entry: Entry, event: Event, name_of: Callable[[int | None], str]) -> str:
    """Who logged in, or called sudo: root's own word."""
    said = event.data.get("by")
    if entry.uid == 0 and isinstance(said, str) and said:
        return said
    login = entry.fields.get(LOGIN, "")
    return name_of(int(login)) if login not in _NO_LOGIN and login.isascii() and login.isdigit() else ""


def about(entry: Entry, event: Event) -> Event:
    """The event with what it is about: a command is not about the session that it was typed in."""
    if event.kind is not Kind.COMMAND:
        return event
    unit = entry.fields.get("STANDFAST_UNIT") or event.data.get("unit")
    return replace(event, unit=unit if isinstance(unit, str) else "")


def _is_own(entry: Entry, trust: Trust) -> bool:
    """Whether Standfast's own user, or root, said it."""
    return entry.uid is not None and entry.uid in {0, *trust.members.get(Speaker.STANDFAST, ())}
