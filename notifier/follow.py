"""The journal reader: from a position on, every event once and in order."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from systemd import journal

from standfast.clock import boot_id
from standfast.errors import StandfastError
from standfast.notifier.entries import Entry, to_fields
from standfast.notifier.gap import Gap, Position, gap

log = logging.getLogger(__name__)

MATCH = "STANDFAST=1"


class FollowError(StandfastError):
    """The journal could not be read."""


class Follower:
    """Reads the entries with STANDFAST=1; what wakes it is somebody else's business.

    Every method is quick: the journal's files are mapped into memory.
    """

    def __init__(self, open_reader: Callable[[], Any] = journal.Reader) -> None:
        self._open_reader = open_reader
        self._reader = self._opened()

    def close(self) -> None:
        """Give the journal's files back."""
        self._reader.close()

    def fileno(self) -> int:
        """Readable when the journal changed (late: journald tells at most every 250 ms)."""
        return int(self._reader.fileno())

    def process(self) -> None:
        """Take in that the journal changed: new files, rotated ones, removed ones."""
        try:
            self._reader.process()
        except OSError as error:
            raise _unreadable(error) from error

    def seek(self, position: Position, start_at: datetime) -> Gap:
        """Go behind the entry where the reading stopped; the first reading of all begins at `start_at`.

        Raises:
            FollowError: the journal cannot be read.
        """
        self._reader.close()
        self._reader = self._opened()
        try:
            found = bool(position.cursor) and self._seek_cursor(position.cursor)
            if not found:
                # Everything that is there and was not read: after a lost cursor that is what came
                # later than the last reading (a cursor of a removed file would be approximated).
                self._reader.seek_realtime((position.read_until or start_at).timestamp())
            return gap(position, found, self._oldest(), boot_id())
        except OSError as error:
            raise _unreadable(error) from error

    def oldest_entry_at(self) -> datetime | None:
        """When the oldest entry of any kind that is still there was logged; None when the journal is empty.

        Raises:
            FollowError: the journal cannot be read.
        """
        try:
            return self._oldest()
        except OSError as error:
            raise _unreadable(error) from error

    def next(self) -> Entry | None:
        """The next event's entry, None at the end of what is there now.

        Raises:
            FollowError: the journal cannot be read.
        """
        try:
            if not self._reader._next():
                return None
            fields = to_fields(self._reader._get_all())
            return Entry(fields, self._reader._get_cursor(), _moment(self._reader._get_realtime()))
        except OSError as error:
            raise _unreadable(error) from error

    def _opened(self) -> Any:
        try:
            reader = self._open_reader()
            reader.add_match(MATCH)
            # Without its file descriptor a reader never learns of new files: a rotation would end the reading.
            reader.fileno()
        except OSError as error:
            raise _unreadable(error) from error
        return reader

    def _seek_cursor(self, cursor: str) -> bool:
        """Stand on the entry of the cursor; False when it is gone or the cursor is none."""
        try:
            self._reader.seek_cursor(cursor)
            # It lands on the oldest later match when the entry is gone: only the test tells.
            return bool(self._reader._next()) and bool(self._reader.test_cursor(cursor))
        except ValueError:
            log.error("The stored position in the journal is no cursor; reading from the time of the last reading")
            return False

    def _oldest(self) -> datetime | None:
        reader = self._open_reader()
        try:
            reader.seek_head()
            return _moment(reader._get_realtime()) if reader._next() else None
        finally:
            reader.close()


def reader_of(directory: Path) -> Callable[[], Any]:
    """Opens the journal of a directory instead of the host's, for tests."""
    return lambda: journal.Reader(path=str(directory))


def _moment(realtime_us: int) -> datetime:
    return datetime.fromtimestamp(realtime_us / 1e6, UTC)


def _unreadable(error: OSError) -> FollowError:
    return FollowError(
        f"cannot read the journal: {error.strerror or error}; see systemctl status systemd-journald, "
        "and that the notifier's user is in the group systemd-journal"
    )
