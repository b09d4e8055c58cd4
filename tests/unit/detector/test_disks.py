"""Disks, of paths that are there, are not, or cannot be seen; and a look that hangs."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from tests.unit.detector.test_probes import as_nobody

from standfast.detector import disks
from standfast.detector.clockwork import SteadyClock
from standfast.detector.disks import Disks, Usage, usage
from standfast.detector.prediction.disk import mount_unit
from standfast.detector.prediction.model import Figure, FigureObservation
from standfast.disks import mount_point

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


def test_a_place_that_may_not_be_seen_is_on_no_disk(tmp_path: Path) -> None:
    """Not on that of the directory above: a sandbox puts something of its own in the place of what it hides."""
    (tmp_path / "hidden").mkdir(mode=0)
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(0o755)
    with as_nobody():
        assert usage(tmp_path / "hidden/trades.db") is None
        with pytest.raises(PermissionError):
            mount_point(tmp_path / "hidden/trades.db")


def test_what_has_no_size_is_no_disk() -> None:
    assert usage(Path("/proc/self")) is None


@pytest.mark.parametrize("path", ["/", "/var", "/srv/my disk", "/mnt/a-b", "/mnt/.x", "/.hidden", "/mnt/é"])
def test_a_mounts_unit_is_named_as_systemd_names_it(path: str) -> None:
    command = ["systemd-escape", "--path", "--suffix=mount", path]
    wanted = subprocess.run(command, capture_output=True, text=True, check=True)
    assert mount_unit(path) == wanted.stdout.strip()


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


def test_no_thread_for_a_look_does_not_end_the_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host may have as many threads as it allows: that passes."""
    refused: list[str] = []
    start = threading.Thread.start

    def refuse_once(thread: threading.Thread) -> None:
        if thread.name == "probe" and not refused:
            refused.append(thread.name)
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse_once)
    monkeypatch.setattr(disks, "usage", lambda path: Usage("/srv", 1, 2))

    async def run() -> None:
        told = asyncio.Event()
        watched = Disks(SteadyClock(), lambda seen: told.set())
        watched.watch(["/srv/a"], every_s=0.01)
        async with asyncio.timeout(PATIENCE_S):
            await told.wait()
        await watched.stop()

    asyncio.run(run())
    assert refused
