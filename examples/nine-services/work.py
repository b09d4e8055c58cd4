"""What the nine services do all day: a toy trading firm around one SQLite database.

    btc_price_watchdog -> a price            kalshi_api_watchdog -> markets
    auto_entry_supervisor: price moves       -> signals
    trade_initiator:       signals           -> trades, pending
    trade_executor:        pending trades    -> open
    active_trade_supervisor: open trades     -> closed
    trade_manager: owns the database and opens the session that the three trading services work in
    unified_production_coordinator, main_app: look at the others and count

Prices are invented; nothing is bought or sold anywhere.
"""

import json
import os
import random
import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

DatabaseError = sqlite3.Error
Facts = dict[str, Any]

TABLES = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS heartbeats(service TEXT PRIMARY KEY, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS prices(at REAL NOT NULL, price REAL NOT NULL);
CREATE TABLE IF NOT EXISTS signals(id INTEGER PRIMARY KEY, at REAL NOT NULL, side TEXT NOT NULL,
    taken INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS trades(id INTEGER PRIMARY KEY, side TEXT NOT NULL, quantity INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'open', 'closed')), changed_at REAL NOT NULL);
"""


class CannotWorkError(Exception):
    """What a service needs is missing or broken; the text says what to do."""


class Worker(Protocol):
    """One service's work."""

    def tick(self) -> Facts:
        """Do one round, and tell what /health shall show of it."""


def read_json(path: Path) -> Any:
    """A JSON file of the fleet."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CannotWorkError(f"{path} cannot be used ({error}); put a correct one there") from error


def open_database(home: Path) -> sqlite3.Connection:
    """The trades database, with its tables; every statement is its own transaction."""
    connection = sqlite3.connect(home / "data/trades.db", timeout=5, isolation_level=None)
    connection.executescript(TABLES)
    return connection


def open_session(home: Path) -> None:
    """Begin a trading session: the three trading services trust its file while it is whole."""
    path = home / "data/session.json"
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps({"id": random.randrange(10**9), "opened_at": time.time()}) + "\n")
    os.replace(beside, path)


def join_session(home: Path) -> int:
    """The id of the session that trade_manager opened; without a whole one nobody may trade."""
    try:
        return int(json.loads((home / "data/session.json").read_text())["id"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CannotWorkError(
            "the trading session is broken; only a new start of trade_manager opens a new one"
        ) from error


class Ledger:
    """A service that works on the database: it leaves a heartbeat at each round."""

    def __init__(self, name: str, home: Path, work: Callable[[sqlite3.Connection, Path], Facts]) -> None:
        self._name = name
        self._home = home
        self._work = work
        self._database = open_database(home)

    def tick(self) -> Facts:
        """Work, then leave a heartbeat."""
        facts = self._work(self._database, self._home)
        beat = "INSERT INTO heartbeats VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at"
        self._database.execute(beat, (self._name, time.time()))
        return facts


def watch_price(database: sqlite3.Connection, home: Path) -> Facts:
    """btc_price_watchdog: the next invented price."""
    last = database.execute("SELECT price FROM prices ORDER BY at DESC LIMIT 1").fetchone()
    price = round((last[0] if last else 60_000.0) * random.gauss(1, 0.0005), 2)
    database.execute("INSERT INTO prices VALUES (?, ?)", (time.time(), price))
    return {"price": price}


def watch_markets(database: sqlite3.Connection, home: Path) -> Facts:
    """kalshi_api_watchdog: how many invented markets are open, and how fast they answered."""
    return {"open_markets": random.randint(20, 40), "latency_ms": round(random.lognormvariate(3, 0.3), 1)}


def supervise_entries(database: sqlite3.Connection, home: Path) -> Facts:
    """auto_entry_supervisor: a signal when the price has moved by more than the settings say."""
    settings = read_json(home / "config/auto_entry_settings.json")
    rows = database.execute("SELECT price FROM prices ORDER BY at DESC LIMIT 2").fetchall()
    move = rows[0][0] - rows[1][0] if len(rows) == 2 else 0.0
    if settings["enabled"] and abs(move) >= settings["entry_move"]:
        database.execute("INSERT INTO signals(at, side) VALUES (?, ?)", (time.time(), "yes" if move > 0 else "no"))
    return {"last_move": round(move, 2)}


def initiate(database: sqlite3.Connection, home: Path) -> Facts:
    """trade_initiator: a pending trade for each signal, as long as there are not too many."""
    preferences = read_json(home / "config/trade_preferences.json")
    (busy,) = database.execute("SELECT count(*) FROM trades WHERE state != 'closed'").fetchone()
    for number, side in database.execute("SELECT id, side FROM signals WHERE NOT taken").fetchall():
        if busy < preferences["max_open_trades"]:
            values = (side, preferences["quantity"], time.time())
            database.execute(
                "INSERT INTO trades(side, quantity, state, changed_at) VALUES (?, ?, 'pending', ?)", values
            )
            busy += 1
        database.execute("UPDATE signals SET taken = 1 WHERE id = ?", (number,))
    return {"trades_under_way": busy}


def execute(database: sqlite3.Connection, home: Path) -> Facts:
    """trade_executor: pending trades are filled."""
    filled = "UPDATE trades SET state = 'open', changed_at = ? WHERE state = 'pending'"
    return {"filled": database.execute(filled, (time.time(),)).rowcount}


def supervise_trades(database: sqlite3.Connection, home: Path) -> Facts:
    """active_trade_supervisor: trades are closed when their time is over."""
    over = time.time() - read_json(home / "config/trade_preferences.json")["hold_s"]
    closed = "UPDATE trades SET state = 'closed', changed_at = ? WHERE state = 'open' AND changed_at < ?"
    return {"closed": database.execute(closed, (time.time(), over)).rowcount}


def manage(database: sqlite3.Connection, home: Path) -> Facts:
    """trade_manager: yesterday's rows are swept away."""
    yesterday = (time.time() - 86_400,)
    database.execute("DELETE FROM prices WHERE at < ?", yesterday)
    database.execute("DELETE FROM signals WHERE at < ?", yesterday)
    return dict(database.execute("SELECT state, count(*) FROM trades GROUP BY state"))


