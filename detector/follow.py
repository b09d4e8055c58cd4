"""Follows the journal for what the detector must know of others: master restarts, releases, resolved problems."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from systemd import journal

from standfast.admins import ADMIN_GROUP, administrators
from standfast.detector.limits import START_WITHIN_S
from standfast.detector.model import ReleaseObservation, RestartObservation, RunResult
from standfast.errors import StandfastError
from standfast.events import RESOLVED_TYPE, RESTART_ASKED, Kind, from_fields
from standfast.unit_names import DETECTOR, MASTER_RESTART, NOTIFIER

log = logging.getLogger(__name__)

RESTART_TYPES: Final = {
    "MASTER_RESTART_STARTED": RunResult.STARTED,
    "MASTER_RESTART_COMPLETED": RunResult.SUCCESS,
    "MASTER_RESTART_PARTIAL": RunResult.PARTIAL,
    "MASTER_RESTART_FAILED": RunResult.FAILURE,
}
RELEASE: Final = "RELEASE"
# With an empty ledger, how far back the journal is read for master restarts.
REBUILT_FROM_S: Final = 24 * 3600.0


class FollowError(StandfastError):
    """The journal cannot be followed."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A person said that the problem of this type and unit is over."""

    type: str
    unit: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The detector was going to ask for a master restart because of these units."""

    at: float
    units: frozenset[str]


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
        self._hearing = Hearing()

    def start(self, cursor: str, since: float) -> None:
        """Tell what is there already, then follow.

        Raises:
            FollowError: the journal cannot be opened.
        """
        try:
            reader = journal.Reader()
            reader.add_match(STANDFAST_EVENT=Kind.RESTART.value)
            reader.add_disjunction()
            reader.add_match(STANDFAST_EVENT=Kind.DECISION.value, STANDFAST_TYPE=RESTART_ASKED)
            reader.add_disjunction()
            reader.add_match(STANDFAST_EVENT=Kind.COMMAND.value, STANDFAST_TYPE=RELEASE)
            reader.add_disjunction()
            reader.add_match(_SYSTEMD_UNIT=NOTIFIER, STANDFAST_RESULT="DONE")
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
            news = self._hearing.hear(entry)
            if news is not None:
                self._on_entry(LedgerEntry(news, entry["__CURSOR"]))


def rebuilt_from(now: float, installed: Path) -> float:
    """From when on the journal is read for an empty ledger: a day, but nothing of an installation before this one."""
    try:
        return max(now - REBUILT_FROM_S, min(installed.stat().st_mtime, now))
    except OSError:
        return now - REBUILT_FROM_S


def _seek(reader: journal.Reader, cursor: str, since: float) -> None:
    if cursor:
        try:
            reader.seek_cursor(cursor)
            if reader.get_next() and reader.test_cursor(cursor):
                return
        except ValueError:
            log.warning("The remembered position in the journal is unreadable, reading it by time")
    reader.seek_realtime(since)


class Hearing:
    """Takes entries one after the other; of the start of a master restart it knows whether a detector had asked."""

    def __init__(self) -> None:
        self._asked: Asked | None = None

    def hear(self, entry: dict[str, Any]) -> News | None:
        """What an entry says; None when that is nothing, or nothing by itself."""
        news = observed(entry)
        if isinstance(news, Asked):
            self._asked = news
            return None
        if isinstance(news, RestartObservation) and news.result is RunResult.STARTED:
            return self._told_apart(news)
        return news

    def _told_apart(self, start: RestartObservation) -> RestartObservation:
        """A request is answered by one start."""
        asked, self._asked = self._asked, None
        is_answer = asked is not None and 0 <= start.at - asked.at <= START_WITHIN_S
        return replace(start, asked_for=asked.units) if asked is not None and is_answer else start


def observed(entry: dict[str, Any]) -> News | Asked | None:
    """What an entry says; None when its writer has no say in it.

    Only root runs master restarts; only root and members of standfast-admin may release. Of what is resolved, by
    numbers that are the notifier's own, the notifier says what it was.
    """
    if RESOLVED_TYPE in entry:
        return _resolved(entry)
    event = from_fields({name: value for name, value in entry.items() if isinstance(value, str)})
    if event is None:
        return None
    uid = entry.get("_UID", -1)
    at = entry["__REALTIME_TIMESTAMP"].timestamp()
    if event.kind is Kind.RESTART and uid == 0 and event.type in RESTART_TYPES and event.unit == MASTER_RESTART:
        run_id = str(entry.get("_SYSTEMD_INVOCATION_ID", ""))
        units = _names(event.data.get("units"))
        return RestartObservation(at, _result(event.type, units), run_id, units)
    if event.kind is Kind.DECISION and event.type == RESTART_ASKED and entry.get("_SYSTEMD_UNIT") == DETECTOR:
        return Asked(at, _names(event.data.get("causes")) or frozenset())
    return _release(uid, at) if event.kind is Kind.COMMAND and event.type == RELEASE else None


def _result(event_type: str, units: frozenset[str] | None) -> RunResult:
    """How a run stands; what is all up because it was nothing has restarted nothing."""
    result = RESTART_TYPES[event_type]
    return RunResult.NOTHING if result is RunResult.SUCCESS and units == frozenset() else result


def _names(value: object) -> frozenset[str] | None:
    """The units of a start are a list, those of an end a table by unit."""
    return frozenset(map(str, value)) if isinstance(value, list | dict) else None


def _release(uid: int, at: float) -> ReleaseObservation | None:
    if uid not in administrators():
        log.warning("User %s asked for a release, which only root and members of %s may", uid, ADMIN_GROUP)
        return None
    return ReleaseObservation(at)


def _resolved(entry: dict[str, Any]) -> Resolved | None:
    is_its_word = entry.get("_SYSTEMD_UNIT") == NOTIFIER
    return Resolved(str(entry[RESOLVED_TYPE]), str(entry.get("STANDFAST_UNIT", ""))) if is_its_word else None
