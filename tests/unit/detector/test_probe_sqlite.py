"""The sqlite probe before real databases: locked, damaged, large; and that nothing is ever written."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.unit.detector.probing import probed

from standfast.detector.finding import Finding
from standfast.detector.model import Outcome
from standfast.detector.probes.file import FileProbe
from standfast.detector.probes.sqlite import SqliteProbe

OK, FAIL, UNKNOWN = Outcome.OK, Outcome.FAIL, Outcome.UNKNOWN


def database(path: Path, journal: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA journal_mode={journal}")
    connection.execute("CREATE TABLE trades (id INTEGER PRIMARY KEY, text TEXT)")
    connection.executemany("INSERT INTO trades (text) VALUES (?)", [("x" * 500,)] * 200)
    connection.commit()
    return connection


@pytest.mark.parametrize("journal", ["wal", "delete"])
@pytest.mark.parametrize("deep", [False, True])
def test_sqlite_reads(tmp_path: Path, journal: str, deep: bool) -> None:
    path = tmp_path / "trades.db"
    with closing(database(path, journal)):
        assert probed(SqliteProbe(str(path), 5, deep=deep)) == Finding(OK, "1 tables and indexes")
    assert probed(SqliteProbe(str(path), 5, deep=deep)).outcome is OK


def test_sqlite_that_is_missing_or_something_else(tmp_path: Path) -> None:
    path = tmp_path / "trades.db"
    assert probed(SqliteProbe(str(path), 5)) == Finding(FAIL, "missing")
    path.write_text("what is this, and how did it come here?")
    assert probed(SqliteProbe(str(path), 5)) == Finding(FAIL, "not a SQLite database")


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_sqlite_that_is_damaged(tmp_path: Path, journal: str) -> None:
    path = tmp_path / "trades.db"
    database(path, journal).close()
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 3000)  # the schema's page
    assert probed(SqliteProbe(str(path), 5)).outcome is FAIL


def test_a_large_database_that_takes_longer_than_the_time_is_not_damaged(tmp_path: Path) -> None:
    path = tmp_path / "trades.db"
    with closing(database(path, "wal")) as owner:
        owner.executemany("INSERT INTO trades (text) VALUES (?)", [("x" * 500,)] * 50_000)
        owner.commit()
        assert probed(SqliteProbe(str(path), 0.001, deep=True)).outcome is UNKNOWN
        assert probed(SqliteProbe(str(path), 30, deep=True), timeout_s=0.001).outcome is UNKNOWN


def test_sqlite_that_its_owner_has_locked_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "trades.db"
    with closing(database(path, "delete")) as owner:
        owner.execute("BEGIN EXCLUSIVE")
        assert probed(SqliteProbe(str(path), 5)).outcome is UNKNOWN


def test_nothing_that_is_probed_is_ever_written(tmp_path: Path) -> None:
    plain, log, config = tmp_path / "plain.db", tmp_path / "log.db", tmp_path / "config.json"
    database(plain, "delete").close()
    database(log, "wal").close()
    config.write_text("{}")
    with closing(database(tmp_path / "open.db", "wal")):
        before = fingerprint(tmp_path)
        for path in (plain, log, tmp_path / "open.db"):
            for _ in range(20):
                probed(SqliteProbe(str(path), 5, deep=True))
        for _ in range(20):
            probed(FileProbe(str(config)))
        # The shared memory beside an open log holds its readers' marks; the database and the log are its content.
        assert {name: found for name, found in fingerprint(tmp_path).items() if not name.endswith("-shm")} == {
            name: found for name, found in before.items() if not name.endswith("-shm")
        }


def fingerprint(directory: Path) -> dict[str, tuple[str, int]]:
    return {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in directory.iterdir()
    }
