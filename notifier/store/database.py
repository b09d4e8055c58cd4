"""Opening the database and translating its errors."""

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from standfast.errors import StandfastError
from standfast.notifier.store.schema import MIGRATIONS

# How long one writer waits for the other (the notifier and its worker both write, each for milliseconds).
BUSY_TIMEOUT_S = 5.0


# What SQLite says of a damaged file; its exceptions are not told apart otherwise.
_DAMAGE = ("not a database", "malformed")


class StoreError(StandfastError):
    """The database could not be used; nothing of what was tried is in it."""


class CorruptError(StoreError):
    """The database is damaged: no attempt will ever succeed."""


@contextlib.contextmanager
def translated(what: str, path: Path) -> Iterator[None]:
    """Turn SQLite's errors into one line for an operator."""
    try:
        yield
    except sqlite3.Error as error:
        if type(error) is sqlite3.DatabaseError and any(sign in str(error) for sign in _DAMAGE):
            raise CorruptError(f"cannot {what} {path}: {error}") from error
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


def set_aside(path: Path, mark: str) -> tuple[Path, datetime]:
    """Rename a damaged database with its companions; tells where it is now, and when it was last written.

    Raises:
        StoreError: it could not be renamed.
    """
    aside = path.with_name(f"{path.name}.damaged-{mark}")
    files = [(one, aside.with_name(aside.name + suffix)) for suffix in ("", "-wal", "-shm")
             if (one := path.with_name(path.name + suffix)).exists()]  # fmt: skip
    try:
        written_at = max(one.stat().st_mtime for one, _ in files)
        for one, target in files:
            one.rename(target)
    except (OSError, ValueError) as error:
        raise StoreError(f"cannot set the damaged database {path} aside: {error}; move it away by hand") from error
    return aside, datetime.fromtimestamp(written_at, UTC)


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
