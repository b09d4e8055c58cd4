"""Who is behind what the history shows, and what commands are about."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from standfast.ctl.speaker import about, asked_runs, spoken_by
from standfast.notifier.authorise import Speaker, Trust
from standfast.notifier.entries import Entry

NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
TRUST = Trust({Speaker.ADMIN: frozenset({0, 1000}), Speaker.STANDFAST: frozenset({990})})
NAMES = {0: "root", 990: "standfast", 1000: "alice"}
MASTER = "standfast-master-restart.service"


def entry(kind: str, error_type: str = "X", uid: int = 0, at_s: float = 0, /, **more: str) -> Entry:
    fields = {"STANDFAST": "1", "STANDFAST_EVENT": kind, "STANDFAST_TYPE": error_type, "_UID": str(uid), **more}
    return Entry(fields, "", NOW + timedelta(seconds=at_s))


def asked(at_s: float, uid: int = 990) -> Entry:
    return entry("decision", "MASTER_RESTART_ASKED", uid, at_s, _SYSTEMD_UNIT="standfast-detector.service")


def run(at_s: float, run_id: str, what: str = "STARTED") -> Entry:
    return entry("restart", f"MASTER_RESTART_{what}", 0, at_s, _SYSTEMD_UNIT=MASTER, _SYSTEMD_INVOCATION_ID=run_id)


def by(found: Entry, asked_for: frozenset[str] = frozenset()) -> str:
    event = found.event()
    assert event is not None
    return spoken_by(found, event, asked_for, TRUST, lambda uid: NAMES[uid or 0])


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([asked(0), run(0.3, "a"), run(9, "a", "COMPLETED")], {"a"}),
        ([run(0, "a"), asked(5), run(9, "a", "COMPLETED"), run(10, "b")], {"b"}),
        ([asked(0), run(61, "a")], set()),
        ([asked(0), run(1, "a"), run(2, "b")], {"a"}),
        ([asked(0, uid=1000), run(1, "a")], set()),
        ([asked(0), run(1, "a", "COMPLETED")], {"a"}),
    ],
    ids=["asked for", "by hand before", "long after", "by hand after", "a stranger asks", "nothing to restart"],
)
def test_which_master_restarts_the_detector_asked_for(entries: list[Entry], expected: set[str]) -> None:
    assert asked_runs(entries, TRUST) == expected


def test_who_a_restart_is_by() -> None:
    assert by(run(0, "a"), frozenset({"a"})) == "detector"
    assert by(run(0, "b"), frozenset({"a"})) == "root"
    assert by(asked(0)) == "detector"
    assert by(entry("problem", "X", 1000, _SYSTEMD_UNIT="standfast-detector.service")) == "alice"


@pytest.mark.parametrize(
    ("uid", "more", "data", "expected"),
    [
        (1000, {}, {}, "alice"),
        (0, {}, {}, "root"),
        (0, {"_AUDIT_LOGINUID": "4294967295"}, {}, "root"),
        (0, {"_AUDIT_LOGINUID": "1000"}, {}, "alice (as root)"),
        (0, {}, {"by": "alice"}, "alice (as root)"),
        (1000, {}, {"by": "root"}, "alice"),
    ],
)
def test_who_a_command_is_by(uid: int, more: dict[str, str], data: dict[str, Any], expected: str) -> None:
    assert by(entry("command", "RELEASE", uid, STANDFAST_DATA=json.dumps(data), **more)) == expected


@pytest.mark.parametrize(
    ("more", "data", "unit"),
    [
        ({}, {}, ""),
        ({}, {"unit": "a.service"}, "a.service"),
        ({}, {"unit": 7}, ""),
        ({"STANDFAST_UNIT": "standfast-agent@paper.service"}, {}, "standfast-agent@paper.service"),
    ],
)
def test_a_command_is_not_about_the_session_that_it_was_typed_in(
    more: dict[str, str], data: dict[str, Any], unit: str
) -> None:
    found = entry("command", "ACK", _SYSTEMD_UNIT="session-c1.scope", STANDFAST_DATA=json.dumps(data), **more)
    event = found.event()
    assert event is not None
    assert about(found, event).unit == unit
    problem = entry("problem", _SYSTEMD_UNIT="a.service")
    event = problem.event()
    assert event is not None
    assert about(problem, event).unit == "a.service"
