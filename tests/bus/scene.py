"""A link to a fake systemd, and a part of a test that is played with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from standfast.detector.clockwork import SteadyClock
from standfast.detector.config import DetectorConfig, Watch
from standfast.detector.link import Link
from standfast.detector.model import Ending, Observation, UnitObservation
from standfast.detector.watched import Watching
from standfast.systemd1 import Systemd1
from tests.bus.fake_systemd import FakeSystemd
from tests.bus.private_bus import PrivateBus

PATIENCE_S = 10.0


@dataclass
class Scene:
    """A link to a fake systemd."""

    systemd: FakeSystemd
    link: Link

    async def everything(self) -> dict[str, UnitObservation]:
        return units(await self.link.observe(everything=True))

    async def next(self) -> dict[str, UnitObservation]:
        """What is observed after the next signal."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await self.link.wake.wait()
                self.link.wake.clear()
                if found := units(await self.link.observe(everything=False)):
                    return found


def units(observations: list[Observation]) -> dict[str, UnitObservation]:
    return {one.unit: one for one in observations if isinstance(one, UnitObservation)}


Play = Callable[[Scene], Awaitable[None]]


def play(
    bus: PrivateBus,
    part: Play,
    *watched: str,
    silence_s: float = 15.0,
    configured: Callable[[str], bool] = bool,
    refused: Callable[[str, str], bool] = lambda unit, run: False,
) -> None:
    """Run a part of a test with a link to units a, b, c (all up) that watches those."""

    async def run() -> None:
        systemd = FakeSystemd()
        systemd.add("a.service", "b.service", "c.service")
        await systemd.serve(bus.address)
        config = DetectorConfig(watch=tuple(Watch(name) for name in watched or ("a.service", "b.service")))
        link = Link(
            lambda: Systemd1.connect(bus.address),
            Watching(config),
            SteadyClock(),
            lambda unit, invocation: Ending.UNKNOWN,
            silence_s=silence_s,
            is_configured=configured,
            was_refused=refused,
        )
        try:
            await part(Scene(systemd, link))
        finally:
            await link.close()
            await systemd.close()

    asyncio.run(run())
