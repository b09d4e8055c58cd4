"""What a master restart learns of critical files: from the running detector, which alone has looked at them often."""

from __future__ import annotations

from pathlib import Path

from standfast import statusfile
from standfast.detector.restart.survey import fresh_bad_files
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
