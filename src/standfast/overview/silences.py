"""What is silenced, and until when: of that nobody hears anything new. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from standfast.overview import snapshot as shots
from standfast.overview.snapshot import Row, Snapshot, Source, words


@dataclass(frozen=True, slots=True)
class Silenced:
    """A silence in force, or one to come.

    Attributes:
        id: what `standfastctl unsilence` takes; "" where the notifier names none.
        what: what it matches, such as "unit trade_manager.service, type DATABASE_DOWN".
        start: when it begins; None for one in force.
        end: until when it lasts; None where that is not known.
        about: why, and by whom.
    """

    id: str
    what: str
    start: datetime | None
    end: datetime | None
    about: str


def rows(snapshot: Snapshot) -> Iterator[Row]:
    """The silences in force and to come, as the notifier tells them; it may still list one that has just ended."""
    return not_over(snapshot.notifier, snapshot.now)


def not_over(notifier: Source, now: datetime) -> Iterator[Row]:
    """The same, where only the notifier is asked."""
    for row in shots.rows(notifier.get("silences")):
        end = shots.moment(row.get("end"))
        if end is None or end > now:
            yield row


def silenced(snapshot: Snapshot) -> Iterator[Silenced]:
    """The same for people."""
    for row in rows(snapshot):
        start, end = shots.moment(row.get("start")), shots.moment(row.get("end"))
        to_come = start if start is not None and start > snapshot.now else None
        yield Silenced(words(row.get("id"), ""), matched(row), to_come, end, _about(row))


def matched(row: Row) -> str:
    """What a silence in the notifier's status matches, in words."""
    named = [f"{key} {words(row.get(key), '')}" for key in ("unit", "type", "severity") if row.get(key)]
    return ", ".join(named) or "everything"


def _about(row: Row) -> str:
    why, by = words(row.get("why"), ""), words(row.get("by"), "")
    return f"{why or 'no reason given'}; by {by or 'nobody knows whom'}"
