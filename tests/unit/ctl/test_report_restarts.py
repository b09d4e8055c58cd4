"""What standfastctl status says of master restarts: those that were, and whether one is possible."""

from datetime import timedelta
from typing import Any

import pytest
from tests.unit.overview import statuses
from tests.unit.overview.test_snapshot import NOW, shot

from standfast.ctl.report import Report, report
from standfast.ctl.table import Cell, Table
from standfast.moments import from_iso, iso
from standfast.overview.tones import Tone
from standfast.time_words import moment


def table(found: Report, title: str) -> Table:
    return next(one for one in found.tables if one.title == title)


def words(row: tuple[Cell, ...]) -> list[str]:
    return [cell.text for cell in row]


@pytest.mark.parametrize(
    ("mode", "said"), [("act", "follows if a cascade lasts"), ("observe", "none is made in mode observe")]
)
def test_whether_a_master_restart_would_be_made(mode: str, said: str) -> None:
    facts = dict(report(shot(statuses.detector(mode=mode))).facts)

    assert facts["Master restart"].text == f"{said}; no limit is in the way of one"
    in_vain = "not for a.service, b.service together before 00:45:00 UTC, unless released"
    facts = dict(report(shot(statuses.detector(mode=mode, not_for=in_vain))).facts)
    assert facts["Master restart"].text == f"{said}; {in_vain}"


def test_a_restart_that_is_too_soon_says_from_when_on_it_is_not() -> None:
    blocked = {"can_restart": False, "restart_blocked": "the last one was less than 5 min ago"}
    until = NOW + timedelta(seconds=1)
    facts = dict(report(shot(statuses.detector(**blocked, gap_until=iso(until)))).facts)
    expected = (
        f"not now: the last one was less than 5 min ago; the next, if a cascade lasts, not before {moment(until, None)}"
    )
    assert facts["Master restart"].words == expected
    facts = dict(report(shot(statuses.detector(**blocked, gap_until=iso(NOW)))).facts)
    assert facts["Master restart"].words == "possible again from the next look on", "the status is of the last one"
    facts = dict(report(shot(statuses.detector(mode="act", gap_until=None))).facts)
    assert facts["Master restart"].words == "follows if a cascade lasts; no limit is in the way of one"


@pytest.mark.parametrize(
    ("run", "what"),
    [
        ({"automatic": False, "result": "success", "units": []}, "none was to be restarted"),
        ({"automatic": False, "result": "nothing", "units": []}, "none was to be restarted"),
        ({"automatic": True, "result": "nothing"}, "none was to be restarted"),
        ({"automatic": False, "result": "success", "units": None}, "not known which"),
        ({"automatic": False, "result": "success"}, "not known which"),
        ({"automatic": False, "result": "partial", "units": []}, "not known which"),
        # An earlier version noted it.
        ({"automatic": True, "result": "success", "because_of": ["a"]}, "not known which; because of a"),
        ({"automatic": True, "result": "refused", "because_of": ["a"]}, "none; because of a"),
        (
            {"automatic": True, "result": "success", "units": ["a"], "because_of": ["a"]},
            "a (asked for because of all of them)",
        ),
        ({"automatic": True, "result": "success", "units": ["a", "b"], "because_of": ["/f"]}, "a, b; because of /f"),
        ({"automatic": False, "result": "success", "units": ["a"]}, "a"),
    ],
)
def test_a_run_without_units_found_none_only_where_that_is_known(run: dict[str, Any], what: str) -> None:
    found = report(shot(statuses.detector(restart_history=[run])))
    assert words(table(found, "Master restarts").rows[0])[-1] == what


def test_hands_off_says_until_when() -> None:
    found = report(shot(statuses.detector(can_restart=False, hold_until="2026-11-23T15:40:00.000+00:00")))
    said = "hands off until {at}; to allow one before that: standfastctl release"
    assert ("Master restart", Cell(said, Tone.BAD, from_iso("2026-11-23T15:40:00Z"))) in found.facts
    decision = {"allowed": False, "reason": "same-set", "why": "2 did not help"}
    in_vain = statuses.detector(can_restart=False, restart_blocked="2 did not help", decision=decision)
    said = "not now: 2 did not help; when it is mended: standfastctl release"
    assert dict(report(shot(in_vain)).facts)["Master restart"].text == said


def test_what_a_release_made_not_count_is_not_said_to_be_none() -> None:
    label = "Master restarts in an hour"
    once = {"restart_count": 1, "max_per_hour": 3}
    released = report(shot(statuses.detector(**once, released_at="2026-11-23T14:40:00.000+00:00")))
    words = "1 since the release at {at} (at most 3)"
    assert (label, Cell(words, at=from_iso("2026-11-23T14:40:00Z"))) in released.facts
    long_ago = report(shot(statuses.detector(**once, released_at="2026-11-23T13:40:00.000+00:00")))
    assert (label, Cell("1 (at most 3)")) in long_ago.facts
