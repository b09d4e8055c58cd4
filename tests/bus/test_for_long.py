"""The detector under very many signals, and transient units without end: its memory grows with neither.

A short form runs with every test; `make soak` sets STANDFAST_SIGNALS=100000.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import tracemalloc
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from standfast.daemon import Frame
from standfast.detector.config import DetectorConfig, Watch
from standfast.detector.service import Detector
from standfast.heartbeat import Heartbeat
from standfast.journal import Journal
from standfast.systemd1 import Systemd1
from tests.bus.fake_systemd import FakeSystemd
from tests.bus.private_bus import PrivateBus

SIGNALS = int(os.environ.get("STANDFAST_SIGNALS", "2000"))
UNITS = [f"bot{number}.service" for number in range(100)]
# A new unit is asked for nine properties, one that is known for three.
TRANSIENTS = SIGNALS // 10
# The socket's buffer holds some hundreds of them.
AT_ONCE = 50
MOST_GROWTH_MIB = 0.5

pytestmark = pytest.mark.timeout(60 + SIGNALS // 50)

Part = Callable[[Detector, FakeSystemd, range], Awaitable[None]]


def grown_mib(bus: PrivateBus, directory: Path, part: Part, signals: int) -> float:
    """By how much what Python holds grows from after the first signals to the end of all."""
    config = DetectorConfig(check_interval_s=1.0, watch=(Watch("bot*.service"), Watch("run-*.service")))
    journal = Journal("standfast-detector", directory / "doorbell")

    async def run() -> float:
        fleet = FakeSystemd()
        fleet.add(*UNITS)
        await fleet.serve(bus.address)
        frame = Frame(Heartbeat(), journal)
        detector = Detector(
            frame,
            config,
            lambda: config,
            lambda: Systemd1.connect(bus.address),
            directory / "detector.db",
            directory / "status.json",
            directory / "installed",
        )
        running = asyncio.create_task(detector.run())
        try:
            await part(detector, fleet, range(AT_ONCE))
            before = held()
            await part(detector, fleet, range(AT_ONCE, signals))
            return (held() - before) / 2**20
        finally:
            frame.stop.set()
            await running
            await fleet.close()

    # pytest keeps what is logged.
    logging.disable()
    tracemalloc.start()
    try:
        return asyncio.run(run())
    finally:
        tracemalloc.stop()
        logging.disable(logging.NOTSET)
        journal.close()


def held() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def looked(fleet: FakeSystemd) -> None:
    """Two reconciliations from now."""
    await fleet.until_called("ListUnitsByPatterns", fleet.calls.count("ListUnitsByPatterns") + 2)
    fleet.calls.clear()


async def changes(detector: Detector, fleet: FakeSystemd, numbers: range) -> None:
    """The watched units crash and come back, over and over."""
    for number in numbers:
        name = UNITS[number % len(UNITS)]
        crashed = number // len(UNITS) % 2
        await fleet.change(name, active="failed" if crashed else "active", sub="auto-restart" if crashed else "running")
        if number % AT_ONCE == AT_ONCE - 1:
            await fleet.until_called("Get", fleet.calls.count("Get") + 1)
            fleet.calls.clear()
    await looked(fleet)


async def transients(detector: Detector, fleet: FakeSystemd, numbers: range) -> None:
    """Units appear that nobody saw before, and are gone at the next look."""
    for number in numbers:
        name = f"run-{number}.service"
        fleet.add(name)
        await fleet.unit_new(name)
        if number % AT_ONCE == AT_ONCE - 1:
            await fleet.until_called("ListUnitsByNames", fleet.calls.count("ListUnitsByNames") + 1)
            for gone in [name for name in fleet.units if name.startswith("run-")]:
                fleet.units[gone].load, fleet.units[gone].active, fleet.units[gone].sub = (
                    "not-found",
                    "inactive",
                    "dead",
                )
            await looked(fleet)
            for gone in [name for name in fleet.units if name.startswith("run-")]:
                del fleet.units[gone]
    assert not [name for name in detector._mind.state.units if name.startswith("run-")]


@pytest.mark.parametrize(("part", "signals"), [(changes, SIGNALS), (transients, TRANSIENTS)])
def test_memory_stays_flat(bus: PrivateBus, tmp_path: Path, part: Part, signals: int) -> None:
    grown = grown_mib(bus, tmp_path, part, signals)
    print(f"{part.__name__}: {grown:+.2f} MiB over {signals} signals")
    assert grown < MOST_GROWTH_MIB
