"""Times in words: one form for each thing, whoever says it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from standfast.time_words import clock, moment, rough, span

AT = datetime(2026, 11, 25, 9, 0, 5, tzinfo=UTC)
KOLKATA = ZoneInfo("Asia/Kolkata")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        *((-5, "0 s"), (0, "0 s"), (59.4, "59 s"), (59.6, "1 min"), (90, "1 min 30 s"), (120, "2 min")),
        *((599, "9 min 59 s"), (630, "10 min"), (3600, "1 h"), (11100, "3 h 5 min"), (187200, "2 d 4 h")),
    ],
)
def test_spans(seconds: float, words: str) -> None:
    assert span(seconds) == span(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        *((-1, "0 s"), (40, "40 s"), (119, "119 s"), (2100, "35 min"), (4 * 3600, "4 h"), (4.5 * 3600, "4.5 h")),
        *((86400, "24 h"), (300_000, "3.5 days"), (864_000, "10 days")),
    ],
)
def test_rough_spans(seconds: float, words: str) -> None:
    assert rough(seconds) == words


def test_moments_name_their_zone() -> None:
    assert (clock(AT), clock(AT, KOLKATA)) == ("09:00:05 UTC", "14:30:05 IST")
    assert (moment(AT), moment(AT, KOLKATA)) == ("2026-11-25 09:00:05 UTC", "2026-11-25 14:30:05 IST")


def test_nobody_else_writes_times_for_people() -> None:
    root = Path(__file__).parents[3]
    rooms = [root / name for name in ("agent", "detector", "notifier", "src/standfast")]
    sources = {path for room in rooms for path in room.rglob("*.py") if path.name != "time_words.py"}
    assert len(sources) > 200
    # The day of a certificate or a session, a time of day as people type it, and a mail's own form are no such times.
    spoken = re.compile(r"%H:%M:%S(?! \"|\", \"%d)| UTC\"")
    found = [
        f"{path}: {line.strip()}" for path in sources for line in path.read_text().splitlines() if spoken.search(line)
    ]
    assert [line for line in found if "TIME_FORMATS" not in line] == []
