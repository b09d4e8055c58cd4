"""The notifier's database, read for what it had delivered before it fell silent.

It is only read, and never waited for: one that cannot be read knows of nothing, and what was told may then be told once
more, which is better than not at all.
"""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

from standfast import paths
from standfast.check.delivered import NOTHING, Delivered, Told
from standfast.moments import from_iso
from standfast.notifier.model import Identity

log = logging.getLogger(__name__)

_LOCKED_FOR_S: Final = 0.5
# Problems that a channel took a message about, by the highest severity that was told.
_PROBLEMS: Final = """
SELECT error_type, unit, last_occurrence, is_resolved, max(ended_at),
       max(json_extract(body, '$.severity') = 'critical')
FROM error_notifications_log
JOIN message_problems ON problem_id = error_notifications_log.id
JOIN messages ON messages.id = message_problems.message_id
JOIN outbox ON outbox.message_id = messages.id
WHERE state = 'delivered' AND messages.kind IN ('problem', 'aggregate', 'reminder', 'flapping')
GROUP BY error_notifications_log.id
ORDER BY error_notifications_log.id
"""
# What has a message of its own, and is no problem.
_HAPPENINGS: Final = """
SELECT DISTINCT json_extract(body, '$.events[0].type'), json_extract(body, '$.events[0].unit'),
       json_extract(body, '$.at')
FROM messages JOIN outbox ON outbox.message_id = messages.id
WHERE state = 'delivered' AND messages.kind IN ('restart', 'shutdown')
"""


def delivered(path: Path = paths.NOTIFIER_DATABASE) -> Delivered:
    """What the database says; nothing when it is not there or cannot be read."""
    if not path.exists():
        return NOTHING
    try:
        with closing(_opened(path)) as connection:
            return _read(connection)
    except (sqlite3.Error, OSError, ValueError, TypeError) as error:
        log.warning("Cannot read in %s what the notifier delivered, some of it may be told again: %s", path, error)
        return NOTHING


def _opened(path: Path) -> sqlite3.Connection:
    """Where nobody has the log beside it open, nobody writes: to open that would create files."""
    is_open = path.with_name(path.name + "-shm").exists()
    query = "mode=ro" if is_open else "mode=ro&immutable=1"
    return sqlite3.connect(f"file:{quote(str(path))}?{query}", uri=True, timeout=_LOCKED_FOR_S)


def _read(connection: sqlite3.Connection) -> Delivered:
    problems = {
        Identity(kind, unit): Told(from_iso(last), from_iso(at), not is_resolved, bool(as_critical))
        for kind, unit, last, is_resolved, at, as_critical in connection.execute(_PROBLEMS)
    }
    happened = connection.execute(_HAPPENINGS)
    return Delivered(problems, frozenset((Identity(kind, unit), from_iso(at)) for kind, unit, at in happened))
