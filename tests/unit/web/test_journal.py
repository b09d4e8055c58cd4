"""What the status service reads of a real journal: bounded, believed only from whom it may be, and made harmless."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import MagicMock
from uuid import UUID

import pytest
from systemd import journal
from tests.fakes.private_journal import PrivateJournal, why_not

from standfast.events import Event, Kind, Severity, to_fields
from standfast.notifier.authorise import Speaker, Trust
from standfast.web.journal import _ENDED, _STARTED, EVENTS_READ, LONGEST_TEXT, Journal, _ups_and_downs, distinct
from standfast.web.timeline import Gap, History, Line, gaps

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "it can be done")

STANDFAST = Trust({Speaker.STANDFAST: frozenset({0})})
NOBODY = Trust({})


@pytest.fixture(scope="module")
def private() -> Iterator[PrivateJournal]:
    with PrivateJournal() as private:
        yield private


def read(private: PrivateJournal, trust: Trust = STANDFAST, hours: float = 24) -> History:
    private.control("--sync")
    now = datetime.now(UTC)
    found = Journal(lambda: trust, lambda: journal.Reader(path=str(private.directory)), lambda: True)
    return found.history(now - timedelta(hours=hours), now)


def say(private: PrivateJournal, kind: Kind, message: str, **more: str) -> None:
    private.send({**to_fields(Event(kind, message, severity=Severity.WARNING)), **more})


def test_what_daemons_said_is_there_and_what_strangers_said_is_not(private: PrivateJournal) -> None:
    level = Event(Kind.LEVEL, "it rose", level="WARNING", data={"previous_level": "NONE"})
    private.send(to_fields(level))
    say(private, Kind.STATE, "an agent waits", STANDFAST_STATE="WAITING")
    private.send({"MESSAGE": "no event at all"})

    found = read(private)
    assert [(one.kind, one.text) for one in found.happenings] == [("state", "an agent waits"), ("level", "it rose")]
    assert (found.happenings[1].level, found.happenings[1].previous_level) == ("WARNING", "NONE")
    assert (found.complete, found.trouble, found.is_cut) == (True, "", True)
    assert found.begins_at is not None
    assert found.begins_at <= found.happenings[-1].at
    assert read(private, NOBODY).happenings == ()
    assert read(private, hours=0).happenings == ()


def test_secrets_control_characters_and_excess_are_taken_out(private: PrivateJournal) -> None:
    say(private, Kind.RESTART, "token=abcdef123 \x1b[31m red\x00\nnext " + "x" * 5000)

    text = read(private).happenings[0].text
    assert "abcdef123" not in text
    assert text.isprintable()
    assert len(text) == LONGEST_TEXT


def test_a_flood_of_problems_hides_no_level(private: PrivateJournal) -> None:
    say(private, Kind.LEVEL, "before the flood")
    for number in range(EVENTS_READ + 50):
        say(private, Kind.PROBLEM, f"problem {number}")

    found = read(private)
    kinds = [one.kind for one in found.happenings]
    assert not found.complete
    assert kinds.count("problem") == EVENTS_READ
    assert "before the flood" in {one.text for one in found.happenings}
    assert found.happenings[0].text == f"problem {EVENTS_READ + 49}"


def test_of_a_units_lines_each_text_counts_once(private: PrivateJournal) -> None:
    """No unit runs in this journal: the lines of no unit at all stand for it."""
    lines = [Line(datetime(2026, 1, 1, 0, 0, at, tzinfo=UTC), text, 6) for at, text in enumerate("abcbcbc")]

    assert [line.text for line in distinct(reversed(lines), 2)] == ["c", "b"]
    found = Journal(lambda: STANDFAST, lambda: journal.Reader(path=str(private.directory)), lambda: True)
    assert found.last_words({"none.service": 6}) == {"none.service": []}
    assert found.lines("none.service", 6) == []


@pytest.mark.parametrize(("logged", "priority"), [({}, 6), ({"PRIORITY": b""}, 6), ({"PRIORITY": 3}, 3)])
def test_a_line_has_a_priority_whatever_its_program_logged(logged: dict[str, Any], priority: int) -> None:
    entries = [{"MESSAGE": "it failed", "__REALTIME_TIMESTAMP": datetime.now(UTC), **logged}, {}]
    reader = MagicMock()
    reader.__enter__.return_value.get_previous.side_effect = entries

    (line,) = Journal(lambda: STANDFAST, lambda: reader).lines("a.service", 5)
    assert (line.text, line.priority) == ("it failed", priority)


def test_lines_of_one_write_stand_in_the_order_in_which_they_were_written() -> None:
    at = datetime.now(UTC)
    own = [{"MESSAGE": text, "__REALTIME_TIMESTAMP": at} for text in ("FileNotFoundError", "  open(...)", "Traceback")]
    about = {"MESSAGE": "Started", "__REALTIME_TIMESTAMP": at - timedelta(seconds=1)}
    reader = MagicMock()
    reader.__enter__.return_value.get_previous.side_effect = [*own, {}, about, {}]

    words = Journal(lambda: STANDFAST, lambda: reader).last_words({"a.service": 6})
    assert [line.text for line in words["a.service"]] == ["Started", "Traceback", "  open(...)", "FileNotFoundError"]


FIRST_BOOT, SECOND_BOOT = UUID(int=1), UUID(int=2)


class Reader:
    """The journal's reader over what systemd said of the detector, and something else at the end of the first boot."""

    def __init__(self, *entries: tuple[datetime, str, UUID], last_word: datetime | None = None) -> None:
        self._all: list[dict[str, Any]] = [
            {"__REALTIME_TIMESTAMP": at, "MESSAGE_ID": UUID(what), "_BOOT_ID": boot} for at, what, boot in entries
        ]
        self._last_word = [{"__REALTIME_TIMESTAMP": last_word, "_BOOT_ID": FIRST_BOOT}]
        self._entries = self._all
        self._next = 0

    def flush_matches(self) -> None:
        self._entries = self._all

    def add_match(self, *_: str, **match: str) -> None:
        if match:
            self._entries = [one for one in self._last_word if one["_BOOT_ID"] == UUID(match["_BOOT_ID"])]

    def seek_tail(self) -> None:
        self._next = len(self._entries)

    def seek_realtime(self, at: datetime) -> None:
        self._next = sum(one["__REALTIME_TIMESTAMP"] < at for one in self._entries)

    def get_previous(self) -> dict[str, Any]:
        self._next -= 1
        return self._entries[self._next] if self._next >= 0 else {}


