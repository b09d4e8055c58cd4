"""What others log as critical while the notifier tells nothing, from one run of the check to the next."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from standfast.check import __main__ as check
from standfast.check import findings, hearing
from standfast.check.aside import aside
from standfast.check.config import CheckConfig
from standfast.check.findings import Answer
from standfast.check.hearing import Listened
from standfast.check.known import Known
from standfast.check.looking import Looked, Looker
from standfast.check.memory import DAMAGED, Memory
from standfast.check.outlet import Outlet
from standfast.detector.config import DetectorConfig
from standfast.events import Event, Kind, Severity
from standfast.journal import RecordedEvents
from standfast.notifier import users
from standfast.notifier.config import NotifierConfig
from standfast.notifier.entries import Entry
from standfast.notifier.model import Draft, Heard
from standfast.unit_names import NOTIFIER

BEGAN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
DOWN = Answer(findings.watcher_down(NOTIFIER), False, "it is failed")
CASCADE = Event(Kind.PROBLEM, "the fleet goes down", "CASCADING_FAILURE", Severity.CRITICAL, unit="d.service")


class Kept(Outlet):
    """Takes everything."""

    def __init__(self) -> None:
        super().__init__(NotifierConfig(), 3600.0)
        self.took: list[str] = []

    async def send(self, drafts: Iterable[Draft]) -> list[Draft]:
        listed = list(drafts)
        self.took += [problem.type for draft in listed for problem in draft.problems]
        return listed


def told(
    before: Memory, heard: list[Heard] | None, monkeypatch: pytest.MonkeyPatch, until: datetime | None = None
) -> tuple[Memory, list[str]]:
    """What a run that finds the notifier down remembers and sends."""
    asked: list[datetime] = []

    def heard_since(since: datetime, config: NotifierConfig) -> Listened | None:
        asked.append(since)
        return None if heard is None else Listened(tuple(heard), until)

    monkeypatch.setattr(check, "heard_since", heard_since)
    looked = Looked((DOWN,), (), {}, {}, {}, BEGAN, True)
    taker = Kept()
    looker = Looker(CheckConfig(), Known(DetectorConfig(), NotifierConfig(), ()), taker, RecordedEvents())
    kept, _ = asyncio.run(check._tell(looked, before, looker))
    assert asked == [before.told_until or BEGAN]
    return kept, taker.took


@pytest.mark.parametrize("before", [Memory(), DAMAGED])
def test_who_does_not_know_what_was_told_passes_on_what_comes_from_now_on(
    before: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, sent = told(before, [Heard(CASCADE, BEGAN)], monkeypatch)
    assert sent == ["WATCHER_DOWN", "CASCADING_FAILURE"]
    assert kept.told_until is not None
    assert kept.told_until > BEGAN


def test_a_journal_that_cannot_be_read_is_read_from_there_in_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, sent = told(Memory(told_until=BEGAN), None, monkeypatch)
    assert sent == ["WATCHER_DOWN"]
    assert kept.told_until == BEGAN


def test_more_than_one_run_can_read_is_read_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    end = BEGAN + timedelta(seconds=9)
    kept, sent = told(Memory(told_until=BEGAN), [Heard(CASCADE, BEGAN)], monkeypatch, until=end)
    assert sent == ["WATCHER_DOWN", "CASCADING_FAILURE"]
    assert kept.told_until == end


def entry(second: int) -> Entry:
    fields = {"STANDFAST": "1", "STANDFAST_EVENT": "problem", "STANDFAST_TYPE": f"T{second}", "_UID": "0"}
    return Entry(fields, f"c{second}", BEGAN + timedelta(seconds=second))


@pytest.mark.parametrize(
    ("seconds", "heard", "until_s"),
    [
        ((0, 1), 2, None),
        ((0, 1, 2), 3, 2),
        ((0, 1, 2, 3, 4), 3, 2),
        ((0, 0, 0, 0, 1, 2), 5, 1),  # of one moment there are more than one run reads: none is left behind
        ((0, 0, 0, 0), 4, None),
        ((5, 5, 3, 3, 6, 7), 5, 6),  # the clock was set back meanwhile
    ],
)
def test_where_the_reading_stopped_is_known(
    seconds: tuple[int, ...], heard: int, until_s: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "LONGEST", 3)
    found = hearing.listened(map(entry, seconds), users.trust(()))
    assert len(found.events) == heard
    assert found.until == (None if until_s is None else BEGAN + timedelta(seconds=until_s))


def test_work_for_which_there_is_no_thread_is_work_that_broke(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert asyncio.run(aside(lambda: "done", 1.0, "not done")) == "not done"
