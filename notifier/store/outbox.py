"""The outbox as the worker sees it: what is to be delivered, and what came of it."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from standfast.moments import from_iso, iso
from standfast.notifier.model import Waiting
from standfast.notifier.store.database import connect, transaction, translated

# What is said of messages that waited for a channel when it was taken out of the configuration.
NOT_CONFIGURED: Final = "its channel is no longer configured"


class Ended(StrEnum):
    """How a row of the outbox ends."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Queued:
    """One delivery that is to be made.

    Attributes:
        body: the message as JSON text.
        attempts: how many were begun before.
        parts_done: how many parts of it the other side has taken already, for channels that split long texts.
    """

    seq: int
    message_id: str
    body: str
    attempts: int
    not_before: datetime
    created_at: datetime
    parts_done: int


class Outbox:
    """One channel's view of the outbox; a connection of its own, for the thread that uses it."""

    def __init__(self, path: Path, channel: str) -> None:
        self._path = path
        self._channel = channel
        self._connection = connect(path, synchronous="NORMAL")

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def head(self) -> Queued | None:
        """The oldest delivery of this channel that has not ended: it goes before all later ones."""
        with translated("read the outbox in", self._path):
            row = self._connection.execute(
                "SELECT seq, message_id, body, attempts, not_before, outbox.created_at, parts_done"
                " FROM outbox JOIN messages ON messages.id = message_id"
                " WHERE channel = ? AND state = 'queued' ORDER BY seq LIMIT 1",
                (self._channel,),
            ).fetchone()
        if row is None:
            return None
        seq, message_id, body, attempts, not_before, created_at, parts_done = row
        return Queued(seq, message_id, body, attempts, from_iso(not_before), from_iso(created_at), parts_done)

    def begin(self, queued: Queued, not_before: datetime) -> None:
        """Write down that an attempt begins.

        A crash in the middle of it repeats the message no earlier than `not_before`.
        """
        self._update(queued, "attempts = attempts + 1, not_before = ?", iso(not_before))

    def postpone(
        self, queued: Queued, not_before: datetime, detail: str, parts_done: int, *, asked_to_wait: bool = False
    ) -> None:
        """The attempt failed for now, after so many parts; perhaps it was the other side that named the time."""
        assignments = "not_before = ?, detail = ?, parts_done = ?, asked_to_wait = ?"
        self._update(queued, assignments, iso(not_before), detail, parts_done, int(asked_to_wait))

    def sent_since(self, at: datetime) -> int:
        """How many parts this channel's other side has taken since a time, of whatever became of their message."""
        with translated("read the outbox in", self._path):
            row = self._connection.execute(
                "SELECT coalesce(sum(parts_done), 0) FROM outbox"
                " WHERE channel = ? AND parts_done > 0 AND coalesce(ended_at, created_at) >= ?",
                (self._channel, iso(at)),
            ).fetchone()
        return int(row[0])

    def is_unresolved(self, error_type: str, unit: str) -> bool:
        """Whether the error log has an unresolved problem of this type and unit."""
        with translated("read the error log in", self._path):
            found = self._connection.execute(
                "SELECT 1 FROM error_notifications_log WHERE error_type = ? AND unit = ? AND is_resolved = 0",
                (error_type, unit),
            ).fetchone()
        return found is not None

    def end(self, queued: Queued, how: Ended, at: datetime, detail: str, parts_done: int = 0) -> None:
        """The delivery ended; the first channel that delivers a message counts it in the error log."""
        with translated("write the outbox in", self._path), transaction(self._connection):
            self._connection.execute(
                "UPDATE outbox SET state = ?, ended_at = ?, detail = ?, parts_done = ? WHERE seq = ?",
                (how.value, iso(at), detail, parts_done, queued.seq),
            )
            if how is Ended.DELIVERED:
                self._count_delivered(queued.message_id, iso(at))

    def _count_delivered(self, message_id: str, at: str) -> None:
        first = self._connection.execute(
            "UPDATE messages SET delivered_at = ? WHERE id = ? AND delivered_at IS NULL", (at, message_id)
        )
        if first.rowcount == 1:
            self._connection.execute(
                "UPDATE error_notifications_log SET notification_count = notification_count + 1,"
                " last_notification_sent = ?"
                " WHERE id IN (SELECT problem_id FROM message_problems WHERE message_id = ?)",
                (at, message_id),
            )

    def _update(self, queued: Queued, assignments: str, *values: str | int) -> None:
        with translated("write the outbox in", self._path):
            self._connection.execute(f"UPDATE outbox SET {assignments} WHERE seq = ?", (*values, queued.seq))


def waiting(connection: sqlite3.Connection) -> dict[str, Waiting]:
    """What waits in each channel that has something to deliver."""
    # SQLite takes a column beside min() from the row that has the minimum.
    rows = connection.execute(
        "SELECT channel, count(*), min(seq), not_before, detail, created_at"
        " FROM outbox WHERE state = 'queued' GROUP BY channel"
    )
    return {
        channel: Waiting(number, from_iso(not_before), detail, from_iso(since))
        for channel, number, _, not_before, detail, since in rows
    }


def last_delivered(connection: sqlite3.Connection, channel: str) -> str | None:
    """When a channel last delivered something, by one look into an index, however much that was."""
    query = "SELECT max(ended_at) FROM outbox WHERE state = 'delivered' AND channel = ?"
    found: str | None = connection.execute(query, (channel,)).fetchone()[0]
    return found


def refusal(connection: sqlite3.Connection, channel: str, since: str) -> str:
    """Why the channel did not deliver its latest message, "" when nothing was refused after `since`."""
    row = connection.execute(
        "SELECT detail FROM outbox WHERE state IN ('refused', 'given_up') AND channel = ? AND ended_at > ?"
        " AND detail != ? ORDER BY ended_at DESC LIMIT 1",
        (channel, since, NOT_CONFIGURED),
    ).fetchone()
    return str(row[0]) if row else ""
