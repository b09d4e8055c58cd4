"""Reading a real journal: every event once, in order, through rotations, restarts and lost entries."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from tests.fakes.private_journal import PrivateJournal
from tests.unit.notifier.process import wait_until

from standfast.notifier.entries import Entry
from standfast.notifier.follow import Follower, reader_of
from standfast.notifier.gap import Gap, Position

BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


def send(journal: PrivateJournal, *numbers: int, **more: str) -> None:
    for number in numbers:
        journal.send({"STANDFAST": "1", "STANDFAST_EVENT": "problem", "STANDFAST_TYPE": f"T{number}", **more})


def now() -> datetime:
    return datetime.now(UTC)


class Reading:
    def __init__(self, journal: PrivateJournal) -> None:
        self.follower = Follower(reader_of(journal.directory))
        self.entries: list[Entry] = []

    def types(self, number: int) -> list[str]:
        """The types read so far, when there are so many."""
        wait_until(lambda: self._read() >= number, f"{number} entries, got {self.entries}")
        return [entry.fields["STANDFAST_TYPE"] for entry in self.entries]

    def _read(self) -> int:
        self.follower.process()
        while (entry := self.follower.next()) is not None:
            self.entries.append(entry)
        return len(self.entries)


@pytest.fixture
def reading(journal: PrivateJournal) -> Iterator[Reading]:
    found = Reading(journal)
    yield found
    found.follower.close()


def test_a_first_start_begins_now_and_not_with_last_month(journal: PrivateJournal, reading: Reading) -> None:
    send(journal, 1, 2)
    journal.control("--sync")
    started_at = now()
    assert reading.follower.seek(Position("", None), started_at) is Gap.FIRST_START
    assert reading.follower.next() is None
    send(journal, 3)
    assert reading.types(1) == ["T3"]


def test_a_first_start_on_a_journal_without_any_event(journal: PrivateJournal, reading: Reading) -> None:
    assert reading.follower.seek(Position("", None), now()) is Gap.FIRST_START
    assert reading.follower.next() is None
    send(journal, 1)
    assert reading.types(1) == ["T1"]


def test_reading_goes_on_behind_its_cursor(journal: PrivateJournal, reading: Reading) -> None:
    reading.follower.seek(Position("", None), BEGINNING)
    send(journal, 1, 2, 3)
    reading.types(3)
    assert reading.follower.seek(Position(reading.entries[0].cursor, now()), now()) is Gap.NONE
    reading.entries.clear()
    assert reading.types(2) == ["T2", "T3"]


def test_what_is_no_event_is_not_read(journal: PrivateJournal, reading: Reading) -> None:
    reading.follower.seek(Position("", None), BEGINNING)
    journal.send({"MESSAGE": "noise"})
    journal.send({"MESSAGE": "noise", "STANDFAST": "0"})
    send(journal, 1)
    assert reading.types(1) == ["T1"]


def test_the_user_id_cannot_be_forged(journal: PrivateJournal, reading: Reading) -> None:
    reading.follower.seek(Position("", None), BEGINNING)
    send(journal, 1, _UID="4711", _SYSTEMD_UNIT="forged.service")
    reading.types(1)
    assert reading.entries[0].uid == 0
    assert reading.entries[0].systemd_unit != "forged.service"


def test_rotations_lose_and_repeat_nothing(journal: PrivateJournal, reading: Reading) -> None:
    reading.follower.seek(Position("", None), BEGINNING)
    expected = []
    for round_ in range(4):
        numbers = range(round_ * 300, round_ * 300 + 300)
        send(journal, *numbers)
        expected += [f"T{number}" for number in numbers]
        journal.control("--rotate")
        if round_ % 2:
            reading.types(len(expected))
    assert reading.types(len(expected)) == expected


def vacuum(journal: PrivateJournal) -> None:
    """Remove everything that was logged so far."""
    journal.control("--sync")
    journal.control("--rotate")
    journal.control("--vacuum-files=1")


def test_entries_that_were_removed_unread_are_a_gap(journal: PrivateJournal, reading: Reading) -> None:
    reading.follower.seek(Position("", None), BEGINNING)
    send(journal, 1)
    reading.types(1)
    position = Position(reading.entries[0].cursor, reading.entries[0].at)
    send(journal, 2)
    vacuum(journal)
    send(journal, 3)
    journal.control("--sync")
    assert reading.follower.seek(position, now()) is Gap.LOST
    reading.entries.clear()
    assert reading.types(1) == ["T3"]


def test_entries_that_were_removed_after_they_were_read_are_none(journal: PrivateJournal, reading: Reading) -> None:
    reading.follower.seek(Position("", None), BEGINNING)
    send(journal, 1)
    reading.types(1)
    vacuum(journal)
    journal.send({"MESSAGE": "the journal begins here"})
    journal.control("--sync")
    position = Position(reading.entries[0].cursor, now())
    assert reading.follower.seek(position, now()) is Gap.VACUUMED_READ
    send(journal, 2)
    reading.entries.clear()
    assert reading.types(1) == ["T2"]


def test_a_cursor_that_is_none_is_read_around(journal: PrivateJournal, reading: Reading) -> None:
    send(journal, 1)
    journal.control("--sync")
    read_until = now()
    send(journal, 2)
    reading.follower.seek(Position("garbage", read_until), now())
    assert reading.types(1) == ["T2"]
