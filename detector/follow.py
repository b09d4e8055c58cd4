"""Follows the journal for what the detector must know of others: master restarts, releases, resolved problems."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from systemd import journal

from standfast.admins import ADMIN_GROUP, administrators
from standfast.detector.model import ReleaseObservation, RestartObservation, RunResult
from standfast.errors import StandfastError
from standfast.events import Event, Kind, from_fields
from standfast.unit_names import MASTER_RESTART

log = logging.getLogger(__name__)

RESTART_TYPES: Final = {
    "MASTER_RESTART_STARTED": RunResult.STARTED,
    "MASTER_RESTART_COMPLETED": RunResult.SUCCESS,
    "MASTER_RESTART_PARTIAL": RunResult.PARTIAL,
    "MASTER_RESTART_FAILED": RunResult.FAILURE,
}
RELEASE: Final = "RELEASE"
RESOLVE: Final = "RESOLVE"


class FollowError(StandfastError):
    """The journal cannot be followed."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A person said that the problem of this type and unit is over."""

    type: str
    unit: str


News = RestartObservation | ReleaseObservation | Resolved


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """An entry of the journal with news, and its place there."""

    news: News
    cursor: str


class LedgerFollower:
    """Calls `on_entry` for each entry after `cursor`, or after `since` (seconds since 1970) without one."""

    def __init__(self, on_entry: Callable[[LedgerEntry], None]) -> None:
        self._on_entry = on_entry
        self._reader: journal.Reader | None = None

    def start(self, cursor: str, since: float) -> None:
        """Tell what is there already, then follow.

        Raises:
            FollowError: the journal cannot be opened.
        """
        try:
            reader = journal.Reader()
            reader.add_match(STANDFAST_EVENT=Kind.RESTART.value)
            reader.add_disjunction()
            reader.add_match(STANDFAST_EVENT=Kind.COMMAND.value, STANDFAST_TYPE=RELEASE)
            reader.add_match(STANDFAST_TYPE=RESOLVE)
            _seek(reader, cursor, since)
            self._reader = reader
            # Asking for it begins the watch: what is written from here on wakes, what was before is drained.
            descriptor = reader.fileno()
            self._drain()
            asyncio.get_running_loop().add_reader(descriptor, self._wake)
        except OSError as error:
            raise FollowError(
                f"cannot follow the journal: {error.strerror}; restarts by hand are not counted until "
                "standfast-detector.service is restarted"
            ) from error

    def stop(self) -> None:
        """Stop following."""
        if self._reader is not None:
            asyncio.get_running_loop().remove_reader(self._reader.fileno())
            self._reader.close()
            self._reader = None

    def _wake(self) -> None:
        if self._reader is None:
            return
        try:
            self._reader.process()
            self._drain()
        except OSError as error:
            log.warning("Reading the journal failed, trying again with its next entry: %s", error.strerror)

    def _drain(self) -> None:
        while self._reader is not None and (entry := self._reader.get_next()):
            news = observed(entry)
            if news is not None:
                self._on_entry(LedgerEntry(news, entry["__CURSOR"]))


def _seek(reader: journal.Reader, cursor: str, since: float) -> None:
    if cursor:
        try:
            reader.seek_cursor(cursor)
            if reader.get_next() and reader.test_cursor(cursor):
                return
        except ValueError:
            log.warning("The remembered position in the journal is unreadable, reading it by time")
    reader.seek_realtime(since)


def observed(entry: dict[str, Any]) -> News | None:
    """What an entry says; None when its writer has no say in it.

    Only root runs master restarts; only root and members of standfast-admin may release and resolve.
    """
    event = from_fields({name: value for name, value in entry.items() if isinstance(value, str)})
    if event is None:
        return None
    uid = entry.get("_UID", -1)
    at = entry["__REALTIME_TIMESTAMP"].timestamp()
    if event.kind is Kind.RESTART and uid == 0 and event.type in RESTART_TYPES and event.unit == MASTER_RESTART:
        return RestartObservation(at, RESTART_TYPES[event.type], str(entry.get("_SYSTEMD_INVOCATION_ID", "")))
    return _command(event, uid, at) if event.kind is Kind.COMMAND and event.type in (RELEASE, RESOLVE) else None


def _command(event: Event, uid: int, at: float) -> News | None:
    if uid not in administrators():
        log.warning("User %s asked for a %s, which only root and members of %s may", uid, event.type, ADMIN_GROUP)
        return None
    if event.type == RELEASE:
        return ReleaseObservation(at)
    of, unit = event.data.get("type"), event.data.get("unit")
    return Resolved(of, unit) if isinstance(of, str) and isinstance(unit, str) else None
