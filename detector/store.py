"""The detector's memory across its own restarts and the host's: the ledger, and what it had counted."""

import contextlib
import json
import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from standfast.detector.model import Run, RunResult
from standfast.detector.times import from_iso, iso
from standfast.errors import StandfastError

log = logging.getLogger(__name__)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS restarts (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    result TEXT NOT NULL,
    automatic INTEGER NOT NULL,
    units TEXT NOT NULL,
    run_id TEXT NOT NULL DEFAULT '',
    helped INTEGER NOT NULL DEFAULT 0,
    restarted TEXT NOT NULL DEFAULT 'null'
);
CREATE TABLE IF NOT EXISTS memory (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

# Columns that the databases of early versions lack.
_LATER: Final = {
    "run_id": "TEXT NOT NULL DEFAULT ''",
    "helped": "INTEGER NOT NULL DEFAULT 0",
    "restarted": "TEXT NOT NULL DEFAULT 'null'",
}
_COLUMNS: Final = ("at", "result", "automatic", "units", "run_id", "helped", "restarted")


class StoreError(StandfastError):
    """The database could not be used."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What survives: the master restarts, the last release, and how far the journal was read."""

    runs: tuple[Run, ...] = ()
    released_at: float | None = None
    cursor: str = ""


class Store:
    """A small SQLite database; every write is one transaction."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = self._open()

    def _open(self) -> sqlite3.Connection:
        try:
            return self._connected()
        except sqlite3.DatabaseError as error:
            self._set_aside(error)
        try:
            return self._connected()
        except sqlite3.DatabaseError as error:
            raise StoreError(f"cannot use {self._path}: {error}; it is damaged: remove it") from error

    def _connected(self) -> sqlite3.Connection:
        try:
            return _connect(self._path)
        except sqlite3.OperationalError as error:
            raise StoreError(
                f"cannot open {self._path}: {error}; see that its directory exists, is writable and has room"
            ) from error

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        aside = self._path.with_suffix(".damaged")
        try:
            self._path.replace(aside)
            for suffix in ("-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        except OSError:
            return  # what is there is in the way still, which opening it tells
        log.error(
            "%s is damaged (%s): set aside as %s, the ledger is rebuilt from the journal", self._path, error, aside.name
        )

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def ledger(self) -> Ledger:
        """What was saved last."""
        with self._translated("read"):
            rows = self._connection.execute(f"SELECT {', '.join(_COLUMNS)} FROM restarts ORDER BY id")
            runs = tuple(_run(*row) for row in rows)
            released = self.recall("released_at")
            return Ledger(runs, from_iso(released) if released else None, self.recall("cursor") or "")

    def save_ledger(self, ledger: Ledger) -> None:
        """Replace the ledger and the position in the journal that it goes with, together."""
        rows = [_row(run) for run in ledger.runs]
        with self._translated("write"), self._connection:
            self._connection.execute("DELETE FROM restarts")
            places = ", ".join("?" * len(_COLUMNS))
            self._connection.executemany(f"INSERT INTO restarts ({', '.join(_COLUMNS)}) VALUES ({places})", rows)
            self._put("cursor", ledger.cursor)
            self._put("released_at", iso(ledger.released_at) if ledger.released_at is not None else "")

    def recall(self, key: str) -> str | None:
        """A remembered text."""
        with self._translated("read"):
            row = self._connection.execute("SELECT value FROM memory WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def remember(self, key: str, value: Any) -> None:
        """Remember something as JSON."""
        with self._translated("write"), self._connection:
            self._put(key, json.dumps(value, separators=(",", ":")))

    def _put(self, key: str, value: str) -> None:
        self._connection.execute("INSERT OR REPLACE INTO memory (key, value) VALUES (?, ?)", (key, value))

    @contextlib.contextmanager
    def _translated(self, verb: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"cannot {verb} {self._path}: {error}; see that its disk has room") from error
        except (ValueError, TypeError) as error:
            raise StoreError(f"cannot {verb} {self._path}: {error}; another version may have written it") from error


def _run(at: str, result: str, automatic: int, units: str, run_id: str, helped: int, restarted: str) -> Run:
    named = {"units": _units(json.loads(units)), "restarted": _units(json.loads(restarted))}
    return Run(from_iso(at), RunResult(result), bool(automatic), run_id=run_id, helped=bool(helped), **named)


def _row(run: Run) -> tuple[Any, ...]:
    """The values of `_COLUMNS`."""
    units, restarted = _plain(run.units), _plain(run.restarted)
    return iso(run.at), run.result.value, run.automatic, units, run.run_id, run.helped, restarted


def _plain(units: frozenset[str] | None) -> str:
    return json.dumps(None if units is None else sorted(units))


def _units(names: list[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=5)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.executescript(_SCHEMA)
        _add_missing(connection)
        connection.execute("SELECT count(*) FROM restarts").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _add_missing(connection: sqlite3.Connection) -> None:
    """The databases of early versions have not all columns."""
    there = {row[1] for row in connection.execute("PRAGMA table_info(restarts)")}
    for name, is_like in _LATER.items():
        if name not in there:
            connection.execute(f"ALTER TABLE restarts ADD COLUMN {name} {is_like}")
