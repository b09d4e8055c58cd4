"""Which entries of the journal change the ledger, and who may write them."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from standfast.detector.follow import REBUILT_FROM_S, Asked, Hearing, Resolved, observed, rebuilt_from
from standfast.detector.model import ReleaseObservation, RestartObservation, RunResult

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def entry(**changes: Any) -> dict[str, Any]:
    fields = {
        "STANDFAST": "1",
        "STANDFAST_EVENT": "restart",
        "STANDFAST_TYPE": "MASTER_RESTART_STARTED",
        "STANDFAST_UNIT": "standfast-master-restart.service",
        "MESSAGE": "[STATE] Master restart",
        "_UID": 0,
        "__REALTIME_TIMESTAMP": AT,
        "__CURSOR": "c",
    }
    return {**fields, **changes}


RELEASE = {"STANDFAST_EVENT": "command", "STANDFAST_TYPE": "RELEASE"}
RESOLVE = {
    "MESSAGE": "[NOTIFICATION] Command RESOLVE: done",
    "STANDFAST_RESULT": "DONE",
    "STANDFAST_RESOLVED": "UNIT_FAILING",
    "STANDFAST_UNIT": "a.service",
    "_SYSTEMD_UNIT": "standfast-notifier.service",
}


ASKED = {
    "STANDFAST_EVENT": "decision",
    "STANDFAST_TYPE": "MASTER_RESTART_ASKED",
    "STANDFAST_DATA": '{"reason": "cascade", "causes": ["a.service"]}',
    "_SYSTEMD_UNIT": "standfast-detector.service",
}
NOTHING = RestartObservation(AT.timestamp(), RunResult.NOTHING, units=frozenset())
STARTED_A = RestartObservation(AT.timestamp(), RunResult.STARTED, units=frozenset({"a.service"}))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (entry(), RestartObservation(AT.timestamp(), RunResult.STARTED)),
        (entry(STANDFAST_TYPE="MASTER_RESTART_PARTIAL"), RestartObservation(AT.timestamp(), RunResult.PARTIAL)),
        (entry(_SYSTEMD_INVOCATION_ID="ab1"), RestartObservation(AT.timestamp(), RunResult.STARTED, "ab1")),
        (entry(STANDFAST_DATA='{"units": ["a.service"]}'), STARTED_A),
        (entry(**ASKED), Asked(AT.timestamp(), frozenset({"a.service"}))),
        (entry(**{**ASKED, "_SYSTEMD_UNIT": "other.service"}), None),
        (entry(STANDFAST_TYPE="MASTER_RESTART_COMPLETED", STANDFAST_DATA='{"units": {}}'), NOTHING),
        (entry(STANDFAST_TYPE="SOMETHING"), None),
        (entry(_UID=1000), None),
        (entry(STANDFAST_UNIT="other.service"), None),
        (entry(STANDFAST="2"), None),
        (entry(**RELEASE), ReleaseObservation(AT.timestamp())),
        (entry(**RELEASE, _UID=4_000_000), None),
        (entry(**{**RELEASE, "STANDFAST_TYPE": "ACK"}), None),
        (entry(**RESOLVE), Resolved("UNIT_FAILING", "a.service")),
        (entry(**{**RESOLVE, "_SYSTEMD_UNIT": "other.service"}), None),
    ],
)
def test_observed(found: dict[str, Any], expected: object) -> None:
    assert observed(found) == expected


def heard(*entries: dict[str, Any]) -> list[frozenset[str] | None]:
    """For which units each start was asked for, as it is heard in the journal alone."""
    hearing = Hearing()
    news = [hearing.hear(one) for one in entries]
    return [one.asked_for for one in news if isinstance(one, RestartObservation)]


def test_a_start_that_a_detector_had_asked_for_is_told_from_one_by_hand() -> None:
    start, late = entry(), entry(__REALTIME_TIMESTAMP=AT + timedelta(minutes=5))
    assert heard(entry(**ASKED), start, late) == [frozenset({"a.service"}), None]
    assert heard(entry(**ASKED), late) == [None]
    assert heard(start) == [None]


def test_an_empty_ledger_is_read_from_the_journal_of_a_day_but_not_of_an_installation_before(tmp_path: Path) -> None:
    installed, now = tmp_path / "installed", 2 * REBUILT_FROM_S
    assert rebuilt_from(now, installed) == REBUILT_FROM_S
    installed.touch()
    for at, since in ((now - 3600, now - 3600), (10.0, REBUILT_FROM_S), (now + 99, now)):
        os.utime(installed, (at, at))
        assert rebuilt_from(now, installed) == since
