"""What happened in the last hours, as the timeline shows it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from standfast.events import Event, Kind, Severity
from standfast.moments import iso
from standfast.overview.snapshot import LEVELS, UNKNOWN

SPAN: Final = timedelta(hours=24)

# A unit that crashes again within this is still the same crash.
ECHO: Final = timedelta(seconds=60)
# A detector that is back within this was restarted.
RESTART: Final = timedelta(seconds=60)
# What a happening that is no event of the catalogue is called.
MESSAGE: Final = "message"
WATCH: Final = "watch"


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the timeline.

    Attributes:
        kind: the kind of event; or `message`, for what was told to people; or `watch`, for what the detector saw.
        previous_level: of a change of level, what it was before.
        gave_way_to: of the end of a problem, the worse one that stands for it now; "" where it is over.
    """

    at: datetime
    kind: str
    text: str
    severity: Severity = Severity.INFO
    type: str = ""
    unit: str = ""
    state: str = ""
    level: str = ""
    previous_level: str = ""
    gave_way_to: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which the detector did not run; without an end it lasts."""

    begin: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class History:
    """The happenings between two moments, the newest first.

    Attributes:
        complete: whether nothing that was found was left out; the newest of very many are kept.
        trouble: why nothing could be read; "" when it could.
        watched_since: from when on the detector is in the journal; None when it is not.
        begins_at: when the journal itself begins; None where that is not known.
        unwatched: when the detector did not run since then, the oldest first.
    """

    since: datetime
    until: datetime
    happenings: tuple[Happening, ...] = ()
    complete: bool = True
    trouble: str = ""
    watched_since: datetime | None = None
    begins_at: datetime | None = None
    unwatched: tuple[Gap, ...] = ()

    @property
    def is_cut(self) -> bool:
        """Whether the journal begins too late for all of it: what was before was removed, or never kept."""
        return self.begins_at is not None and self.begins_at > self.since


@dataclass(frozen=True, slots=True)
class Line:
    """A line that a unit logged, or that systemd logged about it; `priority` is that of syslog(3)."""

    at: datetime
    text: str
    priority: int


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time at one level."""

    level: str
    begin: datetime
    end: datetime


def of_event(event: Event, at: datetime) -> Happening:
    """The line of an event."""
    return Happening(
        at=at,
        kind=event.kind.value,
        text=event.message,
        severity=event.severity,
        type=event.type,
        unit=event.unit,
        state=event.state,
        level=event.level if event.level in LEVELS else "",
        previous_level=_known(event.data.get("previous_level")),
        gave_way_to=_word(event.data.get("superseded_by")),
    )


def of_message(text: str, at: datetime, ended: Sequence[tuple[str, str]]) -> Happening:
    """The line of a message to people.

    Args:
        text: what the notifier logged when it queued it.
        ended: the channels and how the delivery by each ended.
    """
    title = text.removeprefix("[NOTIFICATION] To be sent by ").partition(": ")[2] or text
    results = ", ".join(f"{result} by {channel}" for channel, result in ended)
    bad = any(result not in ("delivered", "retry") for _, result in ended)
    said = f"{title} ({results or 'not delivered yet'})"
    return Happening(at, MESSAGE, said, Severity.WARNING if bad else Severity.INFO)


def of_watch(text: str, unit: str, at: datetime) -> Happening:
    """The line of something that the detector found worth a warning."""
    return Happening(at, WATCH, text.removeprefix("[HEALTH-CHECK] "), Severity.WARNING, unit=unit)


def within(history: History, hours: int) -> History:
    """The newest part of a history."""
    since = max(history.since, history.until - timedelta(hours=hours))
    kept = tuple(one for one in history.happenings if one.at >= since)
    unwatched = tuple(one for one in history.unwatched if one.end is None or one.end > since)
    return replace(history, since=since, happenings=kept, unwatched=unwatched)


