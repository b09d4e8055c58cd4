"""What is read of units that have a limit, on a bus: how much, how often, and what is left alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from standfast.detector import gauges
from standfast.detector.clockwork import SteadyClock
from standfast.detector.config import DetectorConfig, Watch
from standfast.detector.gauges import Gauges, Place
from standfast.detector.link import Link
from standfast.detector.model import Ending
from standfast.detector.prediction.model import Figure, FigureObservation
from standfast.detector.prediction.settings import PredictionSettings
from standfast.detector.watched import Watching
from standfast.systemd1 import Systemd1
from tests.bus.fake_systemd import FakeSystemd, FakeUnit
from tests.bus.private_bus import PrivateBus

MIB = 2**20
SETTINGS = PredictionSettings(window_s=60.0)


class Wound(SteadyClock):
    """A clock that can be put forward."""

    ahead_s = 0.0

    def now(self) -> float:
        return super().now() + self.ahead_s


@dataclass
class Scene:
    systemd: FakeSystemd
    gauges: Gauges
    clock: Wound
    cgroups: Path

    def add(self, name: str, cache: int | None = 0, **more: int | str) -> FakeUnit:
        """A unit whose cgroup says how much of its memory is a cache; None: there is no such cgroup."""
        self.systemd.add(name, cgroup=f"/system.slice/{name}", **more)
        if cache is not None:
            directory = self.cgroups / "system.slice" / name
            directory.mkdir(parents=True)
            (directory / "memory.stat").write_text(f"anon 5\nactive_file {cache}\ninactive_file 0\n")
        return self.systemd.units[name]

    async def read(self, run: str = "1") -> dict[tuple[str, Figure], FigureObservation]:
        places = {name: Place(unit.path, run) for name, unit in self.systemd.units.items()}
        return {(one.of, one.figure): one for one in await self.gauges.read(places)}

    async def later(self, run: str = "1") -> dict[tuple[str, Figure], FigureObservation]:
        self.clock.ahead_s += SETTINGS.sample_s
        return await self.read(run)


def play(bus: PrivateBus, cgroups: Path, part: Callable[[Scene], Awaitable[None]]) -> None:
    async def run() -> None:
        systemd, clock = FakeSystemd(), Wound()
        await systemd.serve(bus.address)
        async with await Systemd1.connect(bus.address) as client:
            await part(Scene(systemd, Gauges(client, clock, SETTINGS, cgroups), clock, cgroups))
        await systemd.close()

    asyncio.run(run())


def test_memory_without_what_is_only_a_cache(bus: PrivateBus, tmp_path: Path) -> None:
    async def part(scene: Scene) -> None:
        unit = scene.add("a.service", cache=100 * MIB, memory=300 * MIB, memory_max=512 * MIB)
        found = (await scene.read())["a.service", Figure.MEMORY]
        assert (found.value, found.limit, found.run) == (200 * MIB, 512 * MIB, "1")
        unit.memory, unit.memory_max = 310 * MIB, 1024 * MIB
        found = (await scene.later())["a.service", Figure.MEMORY]
        assert (found.value, found.limit) == (210 * MIB, 1024 * MIB)

    play(bus, tmp_path, part)


@pytest.mark.parametrize(
    ("more", "cache"),
    [({}, 0), ({"memory": 5}, 0), ({"memory_max": 5}, 0), ({"memory": 5, "memory_max": 5}, None)],
    ids=["nothing", "no limit", "no figure", "no cgroup"],
)
def test_what_cannot_be_known_is_not_said(
    bus: PrivateBus, tmp_path: Path, more: dict[str, int], cache: int | None
) -> None:
    async def part(scene: Scene) -> None:
        scene.add("a.service", cache=cache, **more)
        assert await scene.read() == {}

    play(bus, tmp_path, part)


def test_a_unit_without_limits_costs_nothing_after_the_first_look(bus: PrivateBus, tmp_path: Path) -> None:
    async def part(scene: Scene) -> None:
        scene.add("a.service")
        await scene.read()
        asked = len(scene.systemd.calls)
        await scene.later()
        assert len(scene.systemd.calls) == asked
        await scene.later(run="2")  # another run may have other limits
        assert len(scene.systemd.calls) > asked

    play(bus, tmp_path, part)


def test_it_is_read_once_in_an_interval_and_a_few_at_a_time(
    bus: PrivateBus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gauges, "_AT_ONCE", 2)

    async def part(scene: Scene) -> None:
        for name in "abc":
            scene.add(f"{name}.service", memory=1, memory_max=2)
        looks = [sorted(name for name, _ in await scene.read()) for _ in range(3)]
        assert looks == [["a.service", "b.service"], ["c.service"], []]
        assert [name for name, _ in await scene.later()] == ["a.service", "b.service"]

    play(bus, tmp_path, part)


def test_the_longest_wait_for_a_heartbeat_of_late(bus: PrivateBus, tmp_path: Path) -> None:
    async def part(scene: Scene) -> None:
        unit = scene.add("a.service", watchdog_us=30_000_000)
        assert await scene.read() == {}  # none was sent yet
        for wait_s, longest_s in ((3, 15), (22, 22), (2, 22)):
            unit.heartbeat_us = int((time.monotonic() + scene.clock.ahead_s + SETTINGS.sample_s - wait_s) * 1e6)
            found = (await scene.later())["a.service", Figure.WATCHDOG]
            assert found.value == pytest.approx(longest_s, abs=0.5)  # below half of its time nothing is said
            assert found.limit == 30
        for _ in range(10):
            unit.heartbeat_us = int((time.monotonic() + scene.clock.ahead_s + SETTINGS.sample_s) * 1e6)
            found = (await scene.later())["a.service", Figure.WATCHDOG]
        assert found.value == 15

    play(bus, tmp_path, part)


def test_a_wait_between_two_samples_is_heard_of_and_a_unit_that_is_gone_does_not_hinder_that(
    bus: PrivateBus, tmp_path: Path
) -> None:
    async def part(scene: Scene) -> None:
        unit, gone = scene.add("b.service", watchdog_us=30_000_000), scene.add("a.service", watchdog_us=30_000_000)
        unit.heartbeat_us = gone.heartbeat_us = int(time.monotonic() * 1e6)
        assert len(await scene.read()) == 2
        unit.heartbeat_us = int((time.monotonic() - 25) * 1e6)
        del scene.systemd.units["a.service"]
        places = {name: Place(FakeUnit(name).path, "1") for name in ("a.service", "b.service")}
        assert await scene.gauges.read(places) == [], "the sample is not due"
        unit.heartbeat_us = int((time.monotonic() + SETTINGS.sample_s) * 1e6)
        found = (await scene.later())["b.service", Figure.WATCHDOG]
        assert found.value == pytest.approx(25, abs=0.5)

    play(bus, tmp_path, part)


def test_a_unit_that_is_gone_meanwhile_disturbs_no_other(bus: PrivateBus, tmp_path: Path) -> None:
    async def part(scene: Scene) -> None:
        scene.add("b.service", memory=1, memory_max=2)
        gone = FakeUnit("a.service")
        places = {
            "a.service": Place(f"{gone.path}x", "1"),
            "b.service": Place(scene.systemd.units["b.service"].path, "1"),
        }
        assert [one.of for one in await scene.gauges.read(places)] == ["b.service"]

    play(bus, tmp_path, part)


def test_the_reconciliation_brings_the_figures_of_watched_units_that_run(
    bus: PrivateBus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gauges, "CGROUPS", tmp_path)

    async def run() -> None:
        systemd = FakeSystemd()
        for name in ("a", "b", "c"):
            systemd.add(f"{name}.service", watchdog_us=10_000_000, heartbeat_us=1)
        systemd.units["b.service"].active = "inactive"
        await systemd.serve(bus.address)
        config = DetectorConfig(watch=(Watch("a.service"), Watch("b.service")))
        link = Link(
            lambda: Systemd1.connect(bus.address), Watching(config), SteadyClock(), lambda unit, run: Ending.UNKNOWN
        )
        found = await link.observe(everything=True)
        await link.close()
        await systemd.close()
        assert [one.of for one in found if isinstance(one, FigureObservation)] == ["a.service"]

    asyncio.run(run())
