"""A notifier that hangs cannot say so; what the check found of it is said until it finds something else."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.unit.overview import statuses
from tests.unit.overview.test_snapshot import GONE, NOW, shot

from standfast.overview.problems import headline, problems
from standfast.overview.reading import read_snapshot
from standfast.overview.snapshot import Snapshot, Source
from standfast.overview.tones import Tone
from standfast.unit_names import DETECTOR, NOTIFIER

MUTE = {"type": "CANARY_LOST", "unit": NOTIFIER, "well": False, "detail": "the notifier did not pass a canary on"}


def checked(*answers: Any, at: Any = statuses.AT) -> Snapshot:
    return replace(shot(), check=Source({"checked_at": at, "answers": [*answers]}))


def test_a_notifier_that_delivers_nothing_is_said_with_when_that_was_found() -> None:
    snapshot = checked(MUTE, {"type": "DISK_SPACE_LOW", "unit": "-.mount", "well": False, "detail": "full"})
    found = problems(snapshot)
    assert found == [
        "The notifier did not pass a canary on (so the check at 15:00:00 UTC), and has written no status for 5 s; "
        "systemctl restart standfast-notifier, then to look again: systemctl start standfast-check"
    ]
    assert headline(snapshot, found) == (Tone.BAD, "All watched units stand, but nobody would be told if one fell")


def test_a_notifier_that_has_moved_since_may_deliver_again() -> None:
    earlier = (NOW - timedelta(minutes=1)).isoformat()
    snapshot = checked(MUTE, at=earlier)
    (line,) = problems(snapshot)
    assert line.endswith("; it has moved since then, to look again: systemctl start standfast-check")
    assert headline(snapshot, [line]) == (Tone.WARNING, "All watched units stand, but something needs a look")


def test_what_fails_in_the_fleet_is_said_before_what_fails_of_the_channels() -> None:
    channel = {"name": "sms", "refusing": "the daily cap of 2 is reached"}
    detector = statuses.detector(failure_level="CASCADING", reasons=["3 critical units fail"])
    notifier = statuses.notifier(statuses.error(), channels=[channel])
    agent = statuses.agent(state="ERROR", reason="bad key")
    snapshot = replace(shot(detector, notifier, paper=agent), check=checked(MUTE).check)
    assert [line.partition(" ")[0] for line in problems(snapshot)] == ["Failure", "The", "Agent", "Channel", "1"]


def test_a_detector_that_hangs_is_said_too() -> None:
    stuck = {"type": "WATCHER_STUCK", "unit": DETECTOR, "well": False, "detail": f"{DETECTOR} looked last 70 s ago"}
    (line,) = problems(checked(stuck))
    assert "restart standfast-detector, " in line


@pytest.mark.parametrize(
    "snapshot",
    [
        shot(),
        checked({**MUTE, "well": True}),
        checked({**MUTE, "well": None}),
        checked({**MUTE, "unit": "x.service"}),
        checked("odd"),
        checked(MUTE, at=None),
        replace(shot(), check=Source({"checked_at": statuses.AT, "answers": 3})),
    ],
)
def test_of_what_is_well_or_not_known_nothing_is_said(snapshot: Snapshot) -> None:
    assert problems(snapshot) == []


def test_what_was_found_long_ago_or_of_one_that_does_not_run_is_not_repeated() -> None:
    fresh = statuses.detector(checked_at=None), statuses.notifier(checked_at=None)
    late = replace(checked(MUTE), now=NOW + timedelta(minutes=31))
    assert problems(replace(late, detector=Source(fresh[0]), notifier=Source(fresh[1]))) == []
    assert problems(replace(checked(MUTE), notifier=GONE)) == [GONE.trouble]


def test_it_is_read_beside_the_others(tmp_path: Path) -> None:
    statuses.put_all(tmp_path)
    assert read_snapshot(NOW, tmp_path, tmp_path).check.status is None
    statuses.put(tmp_path, "check", {"answers": [MUTE], "checked_at": statuses.AT})
    assert len(problems(read_snapshot(NOW, tmp_path, tmp_path))) == 1
