"""Messages that wait while what they say is over: their end, or what says it anew, takes their place."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from standfast.notifier.model import Message, MessageKind

# What told a problem, or its coming and going, and was not begun in this channel.
_WAITING: Final = """
FROM outbox JOIN messages ON messages.id = message_id
WHERE state = 'queued' AND parts_done = 0 AND channel = ?
    AND message_id IN (SELECT message_id FROM message_problems WHERE problem_id = ?)
"""
_BEGINNINGS: Final = f"SELECT 1 {_WAITING} AND kind IN ('problem', 'aggregate', 'flapping')"
_CANDIDATES: Final = f"SELECT seq, message_id, kind {_WAITING} AND kind != 'recovery'"
# What the channel is known by: how long it has failed, when it may be tried, whether it has asked for that itself.
# The next channel of the chain is not to wait longer for the one because of the other.
_TAKE_OVER: Final = """
UPDATE outbox SET (attempts, not_before, asked_to_wait, detail, fallback_after_s) = (
    SELECT attempts, max(outbox.not_before, not_before), asked_to_wait, detail, max(
        0, outbox.fallback_after_s - (julianday(outbox.created_at) - julianday(created_at)) * 86400
    ) FROM outbox AS old WHERE seq = ?
) WHERE message_id = ? AND channel = ?
"""
_ABOUT: Final = "SELECT problem_id FROM message_problems WHERE message_id = ?"
_IS_OVER: Final = """
SELECT 1 FROM message_problems JOIN messages ON messages.id = message_id WHERE problem_id = ? AND kind = 'recovery'
"""
# A status is about no row of the error log: its unit and type stand in it.
_STATUSES: Final = """
SELECT seq, message_id FROM outbox WHERE state = 'queued' AND parts_done = 0 AND channel = ? AND message_id IN (
    SELECT id FROM messages WHERE kind = 'status' AND id != ? AND json_extract(body, '$.events[0].unit') = ?
        AND ? IN ('', json_extract(body, '$.events[0].type'))
)
"""
_ANY_TYPE: Final = ""
_TAKEN_ON: Final = """
DELETE FROM outbox WHERE state = 'queued' AND parts_done = 0
    AND message_id IN (
        SELECT message_id FROM message_problems JOIN messages ON messages.id = message_id
        WHERE problem_id = ? AND kind = 'reminder'
    )
    AND NOT EXISTS (
        SELECT 1 FROM message_problems JOIN error_notifications_log log ON log.id = problem_id
        WHERE message_id = outbox.message_id AND NOT acknowledged AND NOT is_resolved
    )
"""


def untold(connection: sqlite3.Connection, problems: Iterable[int], channels: Iterable[str]) -> tuple[str, ...]:
    """The channels that told nobody of one of these problems so far: the message of its beginning waits there."""
    known = tuple(problems)
    return tuple(
        channel
        for channel in channels
        if any(connection.execute(_BEGINNINGS, (channel, one)).fetchone() for one in known)
    )


def take_place(connection: sqlite3.Connection, message: Message, channel: str, together: Collection[str]) -> None:
    """Take out of the queue what this message, which stands in it, makes old news; it waits as the oldest of that did.

    That is whatever is only about problems whose end is told; a reminder of no more than the next one reminds of; and
    that a unit still waits, once it says so anew, has ended or is told not to wait any more.
    A message about something that lasts is left, so that nothing is told later for what came meanwhile; so is what is
    queued in the same transaction, which nobody could have delivered (`together`, ids of messages).
    """
    rows = [*_about_problems(connection, message, channel), *_statuses(connection, message, channel)]
    dropped = sorted(seq for seq, message_id in rows if message_id not in together)
    if dropped:
        connection.execute(_TAKE_OVER, (dropped[0], message.id, channel))
        connection.executemany("DELETE FROM outbox WHERE seq = ?", [(seq,) for seq in dropped])


def take_back_reminders(connection: sqlite3.Connection, problem_id: int) -> None:
    """Somebody has taken this problem on: what reminds of nothing else is not sent any more."""
    connection.execute(_TAKEN_ON, (problem_id,))


def _about_problems(connection: sqlite3.Connection, message: Message, channel: str) -> Iterator[tuple[int, str]]:
    """The rows, as (seq, id of the message), about problems whose end or next reminder this is."""
    about, by = {problem.id for problem in message.draft.problems}, message.draft.kind
    if by not in (MessageKind.RECOVERY, MessageKind.REMINDER):
        return
    found = {row for one in about for row in connection.execute(_CANDIDATES, (channel, one))}
    for seq, message_id, kind in found:
        if _is_old_news(connection, message_id, kind, about, by):
            yield seq, message_id


def _is_old_news(connection: sqlite3.Connection, message_id: str, kind: str, about: set[int], by: MessageKind) -> bool:
    problems = {problem_id for (problem_id,) in connection.execute(_ABOUT, (message_id,))}
    if by is MessageKind.REMINDER:
        return kind == MessageKind.REMINDER and problems <= about
    return all(connection.execute(_IS_OVER, (one,)).fetchone() for one in problems)


def _statuses(connection: sqlite3.Connection, message: Message, channel: str) -> Iterator[tuple[int, str]]:
    """The rows in which a unit says that it still waits, which this message makes untrue or says anew."""
    draft = message.draft
    if draft.kind in (MessageKind.STATUS, MessageKind.SHUTDOWN) and draft.event is not None:
        yield from connection.execute(_STATUSES, (channel, message.id, draft.event.unit, _ANY_TYPE))
    if draft.kind is MessageKind.RECOVERY:
        for problem in draft.problems:
            yield from connection.execute(_STATUSES, (channel, message.id, problem.unit, problem.type))
