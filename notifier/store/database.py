"""Opening the database and translating its errors."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from standfast.errors import StandfastError
from standfast.notifier.store.schema import MIGRATIONS

# How long one writer waits for the other (the notifier and its worker both write, each for milliseconds).
BUSY_TIMEOUT_S = 5.0


class StoreError(StandfastError):
    """The database could not be used; nothing of what was tried is in it."""


@contextlib.contextmanager
def translated(what: str, path: Path) -> Iterator[None]:
    """Turn SQLite's errors into one line for an operator."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"cannot {what} {path}: {error}; see that its directory is writable and has room") from error


def connect(path: Path, *, synchronous: str) -> sqlite3.Connection:
    """A connection in autocommit mode, for `transaction`.

    Args:
        synchronous: FULL survives a loss of power with every commit; NORMAL may lose the latest
            ones then, which is right for marks whose loss only repeats a message under its id.

    Raises:
        StoreError: it cannot be opened or is no database.
    """
    with translated("open the database", path):
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {synchronous}")
            connection.execute("PRAGMA foreign_keys = ON")
        except sqlite3.Error:
            connection.close()
            raise
        return connection


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Everything inside commits together, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A failed COMMIT (a full disk) may have rolled back by itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables to the form that this version knows.

    Raises:
        StoreError: it cannot be written, or a newer version wrote it.
    """
    with translated("prepare the database", path):
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > len(MIGRATIONS):
            raise StoreError(
                f"cannot use the database {path}: a newer version of Standfast wrote it; install that version again"
            )
        for number, statements in enumerate(MIGRATIONS[version:], version + 1):
            with transaction(connection):
                for statement in statements:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")