def coordinate(database: sqlite3.Connection, home: Path) -> Facts:
    """unified_production_coordinator and main_app: who gave a sign of life in the last five seconds."""
    recent = "SELECT service FROM heartbeats WHERE at > ? ORDER BY service"
    return {"working": [name for (name,) in database.execute(recent, (time.time() - 5,))]}


def _manager(home: Path) -> Worker:
    open_session(home)
    return Ledger("trade_manager", home, manage)


def _plain(name: str, work: Callable[[sqlite3.Connection, Path], Facts]) -> Callable[[Path], Worker]:
    return lambda home: Ledger(name, home, work)


def _trading(name: str, work: Callable[[sqlite3.Connection, Path], Facts]) -> Callable[[Path], Worker]:
    def join(home: Path) -> Worker:
        join_session(home)
        return Ledger(name, home, work)

    return join


WORKERS: Mapping[str, Callable[[Path], Worker]] = {
    "main_app": _plain("main_app", coordinate),
    "trade_manager": _manager,
    "trade_executor": _trading("trade_executor", execute),
    "auto_entry_supervisor": _plain("auto_entry_supervisor", supervise_entries),
    "unified_production_coordinator": _plain("unified_production_coordinator", coordinate),
    "active_trade_supervisor": _trading("active_trade_supervisor", supervise_trades),
    "trade_initiator": _trading("trade_initiator", initiate),
    "kalshi_api_watchdog": _plain("kalshi_api_watchdog", watch_markets),
    "btc_price_watchdog": _plain("btc_price_watchdog", watch_price),
}
