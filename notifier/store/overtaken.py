"""Messages that wait while what they say is over: their end, or the next reminder, takes their place."""

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from standfast.moments import from_iso
from standfast.notifier.model import Message, MessageKind

# What told a problem, or its coming and going, and was not begun in this channel.
_WAITING: Final = """
FROM outbox JOIN messages ON messages.id = message_id
WHERE state = 'queued' AND parts_done = 0 AND channel = ?
    AND message_id IN (SELECT message_id FROM message_problems WHERE problem_id = ?)
"""
_BEGINNINGS: Final = f"SELECT 1 {_WAITING} AND kind IN ('problem', 'aggregate', 'flapping')"
_CANDIDATES: Final = f"SELECT seq, message_id, kind, outbox.created_at {_WAITING} AND kind != 'recovery'"
_ABOUT: Final = "SELECT problem_id FROM message_problems WHERE message_id = ?"
_IS_OVER: Final = """
SELECT 1 FROM message_problems JOIN messages ON messages.id = message_id WHERE problem_id = ? AND kind = 'recovery'
"""


def untold(connection: sqlite3.Connection, problems: Iterable[int], channels: Iterable[str]) -> tuple[str, ...]:
    """The channels that told nobody of one of these problems so far: the message of its beginning waits there."""
    known = tuple(problems)
    return tuple(
        channel
        for channel in channels
        if any(connection.execute(_BEGINNINGS, (channel, one)).fetchone() for one in known)
    )


def drop_overtaken(connection: sqlite3.Connection, message: Message, channel: str) -> datetime | None:
    """Take out of the queue what this message, which is queued, makes old news; since when the oldest has waited.

    That is whatever is only about problems whose end is told, and a reminder of no more than the next one reminds of.
    A message about something that lasts is left, so that nothing is told later for what came meanwhile.
    """
    about = {problem.id for problem in message.draft.problems}
    if message.draft.kind not in (MessageKind.RECOVERY, MessageKind.REMINDER):
        return None
    found = {row for one in about for row in connection.execute(_CANDIDATES, (channel, one)) if row[1] != message.id}
    dropped = [row for row in found if _is_old_news(connection, row[1], row[2], about, message.draft.kind)]
    connection.executemany("DELETE FROM outbox WHERE seq = ?", [(seq,) for seq, *_ in dropped])
    return min((from_iso(created_at) for *_, created_at in dropped), default=None)


def _is_old_news(
    connection: sqlite3.Connection, message_id: str, kind: str, about: set[int], by: MessageKind
) -> bool:
    problems = {problem_id for (problem_id,) in connection.execute(_ABOUT, (message_id,))}
    if by is MessageKind.REMINDER:
        return kind == MessageKind.REMINDER and problems <= about
    return all(connection.execute(_IS_OVER, (one,)).fetchone() for one in problems)
