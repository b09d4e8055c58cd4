import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.overview import statuses

from standfast.overview.reading import LARGEST_BYTES, read_snapshot

NOW = datetime(2026, 11, 23, 15, 0, 5, tzinfo=UTC)


def test_all_daemons_are_read(tmp_path: Path) -> None:
    statuses.put_all(tmp_path, paper=statuses.agent(), live=statuses.agent(state="WAITING"))

    found = read_snapshot(NOW, tmp_path)

    assert found.detector.status == statuses.detector()
    assert found.notifier.status == statuses.notifier()
    assert {name: source.get("state") for name, source in found.agents.items()} == {
        "live": "WAITING",
        "paper": "ACTIVE",
    }


def test_a_host_on_which_nothing_runs_says_what_to_start(tmp_path: Path) -> None:
    found = read_snapshot(NOW, tmp_path / "none")

    assert found.detector.trouble == (
        "The failure detector is not running, or its status file is gone; see which, and start it: "
        "systemctl status standfast-detector; systemctl start standfast-detector"
    )
    assert found.notifier.trouble.endswith("systemctl start standfast-notifier")
    assert found.agents == {}


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', "\x00", "[" * 100_000, '{"a": NaN, "b": }'])
def test_a_file_that_is_no_status_is_told_and_spoils_nothing_else(tmp_path: Path, text: str) -> None:
    statuses.put_all(tmp_path)
    path = statuses.put(tmp_path, "detector", text)

    found = read_snapshot(NOW, tmp_path)

    assert found.detector.status is None
    assert found.detector.trouble.startswith(f"cannot read the status file {path}")
    assert found.notifier.status == statuses.notifier()


def test_a_pipe_or_a_flood_in_place_of_an_agents_status_is_not_read(tmp_path: Path) -> None:
    statuses.put_all(tmp_path)
    (tmp_path / "agent/pipe").mkdir()
    os.mkfifo(tmp_path / "agent/pipe/status.json")
    with statuses.put(tmp_path, "agent/flood", "").open("wb") as file:
        file.truncate(LARGEST_BYTES + 1)

    found = read_snapshot(NOW, tmp_path)

    assert "not a regular file" in found.agents["pipe"].trouble
    assert "too large" in found.agents["flood"].trouble
    assert found.agents["paper"].status == statuses.agent()


def test_a_number_that_is_no_json_makes_one_file_unreadable(tmp_path: Path) -> None:
    statuses.put_all(tmp_path)
    statuses.put(tmp_path, "agent/odd", '{"state": "ACTIVE", "entered_at": NaN}')

    found = read_snapshot(NOW, tmp_path)

    assert "NaN is no JSON" in found.agents["odd"].trouble
    assert found.agents["paper"].status == statuses.agent()
