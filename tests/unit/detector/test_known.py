"""What a master restart learns from the running detector, which alone has looked often: of files, and of failures."""

from __future__ import annotations

from typing import Any

import pytest

from standfast.detector.reading import Meaning
from standfast.detector.restart.known import NOTHING, Known, known
from standfast.detector.times import iso


def row(status: str, failures: int) -> dict[str, Any]:
    return {"status": status, "consecutive_failures": failures, "thresholds": {"critical": 5}}


STATUS: dict[str, Any] = {
    "checked_at": iso(1000),
    "service_health": {"a": row("healthy", 5), "b": row("looping", 4), "c": row("of tomorrow", 0)},
    "root_cause": ["b"],
    "critical_files": {
        "/gone": {"detail": "missing", "consecutive_failures": 3},
        "/late": {"detail": "missing", "consecutive_failures": 2},
    },
}


def test_what_a_detector_that_runs_has_seen_is_known() -> None:
    assert known(STATUS, 1005, 5) == Known(
        meanings={"a": Meaning.HEALTHY, "b": Meaning.LOOPING},
        failed=frozenset({"a"}),
        root_causes=("b",),
        bad_files={"/gone": "missing"},
    )


def test_of_one_that_hangs_or_does_not_run_nothing_is_known() -> None:
    assert known(STATUS, 1100, 5) == NOTHING
    assert known(STATUS, 1100, 60) != NOTHING, "it looks seldom"
    assert known(None, 1005, 5) == NOTHING


@pytest.mark.parametrize(
    "odd", [{"checked_at": 5}, {"service_health": {"a": {}}}, {"critical_files": []}, {"root_cause": None}]
)
def test_what_makes_no_sense_is_nothing(odd: dict[str, Any]) -> None:
    assert known({**STATUS, **odd}, 1005, 5) == NOTHING
