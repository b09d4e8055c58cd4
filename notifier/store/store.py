"""The database as the notifier sees it: one transaction takes in a batch of the journal."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from standfast.events import Severity
from standfast.moments import from_iso, iso
from standfast.notifier.body import webhook_body
from standfast.notifier.fallback import Fallback, fallback, is_handed_on
from standfast.notifier.flapping import Flap
from standfast.notifier.ledger import Changes, Ledger
from standfast.notifier.model import RESTING_STAGES, Delivery, Identity, Message, MessageKind
from standfast.notifier.silence import Silence
from standfast.notifier.store.database import connect, migrate, transaction, translated
from standfast.notifier.store.handing import hand_on, hurry, insert_delivery, retire, undelivered
from standfast.notifier.store.outbox import last_delivered, refusal, waiting
from standfast.notifier.store.overtaken import take_back_reminders, take_place, untold
from standfast.notifier.store.rows import (
    FLAP_COLUMNS,
    PROBLEM_COLUMNS,
    SILENCE_COLUMNS,
    from_flap,
    from_problem,
    from_silence,
    to_flap,
    to_gave_way,
    to_heirs,
    to_problem,
    to_silence,
)


def marks(columns: str) -> str:
    """As many question marks as there are columns."""
    return ", ".join("?" for _ in columns.split(","))


# notification_count and last_notification_sent are the worker's: they are about what was delivered.
_UPSERT = f"""
INSERT INTO error_notifications_log ({PROBLEM_COLUMNS}) VALUES ({marks(PROBLEM_COLUMNS)})
ON CONFLICT (id) DO UPDATE SET error_message = excluded.error_message, last_occurrence = excluded.last_occurrence,
    occurrence_count = excluded.occurrence_count, is_resolved = excluded.is_resolved,
    resolved_at = excluded.resolved_at, severity = excluded.severity, failure_class = excluded.failure_class,
    action = excluded.action, stage = excluded.stage, told_at = excluded.told_at, quiet = excluded.quiet,
    acknowledged = excluded.acknowledged, told_on = excluded.told_on, ended_by = excluded.ended_by,
    ended_with = excluded.ended_with, closed_at = excluded.closed_at,
    told_elsewhere = excluded.told_elsewhere, stands = excluded.stands
