"""From when on the detector may restart into what somebody mends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.detector.make import config

from standfast.detector.config import Mode
from standfast.detector.restart.next_one import next_automatic
from standfast.detector.restart.plan import Plan
from standfast.detector.restart.report import UnitReport, ended

BEGAN = 1_000_000_000.0
WORDS = "the detector may ask for the next from {} UTC on, where a cascade lasts"
COUNTED = {"gap_until": "2001-09-09T01:51:39.200+00:00", "restart_count": 1, "max_per_hour": 3}


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (None, WORDS.format("01:51:40")),
        (COUNTED, WORDS.format("01:51:39")),
        ({**COUNTED, "restart_count": 3}, ""),
        ({**COUNTED, "hold_until": "2001-09-09T02:51:40+00:00"}, ""),
        ({**COUNTED, "not_for": "not for a.service before"}, ""),
        ({"gap_until": 7}, WORDS.format("01:51:40")),
    ],
)
def test_the_next_one(status: dict[str, Any] | None, words: str) -> None:
    assert next_automatic(config("a"), status, BEGAN) == words
    assert next_automatic(replace(config("a"), mode=Mode.OBSERVE), status, BEGAN) == ""


def test_it_stands_in_the_report_of_what_was_not_all_brought_up() -> None:
    good, bad = UnitReport("a.service", True, 0.5, "up"), UnitReport("b.service", False, None, "its start failed")
    assert ended((bad,), 2, Plan((), ()), 0, "the next").action == "systemctl status b.service; the next"
    assert ended((good, bad), 2, Plan((), ()), 0, "the next").action.endswith("; the next")
    assert ended((good,), 2, Plan((), ()), 0, "the next").action == ""