def level_since(history: History, level: str) -> datetime | None:
    """Since when the level is what it is; None where the history does not reach back so far."""
    if level == UNKNOWN:
        return next((one.begin for one in history.unwatched if one.end is None), None)
    for one in history.happenings:
        if one.kind == Kind.LEVEL:
            return one.at if one.level == level else None
    return None


def spans(history: History, level: str) -> list[Span]:
    """The levels from the oldest moment to the newest; what is not known is UNKNOWN."""
    changes = sorted(
        (one for one in history.happenings if one.kind == Kind.LEVEL and one.level), key=lambda one: one.at
    )
    if history.trouble:
        return [Span(UNKNOWN, history.since, history.until)]
    watched = min(max(history.watched_since or history.until, history.since), history.until)
    found = [Span(UNKNOWN, history.since, watched)] if watched > history.since else []
    begin, now = watched, (changes[0].previous_level or UNKNOWN) if changes else level
    for change in changes:
        if change.at > begin:
            found.append(Span(now, begin, change.at))
        begin, now = change.at, change.level
    if history.until > begin:
        found.append(Span(now, begin, history.until))
    for gap in history.unwatched:
        found = _cut(found, gap)
    return found


def _cut(found: Sequence[Span], gap: Gap) -> list[Span]:
    """The same with what nobody saw as that: no level of before holds on while nobody looks."""
    cut: list[Span] = []
    for span in found:
        begin, end = max(span.begin, gap.begin), min(span.end, gap.end or span.end)
        if begin >= end:
            cut.append(span)
            continue
        parts = (Span(span.level, span.begin, begin), Span(UNKNOWN, begin, end), Span(span.level, end, span.end))
        cut += [part for part in parts if part.begin < part.end]
    return cut


def gaps(changes: Iterable[tuple[datetime, bool]]) -> tuple[Gap, ...]:
    """When the detector did not run, by when it came up or went down, the oldest first; a restart is no gap."""
    found: list[Gap] = []
    down_since: datetime | None = None
    for at, is_up in changes:
        if not is_up:
            down_since = down_since or at
        elif down_since:
            found += [Gap(down_since, at)] if at - down_since >= RESTART else []
            down_since = None
    return (*found, Gap(down_since)) if down_since else tuple(found)


def document(history: History) -> dict[str, Any]:
    """The body of `GET /api/timeline`."""
    watched = history.watched_since
    return {
        "since": iso(history.since),
        "until": iso(history.until),
        "known_since": iso(max(watched, history.since)) if watched else None,
        "complete": history.complete and not history.is_cut,
        "journal_since": iso(history.begins_at) if history.begins_at else None,
        "unwatched": [
            {"since": iso(one.begin), "until": iso(one.end) if one.end else None} for one in history.unwatched
        ],
        "events": [_row(one) for one in history.happenings],
    }


def newest_first(happenings: Iterable[Happening]) -> tuple[Happening, ...]:
    """In the order in which they are shown, without what the detector saw of the same unit a moment before."""
    shown: list[Happening] = []
    seen: dict[str, Happening] = {}
    for one in sorted(happenings, key=lambda one: one.at):
        before = seen.get(one.unit) if one.kind == WATCH and one.unit else None
        if before is None or _what(one) != _what(before) or one.at - before.at > ECHO:
            shown.append(one)
        if one.kind == WATCH:
            seen[one.unit] = one
    return tuple(reversed(shown))


def _what(one: Happening) -> str:
    """What was seen, without its details: "a.service is crashed"."""
    return one.text.partition(":")[0]


def _row(one: Happening) -> Mapping[str, str]:
    return {
        "at": iso(one.at),
        "kind": one.kind,
        "severity": one.severity.value,
        "type": one.type,
        "unit": one.unit,
        "state": one.state,
        "level": one.level,
        "text": one.text,
    }


def _known(value: Any) -> str:
    return value if value in LEVELS else ""


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""