"""

# What these say is how things are now: an earlier one that was not delivered says nothing any more.
_ONLY_THE_LATEST: Final[Mapping[MessageKind, str]] = {
    MessageKind.RESEND: "DELETE FROM messages WHERE kind = 'resend'",
    MessageKind.CANARY: "DELETE FROM messages WHERE kind = 'canary'",
}


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
            problems = [
                to_problem(row)
                for row in self._connection.execute(
                    f"SELECT {PROBLEM_COLUMNS} FROM error_notifications_log"
                    f" WHERE is_resolved = 0 OR stage IN ({', '.join(repr(one.value) for one in RESTING_STAGES)})"
                )
            ]
            flaps = [to_flap(row) for row in self._connection.execute(f"SELECT {FLAP_COLUMNS} FROM flapping")]
            silences = [to_silence(row) for row in self._connection.execute(f"SELECT {SILENCE_COLUMNS} FROM silences")]
            statuses = self._connection.execute("SELECT unit, told_at FROM statuses").fetchall()
            last_id = self._connection.execute(
                "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'error_notifications_log'"
            ).fetchone()[0]
        closes_at = self.note("window_closes_at")
        return Ledger(
            problems={one.identity: one for one in problems if one.resolved_at is None},
            resting={one.identity: one for one in problems if one.resolved_at is not None},
            flaps=dict(flaps),
            silences={one.id: one for one in silences},
            statuses={unit: from_iso(text) for unit, text in statuses},
            heirs=to_heirs(self.note("heirs")),
            gave_way=to_gave_way(self.note("gave_way")),
            window_closes_at=from_iso(closes_at) if closes_at else None,
            next_id=last_id + 1,
        )

    def note(self, name: str) -> str:
        """A remembered text, "" when there is none; the cursor is the note `cursor`."""
        with translated("read the database", self._path):
            row = self._connection.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def commit(self, changes: Changes, messages: Iterable[Message], notes: Mapping[str, str], at: datetime) -> None:
        """Write, in one transaction, the error log, the outbox and the notes (the cursor among them).

        Raises:
            StoreError: nothing of it was written.
        """
        with translated("write the database", self._path), transaction(self._connection):
            self._connection.executemany(_UPSERT, [from_problem(one) for one in changes.problems.values()])
            for one in changes.problems.values():
                if one.acknowledged:
                    take_back_reminders(self._connection, one.id)
            self._write_flaps(changes.flaps)
            self._write_silences(changes.silences)
            self._connection.executemany(
                "INSERT OR REPLACE INTO statuses VALUES (?, ?)",
                [(unit, iso(told_at)) for unit, told_at in changes.statuses.items()],
            )
            queued = tuple(messages)
            for message in queued:
                self._queue(message, iso(at), [one.id for one in queued])
            self._connection.executemany("INSERT OR REPLACE INTO notes VALUES (?, ?)", notes.items())

    def _write_flaps(self, flaps: Mapping[Identity, Flap | None]) -> None:
        self._connection.executemany(
            f"INSERT OR REPLACE INTO flapping ({FLAP_COLUMNS}) VALUES ({marks(FLAP_COLUMNS)})",
            [from_flap(identity, flap) for identity, flap in flaps.items() if flap is not None],
        )
        self._connection.executemany(
            "DELETE FROM flapping WHERE error_type = ? AND unit = ?",
            [(identity.type, identity.unit) for identity, flap in flaps.items() if flap is None],
        )

    def _write_silences(self, silences: Mapping[str, Silence | None]) -> None:
        self._connection.executemany(
            f"INSERT OR REPLACE INTO silences ({SILENCE_COLUMNS}) VALUES ({marks(SILENCE_COLUMNS)})",
            [from_silence(one) for one in silences.values() if one is not None],
        )
        self._connection.executemany(
            "DELETE FROM silences WHERE id = ?", [(silence_id,) for silence_id, one in silences.items() if one is None]
        )

    def prune(self, before: datetime) -> None:
        """Remove resolved problems, and messages that every channel has ended with, from before a time.

        Raises:
            StoreError: nothing was removed.
        """
        with translated("prune the database", self._path), transaction(self._connection):
            self._connection.execute(
                "DELETE FROM error_notifications_log"
                " WHERE is_resolved = 1 AND stage NOT IN ('recovering', 'flapping') AND resolved_at < ?",
                (iso(before),),
            )
            self._connection.execute(
                "DELETE FROM messages WHERE created_at < ?"
                " AND NOT EXISTS (SELECT 1 FROM outbox WHERE message_id = messages.id AND state = 'queued')",
                (iso(before),),
            )

    def _queue(self, message: Message, at: str, together: Collection[str]) -> None:
        draft = message.draft
        kind = draft.kind
        if kind in _ONLY_THE_LATEST:
            self._connection.execute(_ONLY_THE_LATEST[kind])
        inserted = self._connection.execute(
            "INSERT OR IGNORE INTO messages (id, kind, body, created_at) VALUES (?, ?, ?, ?)",
            (message.id, kind.value, json.dumps(webhook_body(message)), at),
        )
        if inserted.rowcount == 0:
            return  # a test under an id that was used before
        # A resend is no notification: it counts for no problem.
        problems = () if kind is MessageKind.RESEND else draft.problems
        self._connection.executemany(
            "INSERT INTO message_problems VALUES (?, ?)", [(message.id, problem.id) for problem in problems]
        )
        to = draft.to
        for channel in to.channels:
            if draft.severity is Severity.CRITICAL and kind is not MessageKind.RECOVERY:
                hurry(self._connection, channel, at)
            insert_delivery(self._connection, message.id, channel, at, to.fallback, to.fallback_after_s)
            take_place(self._connection, message, channel, together)

    def untold(self, problems: Iterable[int], channels: Iterable[str]) -> tuple[str, ...]:
        """The channels that have not delivered how one of these problems began; it waits there.

        Raises:
            StoreError: the outbox could not be read.
        """
        with translated("read the outbox in", self._path):
            return untold(self._connection, problems, channels)

    def retire(self, channels: Collection[str], now: datetime) -> Counter[str]:
        """End what waits for channels other than these; tells how much of each.

        Raises:
            StoreError: nothing was ended.
        """
        with translated("write the outbox in", self._path), transaction(self._connection):
            return retire(self._connection, channels, iso(now))

    def hand_on(self, channels: Collection[str], now: datetime) -> list[tuple[str, str, Fallback]]:
        """Give the next of these channels what its own did not deliver; tells (channel, next channel, why) of each.

        Raises:
            StoreError: nothing was handed on.
        """
        with translated("write the outbox in", self._path):
            late = [one for one in undelivered(self._connection) if is_handed_on(fallback(one.facts, now))]
            if not late:
                return []
            with transaction(self._connection):
                return [
                    (one.channel, hand_on(self._connection, one, channels, iso(now)), fallback(one.facts, now))
                    for one in late
                ]

    def delivery(self, channels: Iterable[str]) -> Delivery:
        """How the outbox stands, for these channels and all others that something is queued for."""
        with translated("read the database", self._path):
            last = {channel: last_delivered(self._connection, channel) for channel in channels}
            refusing = {channel: refusal(self._connection, channel, last[channel] or "") for channel in last}
            queued = waiting(self._connection)
        return Delivery(
            queued,
            {channel: from_iso(at) for channel, at in last.items() if at},
            {channel: words for channel, words in refusing.items() if words},
        )

    def ended_deliveries(self) -> dict[str, dict[str, int]]:
        """How many deliveries ended in each way per channel, of those that are still kept (`keep_days`)."""
        query = "SELECT channel, state, count(*) FROM outbox WHERE state != 'queued' GROUP BY channel, state"
        found: dict[str, dict[str, int]] = {}
        with translated("read the database", self._path):
            for channel, state, number in self._connection.execute(query):
                found.setdefault(channel, {})[state] = number
        return found

    def unresolved(self, limit: int) -> list[dict[str, Any]]:
        """The unresolved problems for the status file, the newest first."""
        names = (
            "error_type, unit, coalesce(nullif(stands, ''), error_message) AS error_message, severity, action,"
            " first_occurrence, last_occurrence, occurrence_count,"
            " notification_count + told_elsewhere AS notification_count, acknowledged,"
            " stage = 'flapping' AS flaps"
        )
        with translated("read the database", self._path):
            cursor = self._connection.execute(
                f"SELECT id, {names} FROM error_notifications_log WHERE is_resolved = 0 ORDER BY id DESC LIMIT ?",
                (limit,),
            )
            keys = [column[0] for column in cursor.description]
            rows = [dict(zip(keys, row, strict=True)) for row in cursor]
        return [{**row, "acknowledged": bool(row["acknowledged"]), "flaps": bool(row["flaps"])} for row in rows]
