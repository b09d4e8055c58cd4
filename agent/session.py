"""Trading hours: when the market of an agent is open, and when it opens or closes next. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

# A market that stays shut for longer than this is looked at again at the end of it.
HORIZON_DAYS: Final = 370


@dataclass(frozen=True, slots=True)
class Hours:
    """When a market is open, by the clock of its own zone.

    A `stop` that is not after `start` belongs to the next day. On the days of a clock change the
    zone's own clock counts, as it does for the market.
    """

    days: frozenset[int]
    start: time
    stop: time
    zone: ZoneInfo
    holidays: frozenset[date] = field(default_factory=frozenset)

    def is_open(self, now: datetime) -> bool:
        """Whether the market is open; the start is inside, the stop is outside."""
        today = now.astimezone(self.zone).date()
        return any(start <= now < stop for start, stop in map(self._session, _around(today)) if start < stop)

    def next_change(self, now: datetime) -> datetime:
        """When the market opens or closes next."""
        today = now.astimezone(self.zone).date()
        days = (today + timedelta(days=offset) for offset in range(-1, HORIZON_DAYS))
        moments = (moment for day in days for moment in self._edges(day) if moment > now)
        return next(moments, now + timedelta(days=HORIZON_DAYS))

    def _edges(self, day: date) -> Iterable[datetime]:
        start, stop = self._session(day)
        return (start, stop) if start < stop else ()

    def _session(self, day: date) -> tuple[datetime, datetime]:
        """The session that begins on that day, in UTC; an empty one on a day without."""
        start = self._moment(day, self.start)
        if day.weekday() not in self.days or day in self.holidays:
            return start, start
        following = day if self.stop > self.start else day + timedelta(days=1)
        return start, self._moment(following, self.stop)

    def _moment(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.zone).astimezone(UTC)


def _around(today: date) -> tuple[date, date]:
    return today - timedelta(days=1), today


def parse_days(text: str) -> frozenset[int]:
    """Weekdays, Monday being 0, from "Mon..Fri", "Mon,Wed,Fri" or a mixture.

    Raises:
        ValueError: it is none of these.
    """
    days: set[int] = set()
    for part in text.split(","):
        first, dots, last = (word.strip() for word in part.partition(".."))
        begin = WEEKDAYS.index(first.capitalize())
        end = WEEKDAYS.index(last.capitalize()) if dots else begin
        days.update(day % 7 for day in range(begin, end + 1 if end >= begin else end + 8))
    return frozenset(days)


def parse_clock(text: str) -> time:
    """A time of day from "09:15" or "09:15:30".

    Raises:
        ValueError: it is none.
    """
    return time.fromisoformat(text)


def parse_zone(text: str) -> ZoneInfo:
    """A time zone by its name, such as "Asia/Kolkata".

    Raises:
        ValueError: this host knows no such zone.
    """
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(f"unknown time zone {text}") from error


def parse_holidays(text: str) -> frozenset[date]:
    """Dates, one a line as 2026-01-26; anything after the date, and lines that begin with #, are remarks.

    Raises:
        ValueError: a line does not begin with a date; the text names the line.
    """
    found: set[date] = set()
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            found.add(date.fromisoformat(words[0]))
        except ValueError:
            raise ValueError(f"line {number}: expected a date such as 2026-01-26, found {words[0]!r}") from None
    return frozenset(found)
