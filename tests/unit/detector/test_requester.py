"""Whether a master restart answers a request of the detector."""

from __future__ import annotations

from datetime import UTC, datetime

from standfast.detector.restart.requester import is_request

NOW = 1000.0


def newest(kind: str, at: float) -> dict[str, object]:
    return {"STANDFAST_TYPE": kind, "__REALTIME_TIMESTAMP": datetime.fromtimestamp(at, UTC)}


def test_only_a_request_of_a_moment_ago_that_nothing_has_answered_is_answered_by_a_start() -> None:
    assert is_request(newest("MASTER_RESTART_ASKED", NOW - 1), NOW)
    assert not is_request(newest("MASTER_RESTART_ASKED", NOW - 61), NOW)
    assert not is_request(newest("MASTER_RESTART_COMPLETED", NOW - 1), NOW)
    assert not is_request({}, NOW)
