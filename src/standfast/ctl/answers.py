"""Reading the journal: what daemons answer there, and what happened."""

import os
import pwd
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from systemd import journal

from standfast.clock import utc_now
from standfast.ctl.patience import Patience
from standfast.ctl.speaker import LOGIN, RUN_ID
from standfast.errors import StandfastError
from standfast.events import RESTART_ASKED, Kind
from standfast.journal_files import may_read_journal
from standfast.moments import logged_at
from standfast.notifier.entries import Entry as Recorded
from standfast.notifier.entries import to_fields
from standfast.overview.refusals import REFUSED, Answer, answer_of
from standfast.unit_names import NOTIFIER

Entry = Mapping[str, Any]

_DAEMON_USER: Final = "standfast"


class JournalError(StandfastError):
    """The journal cannot be read."""


def require_journal(what: str) -> None:
    """Make sure that what daemons log can be read.

    Raises:
        JournalError: it cannot; it says what to do.
    """
    if not may_read_journal():
        user = pwd.getpwuid(os.getuid()).pw_name
        raise JournalError(
            f"cannot {what}: {user} may not read the journal; use sudo, or let an administrator run "
            f"`usermod -aG systemd-journal {user}` and log in again"
        )


class Answers:
    """What a daemon logs from the moment of opening on: open it before that is said which is to be answered."""

    def __init__(self, identifier: str, since: datetime | None = None) -> None:
        """Begin to listen.

        Args:
            identifier: the daemon's SYSLOG_IDENTIFIER.
            since: what was logged from then on; now, by default.

        Raises:
            JournalError: the journal cannot be opened.
        """
        self._users = _daemon_users()
        try:
            self._reader = journal.Reader()
            self._reader.add_match(SYSLOG_IDENTIFIER=identifier)
            # Without its file descriptor a reader never learns of new entries.
            self._reader.fileno()
            self._reader.seek_realtime((since or utc_now()).timestamp())
        except OSError as error:
            raise _unreadable(error) from error

    def until(self, patience: Patience) -> Iterator[Entry]:
        """Each entry as it comes, until the patience ends.

        Raises:
            JournalError: the journal cannot be read any more.
        """
        while True:
            yield from self._there()
            if not (wait_s := patience.next_s()):
                return
            try:
                self._reader.wait(wait_s)
            except OSError as error:
                raise _unreadable(error) from error

    def close(self) -> None:
        """Give the journal's files back."""
        self._reader.close()

    def _there(self) -> Iterator[Entry]:
        try:
            while entry := self._reader.get_next():
                # Anybody may log under any name; journald vouches for the user.
                if entry.get("_UID") in self._users:
                    yield entry
        except OSError as error:
            raise _unreadable(error) from error


def happened(since: datetime) -> Iterator[Recorded]:
    """The entries of events since a time, the newest first.

    Raises:
        JournalError: the journal cannot be read.
    """
    with _journal({"STANDFAST": "1"}) as reader:
        reader.seek_tail()
        while (entry := reader.get_previous()) and (at := logged_at(entry)) >= since:
            yield _recorded(entry, at)


def begins_at() -> datetime | None:
    """When the journal begins; None for an empty one.

    Raises:
        JournalError: the journal cannot be read.
    """
    with _journal() as reader:
        entry = reader.get_next()
        return logged_at(entry) if entry else None


def refusals(since: datetime) -> Iterator[Answer]:
    """Which commands the notifier did not follow since a time.

    Raises:
        JournalError: the journal cannot be read.
    """
    for entry in _since(since, *({"_SYSTEMD_UNIT": NOTIFIER, "STANDFAST_RESULT": result} for result in REFUSED)):
        yield answer_of(entry)


def master_restarts(since: datetime) -> Iterator[Recorded]:
    """What master restarts said since a time, and the detector's requests for them, the oldest first.

    Raises:
        JournalError: the journal cannot be read.
    """
    asked = {"STANDFAST_EVENT": Kind.DECISION.value, "STANDFAST_TYPE": RESTART_ASKED}
    for entry in _since(since, {"STANDFAST_EVENT": Kind.RESTART.value}, asked):
        yield _recorded(entry, logged_at(entry))


def _since(since: datetime, *either: Mapping[str, str]) -> Iterator[Entry]:
    """The entries since a time, the oldest first, that have all the fields of one of these."""
    with _journal(*either) as reader:
        reader.seek_realtime(since.timestamp())
        while entry := reader.get_next():
            yield entry


@contextmanager
def _journal(*either: Mapping[str, str]) -> Iterator[Any]:
    """A reader of the entries that have all the fields of one of these, and of every entry without any."""
    try:
        with journal.Reader() as reader:
            for fields in either:
                reader.add_match(**fields)
                reader.add_disjunction()
            yield reader
    except OSError as error:
        raise _unreadable(error) from error


def _recorded(entry: Entry, at: datetime) -> Recorded:
    """An entry with the fields that tell who is behind it."""
    more = {name: str(entry[name]) for name in (RUN_ID, LOGIN) if name in entry}
    return Recorded({**to_fields(entry), **more}, entry["__CURSOR"], at)


def _daemon_users() -> frozenset[int]:
    """The users whose word is a daemon's: root and its own."""
    try:
        return frozenset({0, pwd.getpwnam(_DAEMON_USER).pw_uid})
    except KeyError:
        return frozenset({0})


def _unreadable(error: OSError) -> JournalError:
    return JournalError(f"cannot read the journal: {error.strerror or error}; see systemctl status systemd-journald")
