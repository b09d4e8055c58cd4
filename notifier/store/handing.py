"""Rows of the outbox with further channels behind them: inserting, finding and handing them on."""

import json
import sqlite3
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from standfast.moments import from_iso
from standfast.notifier.channel_config import CANARY
from standfast.notifier.fallback import Undelivered
from standfast.notifier.model import MessageKind
from standfast.notifier.store.outbox import NOT_CONFIGURED

_UNDELIVERED = """
SELECT seq, message_id, channel, state, created_at, fallback, fallback_after_s,
    EXISTS (SELECT 1 FROM message_problems WHERE message_id = outbox.message_id)
    AND NOT EXISTS (
        SELECT 1 FROM message_problems JOIN error_notifications_log log ON log.id = problem_id
        WHERE message_id = outbox.message_id AND NOT acknowledged
    )
FROM outbox WHERE fallback != '[]' AND state != 'delivered' ORDER BY seq
"""

_QUEUED = """
SELECT seq, channel, kind, fallback FROM outbox JOIN messages ON messages.id = message_id WHERE state = 'queued'
"""
_RETIRE = "UPDATE outbox SET state = 'refused', ended_at = ?, detail = ?, fallback = ? WHERE seq = ?"
# There too people wait for the end of what it is about, and an Alertmanager for its repetition.
_TOLD_ON = """
UPDATE error_notifications_log SET told_on = json_insert(told_on, '$[#]', :channel)
WHERE id IN (SELECT problem_id FROM message_problems WHERE message_id = :message)
    AND NOT EXISTS (SELECT 1 FROM json_each(told_on) WHERE value = :channel)
"""
_FOR_THIS_CHANNEL_ONLY = (MessageKind.TEST, MessageKind.RESEND)


@dataclass(frozen=True, slots=True)
class Late:
    """A delivery that may have to be handed on."""

    seq: int
    message_id: str
    channel: str
    facts: Undelivered


def insert_delivery(
    connection: sqlite3.Connection, message_id: str, channel: str, at: str, fallback: tuple[str, ...], after_s: float
) -> bool:
    """Queue a message for a channel; False when it was queued there before."""
    inserted = connection.execute(
        "INSERT OR IGNORE INTO outbox (message_id, channel, not_before, created_at, fallback, fallback_after_s)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (message_id, channel, at, at, json.dumps(fallback), after_s),
    )
    return inserted.rowcount == 1


def hurry(connection: sqlite3.Connection, channel: str, at: str) -> None:
    """Have a channel tried now: what comes is critical, and must not wait for the backoff of what is in front of it.

    The backoff after a long outage is minutes. When the other side itself has asked to wait, it is left in peace.
    """
    connection.execute(
        "UPDATE outbox SET not_before = ?"
        " WHERE channel = ? AND state = 'queued' AND NOT asked_to_wait AND not_before > ?",
        (at, channel, at),
    )


def undelivered(connection: sqlite3.Connection) -> list[Late]:
    """What was not delivered so far and has further channels."""
    return [_late(*row) for row in connection.execute(_UNDELIVERED)]


def _late(
    seq: int, message_id: str, channel: str, state: str, created_at: str, chain: str, after_s: float, acknowledged: int
) -> Late:
    has_failed = state != "queued"
    facts = Undelivered(has_failed, from_iso(created_at), tuple(json.loads(chain)), after_s, bool(acknowledged))
    return Late(seq, message_id, channel, facts)


def hand_on(connection: sqlite3.Connection, late: Late, channels: Collection[str], at: str) -> str:
    """Queue it for the next configured channel of its chain that does not have it yet; tells which, "" for none."""
    connection.execute("UPDATE outbox SET fallback = '[]' WHERE seq = ?", (late.seq,))
    chain = tuple(channel for channel in late.facts.chain if channel in channels)
    for number, channel in enumerate(chain, 1):
        if insert_delivery(connection, late.message_id, channel, at, chain[number:], late.facts.after_s):
            connection.execute(_TOLD_ON, {"channel": channel, "message": late.message_id})
            return channel
    return ""


def retire(connection: sqlite3.Connection, channels: Collection[str], at: str) -> Counter[str]:
    """End what is queued for channels that are no longer there, and have it handed on; how many of each.

    Nothing is lost when a channel is replaced by another: what has no fallback goes to the channels that are there.
    """
    ended: Counter[str] = Counter()
    for seq, channel, kind, chain in connection.execute(_QUEUED).fetchall():
        if channel == CANARY or channel in channels:
            continue
        further = [one for one in json.loads(chain) if one in channels] or list(channels)
        fallback = [] if kind in _FOR_THIS_CHANNEL_ONLY else further
        connection.execute(_RETIRE, (at, NOT_CONFIGURED, json.dumps(fallback), seq))
        ended[channel] += 1
    return ended
