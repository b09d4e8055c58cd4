"""The agent's memory in SQLite: its state, its transitions, its own orders, its open problems."""

import contextlib
import math
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

from standfast.agent.crashes import Run
from standfast.agent.failures import AgentError, Failure, FailureType, failed
from standfast.agent.ledger import OwnOrder
from standfast.agent.lifecycle import State, Transition
from standfast.agent.trading import OrderKind, OrderRequest, OrderStatus, Product, Side
from standfast.moments import from_iso, iso

# What a lock held by another program may cost the loop.
BUSY_TIMEOUT_S: Final = 0.25
# More unclean ends than this within a day are told as this many.
RUNS_LOOKED_AT: Final = 100
# How much of what is only history is kept.
KEPT_ROWS: Final = 10_000
KEPT_ORDERS: Final = timedelta(days=90)

# operational_state is the table that the earlier system had: its column names are other people's queries.
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS operational_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    current_state TEXT NOT NULL DEFAULT 'STARTING',
    state_entered_at TEXT,
    last_check_at TEXT,
    error_reason TEXT,
    updated_at TEXT
);
CREATE TABLE IF NOT EXISTS state_transitions (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    previous_state TEXT NOT NULL,
    state TEXT NOT NULL,
    cause TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS own_orders (
    id INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL DEFAULT '',
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    kind TEXT NOT NULL,
    price REAL NOT NULL,
    trigger_price REAL NOT NULL,
    product TEXT NOT NULL,
    status TEXT NOT NULL,
    filled INTEGER,
    placed_at TEXT NOT NULL,
    settled INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS traded_on (
    gateway TEXT PRIMARY KEY
);
CREATE TABLE IF NOT EXISTS open_problems (
    type TEXT PRIMARY KEY,
    detail TEXT NOT NULL,
    since TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY,
    started_at TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    invocation_id TEXT NOT NULL,
    ended_at TEXT,
    cool_off_until TEXT
);
CREATE TABLE IF NOT EXISTS ends (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    verdict TEXT NOT NULL,
    detail TEXT NOT NULL,
    steps TEXT NOT NULL
);
"""


class CorruptDatabaseError(AgentError):
    """The file is no database any more, or a damaged one."""


class Store:
    """One agent's database. Every method raises AgentError: DATABASE_LOCKED or DATABASE_ERROR."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self._connection = connection
        self._path = path

    @classmethod
    def open(cls, path: Path | None) -> Self:
        """The database at `path`, made if it is not there; None keeps the memory in RAM only.

        Raises:
            CorruptDatabaseError: there is a file, but it is damaged.
            AgentError: it cannot be opened or written.
        """
        name = str(path) if path else ":memory:"
        with _translated(name):
            connection = sqlite3.connect(name, timeout=BUSY_TIMEOUT_S, isolation_level=None)
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=FULL")
                _check(connection)
                connection.executescript(SCHEMA)
                connection.execute("INSERT OR IGNORE INTO operational_state (id) VALUES (1)")
                found = cls(connection, name)
                found.own_orders()  # damaged is also what holds no orders
            except BaseException:
                connection.close()
                raise
        return found

    @classmethod
    def reading(cls, path: Path) -> Self:
        """The database at `path` for whoever only looks into it; it must be there.

        Raises:
            AgentError: it cannot be opened.
        """
        with _translated(str(path)):
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", timeout=BUSY_TIMEOUT_S, uri=True)
        return cls(connection, str(path))

    @property
    def is_durable(self) -> bool:
        """Whether it outlives the process."""
        return self._path != ":memory:"

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    # The state

    def enter(self, state: State, reason: str, now: datetime) -> None:
        """Make `state` the present one without a transition, as a start does."""
        self._write(
            "UPDATE operational_state SET current_state = ?, state_entered_at = ?, error_reason = ?, updated_at = ?",
            (state, iso(now), reason or None, iso(now)),
        )

    def record(self, transition: Transition, reason: str, now: datetime) -> None:
        """Enter the transition's state and remember how it came about."""
        with self._transaction():
            self.enter(transition.state, reason, now)
            self._write(
                "INSERT INTO state_transitions (at, previous_state, state, cause, detail) VALUES (?, ?, ?, ?, ?)",
                (iso(now), transition.previous, transition.state, transition.cause, transition.detail),
            )
            self._forget_history(now)

    def checked(self, now: datetime) -> None:
        """The dependencies were looked at; this also proves that the database can be written."""
        self._write("UPDATE operational_state SET last_check_at = ?, updated_at = ?", (iso(now), iso(now)))

    # Orders

    def intend(self, request: OrderRequest, now: datetime) -> OwnOrder:
        """Remember an order before the broker hears of it."""
        columns = "symbol, side, quantity, kind, price, trigger_price, product, status, placed_at"
        values = (*asdict(request).values(), OrderStatus.UNKNOWN, iso(now))
        cursor = self._write(f"INSERT INTO own_orders ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        return OwnOrder(int(cursor.lastrowid or 0), request, now)

    def keep(self, orders: Sequence[OwnOrder]) -> None:
        """Remember what became of orders."""
        with self._transaction():
            for own in orders:
                self._write(
                    "UPDATE own_orders SET order_id = ?, status = ?, filled = ? WHERE id = ?",
                    (own.order_id, own.status, own.filled, own.key),
                )

    def settle(self) -> None:
        """Nothing is left of the orders so far: they add up to zero and none is pending."""
        self._write("UPDATE own_orders SET settled = 1 WHERE settled = 0", ())

    def own_orders(self) -> list[OwnOrder]:
        """The orders that are not settled, oldest first."""
        columns = "id, order_id, status, filled, symbol, side, quantity, kind, price, trigger_price, product, placed_at"
        rows = self._read(f"SELECT {columns} FROM own_orders WHERE settled = 0 ORDER BY id")
        try:
            return [_own_order(row) for row in rows]
        except (ValueError, TypeError) as error:  # whoever wrote it: what is held cannot be told by it
            detail = f"cannot make sense of the own orders in {self._path}: {error}"
            raise CorruptDatabaseError(Failure(FailureType.DATABASE_ERROR, detail)) from error

    def known_order_ids(self, since: datetime) -> set[str]:
        """The broker's ids of all own orders since then, settled or not."""
        with _translated(self._path):
            rows = self._connection.execute("SELECT order_id FROM own_orders WHERE placed_at >= ?", (iso(since),))
            return {row[0] for row in rows if row[0]}

    def trades_on(self, gateway: str, *, is_flat: bool) -> None:
        """Remember what is traded on from now on, before anything is placed there.

        Args:
            gateway: the place, see `standfast.agent.places`.
            is_flat: whether nothing is left of what was placed elsewhere before.
        """
        known = self.gateways()
        wanted = {gateway} if is_flat else known | {gateway}
        if wanted == known:
            return
        with self._transaction():
            self._write("DELETE FROM traded_on", ())
            for one in sorted(wanted):
                self._write("INSERT INTO traded_on (gateway) VALUES (?)", (one,))

    def gateways(self) -> frozenset[str]:
        """What the orders that may be open were placed on; empty where nothing was yet."""
        return frozenset(str(row[0]) for row in self._read("SELECT gateway FROM traded_on"))

    # Runs

    def begin_run(self, boot_id: str, invocation_id: str, now: datetime) -> list[Run]:
        """Remember that a run begins; the latest runs, the present one last."""
        columns = "started_at, boot_id, ended_at, cool_off_until"
        self._write(
            "INSERT INTO runs (started_at, boot_id, invocation_id) VALUES (?, ?, ?)", (iso(now), boot_id, invocation_id)
        )
        rows = self._read(f"SELECT {columns} FROM runs ORDER BY id DESC LIMIT {RUNS_LOOKED_AT}")
        return [run for row in reversed(rows) if (run := _run(row))]

    def cool_off(self, until: datetime) -> None:
        """Remember that the present run does not trade before that."""
        self._write("UPDATE runs SET cool_off_until = ? WHERE id = (SELECT max(id) FROM runs)", (iso(until),))

    def end_run(self, now: datetime) -> None:
        """Remember that the present run ended in order."""
        self._write("UPDATE runs SET ended_at = ? WHERE id = (SELECT max(id) FROM runs)", (iso(now),))

    # Problems and ends

    def open_problem(self, kind: str, detail: str, now: datetime) -> None:
        """Remember that a problem was told, so that its end is told too, even after a restart."""
        self._write(
            "INSERT OR IGNORE INTO open_problems (type, detail, since) VALUES (?, ?, ?)", (kind, detail, iso(now))
        )

    def open_problems(self) -> list[tuple[str, str]]:
        """The types that were told and not resolved, with the time since when."""
        return [
            (str(kind), str(since))
            for kind, since in self._read("SELECT type, since FROM open_problems ORDER BY since")
        ]

    def problem_detail(self, kind: str) -> str | None:
        """What was told of a problem that is not over; None where there is none of that type."""
        found = [str(row[1]) for row in self._read("SELECT type, detail FROM open_problems") if row[0] == kind]
        return found[0] if found else None

    def forget_problem(self, kind: str) -> None:
        """A problem was told to be resolved."""
        self._write("DELETE FROM open_problems WHERE type = ?", (kind,))

    def ended(self, verdict: str, detail: str, steps: str, now: datetime) -> None:
        """Remember how a shutdown came out."""
        self._write(
            "INSERT INTO ends (at, verdict, detail, steps) VALUES (?, ?, ?, ?)", (iso(now), verdict, detail, steps)
        )

    def _forget_history(self, now: datetime) -> None:
        """Keep the database small: an agent may live for years."""
        for table in ("state_transitions", "runs", "ends"):
            self._write(f"DELETE FROM {table} WHERE id <= (SELECT max(id) FROM {table}) - {KEPT_ROWS}", ())
        self._write("DELETE FROM own_orders WHERE settled = 1 AND placed_at < ?", (iso(now - KEPT_ORDERS),))

    # SQL

    def _write(self, statement: str, values: Sequence[Any]) -> sqlite3.Cursor:
        with _translated(self._path):
            return self._connection.execute(statement, [_storable(value) for value in values])

    def _read(self, statement: str) -> list[tuple[Any, ...]]:
        with _translated(self._path):
            return self._connection.execute(statement).fetchall()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with _translated(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()


def _run(row: tuple[Any, ...]) -> Run | None:
    """A run; what makes none, whoever wrote it, is no reason to end each start, nor to forget what is held."""
    try:
        return Run(from_iso(row[0]), row[1], _moment(row[2]), _moment(row[3]))
    except (ValueError, TypeError):
        return None


def _moment(text: str | None) -> datetime | None:
    return from_iso(text) if text else None


def _storable(value: Any) -> Any:
    """What SQLite takes: a text out of a strategy's exception or a broker's answer may hold half a surrogate pair."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


def _own_order(row: tuple[Any, ...]) -> OwnOrder:
    key, order_id, status, filled, symbol, side, quantity, kind, price, trigger_price, product, placed_at = row
    request = OrderRequest(
        symbol, Side(side), _number(quantity), OrderKind(kind), _number(price), _number(trigger_price), Product(product)
    )
    known = None if filled is None else _number(filled)
    return OwnOrder(key, request, from_iso(placed_at), order_id, OrderStatus(status), known)


def _number(value: Any) -> float:
    """A number out of a column, which SQLite lets be anything."""
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return value


@contextlib.contextmanager
def _translated(path: str) -> Iterator[None]:
    """SQLite's errors as failures of the agent."""
    try:
        yield
    except sqlite3.Error as error:
        raise _failure(path, error) from error


def _failure(path: str, error: sqlite3.Error) -> AgentError:
    detail = f"cannot use the agent's database {path}: {error}"
    code = getattr(error, "sqlite_errorcode", None)  # a connection that was closed has none
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return CorruptDatabaseError(Failure(FailureType.DATABASE_ERROR, detail))
    locked = code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return failed(FailureType.DATABASE_LOCKED if locked else FailureType.DATABASE_ERROR, detail)


def _check(connection: sqlite3.Connection) -> None:
    found = connection.execute("PRAGMA quick_check").fetchone()[0]
    if found != "ok":
        error = sqlite3.DatabaseError(f"{found}".splitlines()[-1])
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error
