"""The look at the fleet's databases: which are read through, and when."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from standfast.check import databases
from standfast.check.config import CheckConfig
from standfast.check.memory import Seen
from standfast.detector.check_tables import SqliteDatabase
from standfast.detector.finding import Finding
from standfast.detector.model import Outcome

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
CONFIG = CheckConfig()


@pytest.fixture
def trades(tmp_path: Path) -> Path:
    """A database with a write-ahead log, which lets it be read through without locking anybody out."""
    path = tmp_path / "trades.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE trades (id INTEGER PRIMARY KEY, what TEXT)")
        connection.execute("CREATE INDEX whats ON trades (what)")
        connection.executemany("INSERT INTO trades (what) VALUES (?)", [("x" * 200,)] * 1000)
        connection.commit()
    return path


def damage(path: Path) -> None:
    """Overwrite a page of the index: the schema still reads, only a deep look sees it."""
    content = bytearray(path.read_bytes())
    content[-4096:] = b"\xff" * 4096
    path.write_bytes(content)


def look(path: Path, seen: dict[str, Seen], now: datetime) -> tuple[Finding, dict[str, Seen]]:
    listed = [SqliteDatabase(name="trades", path=str(path))]
    found, looks = asyncio.run(databases.look_at(listed, seen, CONFIG, now))
    return found["trades"], looks


def test_it_is_read_through_at_first_and_then_when_the_time_has_come(trades: Path) -> None:
    found, seen = look(trades, {}, NOW)
    assert (found.outcome, seen) == (Outcome.OK, {"trades": Seen(NOW, True)})
    damage(trades)
    found, seen = look(trades, seen, NOW + HOUR / 2)
    assert (found.outcome, seen) == (Outcome.OK, {"trades": Seen(NOW, True)}), "it was only opened"
    found, seen = look(trades, seen, NOW + HOUR)
    assert (found.outcome, seen["trades"].good) == (Outcome.FAIL, False)


def test_a_damaged_one_stays_a_problem_until_a_deep_look_finds_it_well(trades: Path) -> None:
    good = trades.read_bytes()
    damage(trades)
    _, seen = look(trades, {}, NOW)
    found, seen = look(trades, seen, NOW + HOUR / 12)
    assert found.outcome is Outcome.FAIL
    trades.write_bytes(good)
    found, seen = look(trades, seen, NOW + HOUR / 6)
    assert (found.outcome, seen["trades"].good) == (Outcome.OK, True)


def test_one_that_cannot_be_opened_is_read_through_when_it_can(trades: Path) -> None:
    good = trades.read_bytes()
    _, seen = look(trades, {}, NOW)
    trades.write_bytes(b"no database at all " * 300)
    found, seen = look(trades, seen, NOW + HOUR / 12)
    assert (found.outcome, seen["trades"].good) == (Outcome.FAIL, False)
    trades.write_bytes(good)
    damage(trades)
    found, seen = look(trades, seen, NOW + HOUR / 6)
    assert (found.outcome, seen["trades"].good) == (Outcome.FAIL, False), "it opens, and is still damaged"


def test_of_one_that_is_no_longer_configured_nothing_is_remembered(trades: Path) -> None:
    _, seen = look(trades, {"old": Seen(NOW, False)}, NOW)
    assert list(seen) == ["trades"]
