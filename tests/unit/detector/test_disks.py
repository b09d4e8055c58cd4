"""Disks, of paths that are there, are not, or cannot be seen; and a look that hangs."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from pathlib import Path

import pytest

from standfast.detector import disks
from standfast.detector.clockwork import SteadyClock
from standfast.detector.disks import Disks, Usage, usage
from standfast.detector.prediction.model import Figure, FigureObservation

PATIENCE_S = 10.0


def test_a_disk_is_named_by_where_it_is_mounted(tmp_path: Path) -> None:
    found = usage(tmp_path)
    assert found is not None
    assert os.path.ismount(found.mount_point)
    assert tmp_path.is_relative_to(found.mount_point)
    total, used, free = shutil.disk_usage(tmp_path)
    assert found.used == pytest.approx(used, rel=0.05)
    assert found.total == pytest.approx(used + free, rel=0.05)
    assert found.total <= total  # what only root may fill is not counted


def test_what_is_not_there_yet_is_looked_for_above(tmp_path: Path) -> None:
    found, expected = usage(tmp_path / "not/there/yet.db"), usage(tmp_path)
    assert found is not None
    assert expected is not None
    assert found.mount_point == expected.mount_point


def test_another_file_system_is_another_disk() -> None:
    found = usage(Path("/dev/shm/x"))
    assert found is not None
    assert found.mount_point == "/dev/shm"


def test_what_has_no_size_is_no_disk() -> None:
    assert usage(Path("/proc/self")) is None


def test_each_disk_is_told_once_and_a_dead_one_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disks, "LOOK_MAY_TAKE_S", 0.2)
    let_go = threading.Event()

    def look(path: Path) -> Usage | None:
        if path.name == "dead":
            let_go.wait(PATIENCE_S)
        return Usage("/srv", 1, 2)

    monkeypatch.setattr(disks, "usage", look)
    told: list[FigureObservation] = []

    async def run() -> None:
        enough = asyncio.Event()

        def note(seen: FigureObservation) -> None:
            told.append(seen)
            if len(told) == 2:
                enough.set()

        watched = Disks(SteadyClock(), note)
        watched.watch(("/srv/dead", "/srv/a", "/srv/b", "/srv/a"), every_s=0.05)
        async with asyncio.timeout(PATIENCE_S):
            await enough.wait()
        await watched.stop()

    asyncio.run(run())
    let_go.set()
    assert {(one.figure, one.of, one.value, one.limit) for one in told} == {(Figure.DISK, "/srv", 1, 2)}
    assert len({one.at for one in told}) == len(told)