def test_a_detector_that_was_down_when_the_history_begins_is_not_taken_for_one_that_watched() -> None:
    now = datetime.now(UTC)
    began, stopped, came = (now - timedelta(hours=hours) for hours in (40, 30, 2))
    told = ((began, _STARTED, FIRST_BOOT), (stopped, _ENDED[0], FIRST_BOOT), (came, _STARTED, SECOND_BOOT))
    reader = Reader(*told)
    assert gaps(_ups_and_downs(reader, now - timedelta(hours=24))) == (Gap(stopped, came),)
    assert gaps(_ups_and_downs(reader, now - timedelta(hours=35))) == (Gap(stopped, came),)
    assert gaps(_ups_and_downs(reader, now - timedelta(hours=1))) == ()
    assert gaps(_ups_and_downs(Reader(), now)) == ()


def test_a_host_that_lost_its_power_was_not_watched_until_it_was_back() -> None:
    now = datetime.now(UTC)
    began, lost, came = (now - timedelta(hours=hours) for hours in (40, 10, 2))
    reader = Reader((began, _STARTED, FIRST_BOOT), (came, _STARTED, SECOND_BOOT), last_word=lost)
    assert gaps(_ups_and_downs(reader, now - timedelta(hours=24))) == (Gap(lost, came),)
    assert gaps(_ups_and_downs(reader, now - timedelta(hours=1))) == ()


def test_a_journal_that_cannot_be_opened_is_said() -> None:
    def refused() -> journal.Reader:
        raise PermissionError(13, "Permission denied")

    now = datetime.now(UTC)
    found = Journal(lambda: STANDFAST, refused, lambda: True).history(now - timedelta(hours=1), now)
    assert found.trouble == "the journal cannot be read: Permission denied"
    found = Journal(lambda: STANDFAST, refused, lambda: False).history(now - timedelta(hours=1), now)
    assert found.trouble.startswith("this service may not read the journal")
