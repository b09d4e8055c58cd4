"""Which probes run."""

from __future__ import annotations

import asyncio
from pathlib import Path

from standfast.detector.check_tables import FileCheck
from standfast.detector.clockwork import SteadyClock
from standfast.detector.model import CheckObservation, FileObservation, Observation
from standfast.detector.prober import Prober


def test_the_checks_of_a_unit_that_is_gone_end_and_no_others(tmp_path: Path) -> None:
    path = tmp_path / "there"
    path.write_text("")

    async def run() -> None:
        found: asyncio.Queue[Observation] = asyncio.Queue()
        prober = Prober(SteadyClock(), found.put_nowait)
        check = FileCheck(path=str(path), interval_s=0.01)
        before = asyncio.all_tasks()
        for unit in ("run-1.service", "stays.service"):
            prober.watch_unit(unit, [check])
        prober.watch_file(str(path), 0.01)
        assert len(asyncio.all_tasks() - before) == 3
        prober.keep_units({"stays.service"})
        prober.keep_units({"stays.service"})
        async with asyncio.timeout(10):
            seen = [await found.get() for _ in range(6)]
        assert {one.unit for one in seen if isinstance(one, CheckObservation)} == {"stays.service"}
        assert any(isinstance(one, FileObservation) for one in seen)
        assert len(asyncio.all_tasks() - before) == 2
        await prober.stop()
        assert asyncio.all_tasks() == before

    asyncio.run(run())
