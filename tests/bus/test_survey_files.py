"""What a master restart learns from the running detector, which alone has looked often: of files, and of failures."""

from __future__ import annotations

from pathlib import Path

from standfast import statusfile
from standfast.detector.restart.survey import fresh_bad_files, fresh_failed
from standfast.detector.times import iso


def test_the_bad_files_are_those_of_a_detector_that_runs(tmp_path: Path) -> None:
    status = tmp_path / "status.json"
    files = {
        "/gone": {"detail": "missing", "consecutive_failures": 3},
        "/late": {"detail": "missing", "consecutive_failures": 2},
    }
    statusfile.write(status, {"critical_files": files, "checked_at": iso(1000)})
    assert fresh_bad_files(status, 1005, 5) == {"/gone": "missing"}
    assert fresh_bad_files(status, 1100, 5) == {}
    statusfile.write(status, {"critical_files": [], "checked_at": iso(1000)})
    assert fresh_bad_files(status, 1005, 5) == {}


def test_what_has_failed_is_what_a_detector_that_runs_counts_as_failed(tmp_path: Path) -> None:
    status = tmp_path / "status.json"
    rows = {name: {"consecutive_failures": n, "thresholds": {"critical": 5}} for name, n in (("a", 5), ("b", 4))}
    statusfile.write(status, {"service_health": rows, "checked_at": iso(1000)})
    assert fresh_failed(status, 1005, 5) == {"a"}
    assert fresh_failed(status, 1100, 5) == frozenset()
    statusfile.write(status, {"service_health": {"a": {}}, "checked_at": iso(1000)})
    assert fresh_failed(status, 1005, 5) == frozenset()
