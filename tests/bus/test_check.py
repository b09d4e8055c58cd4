"""The check's look at the watchers, while they are on their way and when they are down."""

from __future__ import annotations

import asyncio

import pytest

from standfast.check import watchers
from standfast.systemd1 import Systemd1
from tests.bus.fake_systemd import FakeSystemd
from tests.bus.private_bus import PrivateBus

PATIENCE_S = 10.0


@pytest.mark.parametrize(("after", "well"), [("active", True), ("activating", False), ("failed", False)])
def test_a_watcher_that_is_being_started_is_looked_at_again(bus: PrivateBus, after: str, well: bool) -> None:
    async def run() -> dict[str, bool | None]:
        fleet = FakeSystemd()
        fleet.add("standfast-detector.service", active="activating", sub="start")
        fleet.add("standfast-notifier.service")
        await fleet.serve(bus.address)
        try:
            async with asyncio.timeout(PATIENCE_S), await Systemd1.connect(bus.address) as systemd:
                looking = asyncio.create_task(watchers.looked_at_twice(systemd, 120.0, look_again_after_s=0.3))
                await fleet.until_called("ListUnitsByNames", 1)
                fleet.units["standfast-detector.service"].active = after
                found = await looking
        finally:
            await fleet.close()
        return {answer.question.unit: answer.well for answer in found.answers if answer.question.type == "WATCHER_DOWN"}

    assert asyncio.run(run()) == {"standfast-detector.service": well, "standfast-notifier.service": True}
