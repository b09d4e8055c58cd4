"""One look for all who ask: the files are read when one is another, the journal every two seconds at most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.overview import statuses

from standfast.errors import StandfastError
from standfast.overview.ending import Ending
from standfast.overview.snapshot import Snapshot, Source
from standfast.web import look as looking
from standfast.web.endings import Endings
from standfast.web.look import Look
from standfast.web.timeline import History, Line

AT = datetime.fromisoformat(statuses.AT)
BAD = {"bad.service": {"failing": True}, "well.service": {"failing": False}}


class CountingJournal:
    """A journal that counts how often it is read."""

    def __init__(self, *, readable: bool = True) -> None:
        self.read = 0
        self.asked_for: list[set[str]] = []
        self.readable = readable

    def history(self, since: datetime, until: datetime) -> History:
        self.read += 1
        return History(since, until)

    def lines(self, unit: str, count: int) -> list[Line]:
        self.read += 1
        return [Line(AT, unit, 6)] * count

    def last_words(self, counts: Mapping[str, int]) -> dict[str, list[Line]]:
        if not self.readable:
            raise StandfastError("no right")
        return {unit: [Line(AT, unit, 6)] * count for unit, count in counts.items()}

    def endings(self, names: Iterable[str]) -> dict[str, Ending]:
        self.asked_for.append(set(names))
        return {name: Ending(None, f"word {len(self.asked_for)}") for name in names}


class Host:
    """A host whose clock goes when it is told to."""

    def __init__(self, runtime: Path, monkeypatch: pytest.MonkeyPatch, *, show_lines: bool = True) -> None:
        statuses.put_all(runtime)
        self.now = AT
        self.elapsed_s = 0.0
        self.journal = CountingJournal()
        self.look = Look(self.journal, "box1", runtime, lambda: self.now, show_lines=show_lines)
        monkeypatch.setattr(looking, "monotonic_s", lambda: self.elapsed_s)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.elapsed_s += seconds


def test_who_asks_at_the_same_time_gets_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(tmp_path, monkeypatch)

    assert len({id(host.look.scene()) for _ in range(100)}) == 1
    assert host.look.snapshot() is host.look.scene().snapshot
    assert host.journal.read == 1


def test_the_journal_is_read_again_after_a_while_or_when_the_detector_says_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host(tmp_path, monkeypatch)
    host.look.scene()
    host.wait(1.5)
    assert host.look.scene().snapshot.now == host.now  # the moment is another, what was read is the same
    assert host.journal.read == 1
    host.wait(1)
    host.look.scene()
    assert host.journal.read == 2
    host.wait(0.5)
    statuses.put(tmp_path, "detector", statuses.detector(failure_level="WARNING"))
    assert host.look.scene().snapshot.detector.get("failure_level") == "WARNING"
    assert host.journal.read == 3


def test_a_storm_of_changes_reads_the_journal_twice_a_second_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host(tmp_path, monkeypatch)
    host.look.scene()
    for number in range(100):  # within one second
        host.wait(0.01)
        statuses.put(tmp_path, "detector", statuses.detector(restart_count=number))
        assert host.look.scene().snapshot.detector.get("restart_count") == number
        host.look.lines("trade_manager.service", 3)
    assert host.journal.read <= 3 + 2


def test_who_saw_a_scene_that_is_behind_is_told_to_ask_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(tmp_path, monkeypatch)
    host.look.scene()
    host.wait(0.1)
    statuses.put(tmp_path, "detector", statuses.detector(restart_count=1))
    host.look.scene()
    assert (host.journal.read, host.look.is_behind()) == (1, False)  # not yet
    host.wait(0.5)
    assert host.look.is_behind()
    host.look.scene()
    assert (host.journal.read, host.look.is_behind()) == (2, False)


def test_an_agent_that_comes_and_goes_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(tmp_path, monkeypatch)
    assert set(host.look.snapshot().agents) == {"paper"}
    path = statuses.put(tmp_path, "agent/other", statuses.agent())
    assert set(host.look.snapshot().agents) == {"paper", "other"}
    path.unlink()
    assert host.look.snapshot().agents["other"].status is None


def test_failing_units_have_their_lines_unless_lines_are_not_to_be_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host(tmp_path, monkeypatch)
    statuses.put(tmp_path, "detector", statuses.detector(service_health=BAD))
    assert set(host.look.scene().lines) == {"bad.service"}
    assert host.look.lines("bad.service", 3)
    host.journal.readable = False
    host.wait(3)
    assert host.look.scene().lines == {}

    silent = Host(tmp_path, monkeypatch, show_lines=False)
    statuses.put(tmp_path, "detector", statuses.detector(service_health=BAD))
    assert silent.look.scene().lines == {}
    assert silent.look.lines("bad.service", 3) == []


def test_how_agents_ended_is_read_every_two_seconds_at_most_or_of_another() -> None:
    journal = CountingJournal()
    elapsed_s = [0.0]
    endings = Endings(journal, lambda: elapsed_s[0])
    snapshot = Snapshot(AT, Source({}), Source({}), idle={"paper": ""})
    first = endings.of(snapshot)
    assert first.endings["paper"].words == "word 1"
    elapsed_s[0] += 1
    assert endings.of(snapshot) is first
    elapsed_s[0] += 1
    assert endings.of(snapshot).endings["paper"].words == "word 2"
    assert set(endings.of(replace(snapshot, idle={"paper": "", "other": ""})).endings) == {"paper", "other"}
    nobody = replace(snapshot, idle={})
    assert endings.of(nobody) is nobody
    assert journal.asked_for == [{"paper"}, {"paper"}, {"paper", "other"}]
