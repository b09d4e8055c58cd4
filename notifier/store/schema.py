"""The tables. Times are ISO 8601 texts in UTC.

`error_notifications_log` is the table of the earlier system with its columns first and in their
order, so that old queries keep working; what was added stands behind them.
"""

from typing import Final

_ERROR_LOG: Final = """
CREATE TABLE error_notifications_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    error_type TEXT NOT NULL,
    error_message TEXT NOT NULL,
    first_occurrence TEXT NOT NULL,
    last_occurrence TEXT NOT NULL,
    occurrence_count INTEGER NOT NULL DEFAULT 1,
    last_notification_sent TEXT,
    notification_count INTEGER NOT NULL DEFAULT 0,
    is_resolved INTEGER NOT NULL DEFAULT 0,
    resolved_at TEXT,
    unit TEXT NOT NULL DEFAULT '',
    severity TEXT NOT NULL DEFAULT 'warning',
    failure_class TEXT NOT NULL DEFAULT '',
    action TEXT NOT NULL DEFAULT '',
    stage TEXT NOT NULL DEFAULT 'held',
    told_at TEXT,
    quiet TEXT NOT NULL DEFAULT '',
    acknowledged INTEGER NOT NULL DEFAULT 0
)
"""

_MESSAGES: Final = """
CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at TEXT NOT NULL,
    delivered_at TEXT
) WITHOUT ROWID
"""

_MESSAGE_PROBLEMS: Final = """
CREATE TABLE message_problems (
    message_id TEXT NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
    problem_id INTEGER NOT NULL,
    PRIMARY KEY (message_id, problem_id)
) WITHOUT ROWID
"""

# `seq` is the order in which a channel delivers. `fallback` (a JSON array) empties when the message is handed on.
_OUTBOX: Final = """
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'delivered', 'refused', 'given_up')),
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before TEXT NOT NULL,
    created_at TEXT NOT NULL,
    ended_at TEXT,
    detail TEXT NOT NULL DEFAULT '',
    parts_done INTEGER NOT NULL DEFAULT 0,
    fallback TEXT NOT NULL DEFAULT '[]',
    fallback_after_s REAL NOT NULL DEFAULT 0,
    UNIQUE (message_id, channel)
)
"""

# `changes` is a JSON array of times.
_FLAPPING: Final = """
CREATE TABLE flapping (
    error_type TEXT NOT NULL,
    unit TEXT NOT NULL,
    changes TEXT NOT NULL,
    first_change TEXT NOT NULL,
    since TEXT,
    change_count INTEGER NOT NULL,
    PRIMARY KEY (error_type, unit)
) WITHOUT ROWID
"""

_SILENCES: Final = """
CREATE TABLE silences (
    id TEXT PRIMARY KEY,
    unit TEXT NOT NULL,
    type TEXT NOT NULL,
    severity TEXT NOT NULL,
    start TEXT NOT NULL,
    end TEXT NOT NULL,
    why TEXT NOT NULL,
    by TEXT NOT NULL
) WITHOUT ROWID
"""

_NOTES: Final = "CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        _ERROR_LOG,
        "CREATE UNIQUE INDEX one_unresolved ON error_notifications_log (error_type, unit) WHERE is_resolved = 0",
        _MESSAGES,
        "CREATE INDEX resends ON messages (id) WHERE kind = 'resend'",
        _MESSAGE_PROBLEMS,
        _OUTBOX,
        "CREATE INDEX queued ON outbox (channel, seq) WHERE state = 'queued'",
        "CREATE INDEX delivered ON outbox (channel, ended_at) WHERE state = 'delivered'",
        "CREATE INDEX with_fallback ON outbox (seq) WHERE fallback != '[]' AND state != 'delivered'",
        _FLAPPING,
        _SILENCES,
        "CREATE TABLE statuses (unit TEXT PRIMARY KEY, told_at TEXT NOT NULL) WITHOUT ROWID",
        _NOTES,
    ),
    ("CREATE INDEX canaries ON messages (id) WHERE kind = 'canary'",),
    (
        # A JSON array of channels.
        "ALTER TABLE error_notifications_log ADD COLUMN told_on TEXT NOT NULL DEFAULT '[]'",
        "ALTER TABLE error_notifications_log ADD COLUMN ended_by TEXT NOT NULL DEFAULT ''",
        # Whether `not_before` is the other side's wish.
        "ALTER TABLE outbox ADD COLUMN asked_to_wait INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX refused ON outbox (channel, ended_at) WHERE state IN ('refused', 'given_up')",
    ),
    ("ALTER TABLE error_notifications_log ADD COLUMN ended_with TEXT NOT NULL DEFAULT ''",),
    ("CREATE INDEX of_problem ON message_problems (problem_id)",),
    (
        # A JSON array of names; how often it was told that others have the problem now.
        "ALTER TABLE flapping ADD COLUMN about TEXT NOT NULL DEFAULT '[]'",
        "ALTER TABLE flapping ADD COLUMN others_told INTEGER NOT NULL DEFAULT 0",
    ),
    ("ALTER TABLE error_notifications_log ADD COLUMN closed_at TEXT",),
    (
        "ALTER TABLE error_notifications_log ADD COLUMN told_elsewhere INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX statuses_of ON messages (json_extract(body, '$.events[0].unit')) WHERE kind = 'status'",
    ),
    (
        # How a problem stands now, where that is not what it was told as; what was told last of one that flaps.
        "ALTER TABLE error_notifications_log ADD COLUMN stands TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE flapping ADD COLUMN said TEXT NOT NULL DEFAULT ''",
    ),
    ("ALTER TABLE flapping ADD COLUMN told_anew INTEGER NOT NULL DEFAULT 0",),
)
