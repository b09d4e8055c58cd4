"""Whether a SQLite database opens and its schema reads, without ever writing to it.

A database that cannot be opened for reading is unknown rather than failed: its owner may
hold it, or the detector may not see the files beside it.
"""

import sqlite3
import time
from pathlib import Path
from urllib.parse import quote

from standfast.detector.finding import Finding
from standfast.detector.model import Outcome
from standfast.detector.probes.aside import Aside
from standfast.detector.probes.base import BROKEN, HANGING, missing

# The file format's read version, at this place in the header, is 2 for a database with a write-ahead log.
_READ_VERSION_AT = 19
_HEADER = b"SQLite format 3\x00"


class SqliteProbe:
    """Opens a database read-only and reads its schema, within a time."""

    def __init__(self, path: str, timeout_s: float, *, deep: bool = False) -> None:
        self._path = Path(path)
        self._timeout_s = timeout_s
        self._deep = deep
        self._aside = Aside(self.look_now, HANGING, BROKEN)

    async def look(self) -> Finding:
        """Ok when it reads; fail when it is missing or damaged."""
        return await self._aside.run()

    def silence(self, timeout_s: float) -> Finding:
        """Its disk is slow or gone, or it is large: that says nothing of it."""
        return Finding(Outcome.UNKNOWN, f"not read within {timeout_s:g} s")

    def look_now(self) -> Finding:
        """The same, at once."""
        try:
            return self._look()
        except FileNotFoundError:
            return missing(self._path)
        except OSError as error:
            return Finding(Outcome.UNKNOWN, f"cannot look at it: {error.strerror}")
        except sqlite3.OperationalError as error:
            return Finding(Outcome.UNKNOWN, f"cannot look at it: {error}")
        except sqlite3.DatabaseError as error:
            return Finding(Outcome.FAIL, str(error))

    def _look(self) -> Finding:
        with self._path.open("rb") as file:
            header = file.read(_READ_VERSION_AT + 1)
        if header and not header.startswith(_HEADER):
            return Finding(Outcome.FAIL, "not a SQLite database")
        has_log = header[_READ_VERSION_AT:] == b"\x02"
        beside = self._path.with_name(self._path.name + "-shm")
        # Opening a log that nobody has open would create files beside the database; nobody is
        # writing either, so the file is read as it lies there.
        query = "mode=ro&immutable=1" if has_log and not beside.exists() else "mode=ro"
        connection = sqlite3.connect(f"file:{quote(str(self._path))}?{query}", uri=True, timeout=0.2)
        try:
            return self._read(connection, has_log=has_log)
        finally:
            connection.close()

    def _read(self, connection: sqlite3.Connection, *, has_log: bool) -> Finding:
        deadline = time.monotonic() + self._timeout_s
        connection.set_progress_handler(lambda: int(time.monotonic() > deadline), 10_000)
        connection.execute("PRAGMA query_only=ON")
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        # A long read of a database without a log would lock its writers out (measured).
        if self._deep and has_log:
            problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if problem != "ok":
                return Finding(Outcome.FAIL, problem)
        return Finding(Outcome.OK, f"{tables} tables and indexes")
