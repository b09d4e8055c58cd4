"""The database as the notifier sees it: one transaction takes in a batch of the journal."""

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from standfast.clock import from_iso, iso
from standfast.events import FailureClass, Severity
from standfast.notifier.ledger import Ledger
from standfast.notifier.model import Delivery, Message, Problem, Stage
from standfast.notifier.render import webhook_body
from standfast.notifier.store.database import connect, migrate, transaction, translated
from standfast.notifier.store.outbox import waiting

_COLUMNS = (
    "id, error_type, error_message, first_occurrence, last_occurrence, occurrence_count, is_resolved, resolved_at,"
    " unit, severity, failure_class, action, stage, told_at"
)
# notification_count and last_notification_sent are the worker's: they are about what was delivered.
_UPSERT = f"""
INSERT INTO error_notifications_log ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET error_message = excluded.error_message, last_occurrence = excluded.last_occurrence,
    occurrence_count = excluded.occurrence_count, is_resolved = excluded.is_resolved,
    resolved_at = excluded.resolved_at, severity = excluded.severity, failure_class = excluded.failure_class,
    action = excluded.action, stage = excluded.stage, told_at = excluded.told_at
"""


class Store:
    """The notifier's connection."""

    def __init__(self, path: Path) -> None:
        """Open, and prepare the tables.

        Raises:
            StoreError: it cannot be opened or written.
        """
        self._path = path
        self._connection = connect(path, synchronous="FULL")
        try:
            migrate(self._connection, path)
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def ledger(self) -> Ledger:
        """The ledger as the last transaction left it."""
        with translated("read the database", self._path):
            rows = self._connection.execute(f"SELECT {_COLUMNS} FROM error_notifications_log WHERE is_resolved = 0")
            problems = [_problem(row) for row in rows]
            newest = self._connection.execute("SELECT max(id) FROM error_notifications_log").fetchone()[0]
            ever = self._connection.execute(
                "SELECT seq FROM sqlite_sequence WHERE name = 'error_notifications_log'"
            ).fetchone()
        closes_at = self.note("window_closes_at")
        statuses = json.loads(self.note("statuses") or "{}")
        return Ledger(
            problems={problem.identity: problem for problem in problems},
            window_closes_at=from_iso(closes_at) if closes_at else None,
            statuses={unit: from_iso(text) for unit, text in statuses.items()},
            next_id=max(newest or 0, ever[0] if ever else 0) + 1,
        )

    def note(self, name: str) -> str:
        """A remembered text, "" when there is none; the cursor is the note `cursor`."""
        with translated("read the database", self._path):
            row = self._connection.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def commit(
        self,
        ledger: Ledger,
        problems: Iterable[Problem],
        messages: Iterable[Message],
        notes: dict[str, str],
        at: datetime,
    ) -> None:
        """Write, in one transaction, the error log, the outbox and the notes (the cursor among them).

        Raises:
            StoreError: nothing of it was written.
        """
        with translated("write the database", self._path), transaction(self._connection):
            self._connection.executemany(_UPSERT, [_row(problem) for problem in problems])
            for message in messages:
                self._queue(message, iso(at))
            statuses = {unit: iso(told_at) for unit, told_at in ledger.statuses.items()}
            closes_at = iso(ledger.window_closes_at) if ledger.window_closes_at else ""
            every_note = {**notes, "window_closes_at": closes_at, "statuses": json.dumps(statuses)}
            self._connection.executemany(
                "INSERT INTO notes VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                every_note.items(),
            )

    def _queue(self, message: Message, at: str) -> None:
        self._connection.execute(
            "INSERT INTO messages (id, body, created_at) VALUES (?, ?, ?)",
            (message.id, json.dumps(webhook_body(message)), at),
        )
        self._connection.executemany(
            "INSERT INTO message_problems VALUES (?, ?)",
            [(message.id, problem.id) for problem in message.draft.problems],
        )
        self._connection.executemany(
            "INSERT INTO outbox (message_id, channel, not_before, created_at) VALUES (?, ?, ?, ?)",
            [(message.id, channel, at, at) for channel in message.draft.channels],
        )

    def delivery(self) -> Delivery:
        """How the outbox stands."""
        with translated("read the database", self._path):
            delivered = self._connection.execute(
                "SELECT channel, max(ended_at) FROM outbox WHERE state = 'delivered' GROUP BY channel"
            ).fetchall()
            queued = waiting(self._connection)
        return Delivery(queued, {channel: from_iso(at) for channel, at in delivered})

    def unresolved(self, limit: int) -> list[dict[str, Any]]:
        """The unresolved problems for the status file, the newest first."""
        names = (
            "error_type, unit, error_message, severity, action, first_occurrence, last_occurrence,"
            " occurrence_count, notification_count"
        )
        with translated("read the database", self._path):
            cursor = self._connection.execute(
                f"SELECT id, {names} FROM error_notifications_log WHERE is_resolved = 0 ORDER BY id DESC LIMIT ?",
                (limit,),
            )
            keys = [column[0] for column in cursor.description]
            return [dict(zip(keys, row, strict=True)) for row in cursor]


def _row(problem: Problem) -> tuple[Any, ...]:
    return (
        problem.id,
        problem.type,
        problem.message,
        iso(problem.first_occurrence),
        iso(problem.last_occurrence),
        problem.occurrences,
        int(problem.resolved_at is not None),
        _iso_or_none(problem.resolved_at),
        problem.unit,
        problem.severity.value,
        problem.failure_class.value if problem.failure_class else "",
        problem.action,
        problem.stage.value,
        _iso_or_none(problem.told_at),
    )


def _problem(row: sqlite3.Row | tuple[Any, ...]) -> Problem:
    id_, type_, message, first, last, count, _, resolved_at, unit, severity, failure_class, action, stage, told_at = row
    return Problem(
        id=id_,
        type=type_,
        unit=unit,
        message=message,
        severity=Severity(severity),
        action=action,
        failure_class=FailureClass(failure_class) if failure_class else None,
        first_occurrence=from_iso(first),
        last_occurrence=from_iso(last),
        occurrences=count,
        stage=Stage(stage),
        told_at=_from_iso_or_none(told_at),
        resolved_at=_from_iso_or_none(resolved_at),
    )


def _iso_or_none(at: datetime | None) -> str | None:
    return iso(at) if at else None


def _from_iso_or_none(text: str | None) -> datetime | None:
    return from_iso(text) if text else None
