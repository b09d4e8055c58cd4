"""Trading hours against the clock of the market's own zone."""

from datetime import UTC, date, datetime, time

import pytest

from standfast.agent.session import Hours, parse_clock, parse_days, parse_holidays, parse_zone

KOLKATA = parse_zone("Asia/Kolkata")
NEW_YORK = parse_zone("America/New_York")
NSE = Hours(parse_days("Mon..Fri"), time(9, 15), time(15, 30), KOLKATA, frozenset({date(2026, 1, 26)}))
GLOBEX = Hours(parse_days("Sun..Thu"), time(18, 0), time(17, 0), NEW_YORK)


def at(zone_time: str, hours: Hours) -> datetime:
    return datetime.fromisoformat(zone_time).replace(tzinfo=hours.zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("hours", "moment", "is_open", "change"),
    [
        (NSE, "2026-01-27 09:14:59", False, "2026-01-27 09:15"),
        (NSE, "2026-01-27 09:15", True, "2026-01-27 15:30"),
        (NSE, "2026-01-27 15:29:59", True, "2026-01-27 15:30"),
        (NSE, "2026-01-27 15:30", False, "2026-01-28 09:15"),
        (NSE, "2026-01-23 16:00", False, "2026-01-27 09:15"),  # Friday, weekend, holiday
        (NSE, "2026-01-26 12:00", False, "2026-01-27 09:15"),
        (GLOBEX, "2026-01-28 02:00", True, "2026-01-28 17:00"),  # over midnight
        (GLOBEX, "2026-01-28 17:30", False, "2026-01-28 18:00"),
        (GLOBEX, "2026-01-30 18:30", False, "2026-02-01 18:00"),  # Friday evening
        (GLOBEX, "2026-03-08 19:00", True, "2026-03-09 17:00"),  # the day when clocks went forward
    ],
)
def test_open_and_next_change(hours: Hours, moment: str, is_open: bool, change: str) -> None:
    now = at(moment, hours)
    assert hours.is_open(now) is is_open
    assert hours.next_change(now) == at(change, hours)


def test_the_clock_change_moves_the_opening_in_utc() -> None:
    wall_street = Hours(parse_days("Mon..Fri"), time(9, 30), time(16, 0), NEW_YORK)
    assert wall_street.next_change(datetime(2026, 3, 6, 12, tzinfo=UTC)) == datetime(2026, 3, 6, 14, 30, tzinfo=UTC)
    assert wall_street.next_change(datetime(2026, 3, 9, 12, tzinfo=UTC)) == datetime(2026, 3, 9, 13, 30, tzinfo=UTC)


def test_a_market_that_never_opens_is_looked_at_again_some_day() -> None:
    never = Hours(frozenset(), time(9), time(10), KOLKATA)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert never.next_change(now) > now
    assert not never.is_open(now)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Mon..Fri", {0, 1, 2, 3, 4}),
        ("mon, wed", {0, 2}),
        ("Sat..Mon", {5, 6, 0}),
        ("Sun..Sun", {6}),
        ("Mon..Sun", set(range(7))),
    ],
)
def test_days(text: str, days: set[int]) -> None:
    assert parse_days(text) == days


@pytest.mark.parametrize("text", ["", "Mon..", "Monday", "Mon-Fri"])
def test_days_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_days(text)


def test_holidays() -> None:
    assert parse_holidays("# NSE\n\n2026-01-26 Republic Day\n2026-03-03\n") == {date(2026, 1, 26), date(2026, 3, 3)}
    with pytest.raises(ValueError, match=r"line 2: expected a date such as 2026-01-26, found '26\.1\.2026'"):
        parse_holidays("2026-01-26\n26.1.2026\n")


def test_clock_and_zone_that_cannot_be_read() -> None:
    assert parse_clock("09:15") == time(9, 15)
    for parse, text in (
        (parse_clock, "9.15"),
        (parse_zone, "Asia/Nowhere"),
        (parse_zone, "/etc/passwd"),
        (parse_zone, ""),
    ):
        with pytest.raises(ValueError, match=r".*"):
            parse(text)
