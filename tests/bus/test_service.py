"""The whole detector at its bus: what it writes for others to read."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from standfast import statusfile
from standfast.daemon import Frame
from standfast.detector import service
from standfast.detector.config import DetectorConfig, Watch
from standfast.detector.service import Detector
from standfast.heartbeat import Heartbeat
from standfast.journal import Journal
from standfast.systemd1 import Systemd1
from tests.bus.fake_systemd import FakeSystemd
from tests.bus.private_bus import PrivateBus

PATIENCE_S = 10.0


def test_a_detector_that_looks_seldom_still_shows_that_it_turns(
    bus: PrivateBus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "STATUS_AT_LEAST_EVERY_S", 0.1)
    monkeypatch.setattr(service, "TURN_S", 0.05)
    config = DetectorConfig(check_interval_s=600.0, watch=(Watch("a.service"),))
    journal = Journal("standfast-detector", tmp_path / "doorbell")
    seen: set[str] = set()

    async def run() -> None:
        fleet = FakeSystemd()
        fleet.add("a.service")
        await fleet.serve(bus.address)
        frame = Frame(Heartbeat(), journal)
        path = tmp_path / "status.json"
        detector = Detector(
            frame, config, lambda: config, lambda: Systemd1.connect(bus.address), tmp_path / "detector.db", path
        )
        running = asyncio.create_task(detector.run())
        try:
            async with asyncio.timeout(PATIENCE_S):
                while len(seen) < 4:
                    await asyncio.sleep(0.02)
                    seen.add(str((statusfile.read(path) or {}).get("checked_at", "")))
        finally:
            frame.stop.set()
            await running
            await fleet.close()

    asyncio.run(run())
    journal.close()
