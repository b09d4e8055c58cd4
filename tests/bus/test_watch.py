"""What the watch over units makes of what systemd says, in the orders that only chance shows on a real one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from standfast import systemd1
from standfast.detector.clockwork import SteadyClock
from standfast.detector.config import DetectorConfig, Watch
from standfast.detector.link import Link
from standfast.detector.model import Ending, ManagerObservation, Observation, UnitObservation
from standfast.detector.watch import unit_name
from standfast.detector.watched import Watching
from standfast.systemd1 import Systemd1
from tests.bus.fake_systemd import UNLIMITED, FakeSystemd
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
    bus: PrivateBus, part: Play, *watched: str, silence_s: float = 15.0, configured: Callable[[str], bool] = bool
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
        )
        try:
            await part(Scene(systemd, link))
        finally:
            await link.close()
            await systemd.close()

    asyncio.run(run())


def test_it_subscribes_before_it_reads(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        await scene.everything()
        calls = scene.systemd.calls
        assert calls.index("Subscribe") < calls.index("ListUnitsByNames")

    play(bus, part)


def test_a_signal_leads_to_a_look_at_that_unit_only(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        await scene.everything()
        await scene.systemd.change("a.service", active="failed", sub="failed", result="signal")
        found = await scene.next()
        assert list(found) == ["a.service"]
        assert (found["a.service"].active_state, found["a.service"].result) == ("failed", "signal")

    play(bus, part)


def test_what_a_change_makes_of_the_host_is_known_with_it(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        await scene.everything()
        scene.systemd.system_state = "degraded"
        await scene.systemd.change("a.service", active="failed", sub="failed")
        async with asyncio.timeout(PATIENCE_S):
            await scene.link.wake.wait()
        host, *others = await scene.link.observe(everything=False)
        assert isinstance(host, ManagerObservation)
        assert (host.system_state, [*units(others)]) == ("degraded", ["a.service"])

    play(bus, part)


def test_a_stop_that_is_over_before_anybody_looks_is_the_jobs(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        await scene.everything()
        systemd = scene.systemd
        await systemd.job_new("a.service", 7)
        await systemd.change("a.service", active="deactivating", sub="stop-sigterm", job=(7, "stop"))
        await systemd.change("a.service", active="failed", sub="failed", job=(0, ""), result="exit-code")
        await systemd.job_removed("a.service", 7, "done")
        assert (await scene.next())["a.service"].ended_by is Ending.JOB

    play(bus, part)


def test_a_crash_is_its_own(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        await scene.everything()
        await scene.systemd.change("a.service", active="failed", sub="failed", main_exit=(1, 3))
        seen = (await scene.next())["a.service"]
        assert (seen.ended_by, seen.main_exit) == (Ending.ITSELF, "status 3")

    play(bus, part)


def test_a_crash_that_was_stopped_before_anybody_looked_is_known_by_its_signals(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        await scene.everything()
        systemd = scene.systemd
        await systemd.change("a.service", active="failed", sub="failed-before-auto-restart", result="signal")
        await systemd.change("a.service", active="activating", sub="auto-restart")
        await systemd.change("a.service", active="inactive", sub="dead")
        systemd.units["a.service"].result = "success"  # systemd has unloaded it
        seen = (await scene.next())["a.service"]
        assert (seen.active_state, seen.result) == ("inactive", "signal")
        await systemd.change("a.service", active="active", sub="running", result="success")
        await systemd.change("a.service", active="inactive", sub="dead")
        assert (await scene.next())["a.service"].result == "success", "that was another run"

    play(bus, part)


def test_a_crash_that_was_stopped_while_nobody_watched_is_known_by_what_the_journal_has(bus: PrivateBus) -> None:
    """systemd has unloaded the unit since, and calls its end a success; a later end is told by signals."""

    async def part(scene: Scene) -> None:
        systemd = scene.systemd
        systemd.add("bot@x.service", active="inactive", sub="dead")
        scene.link.recall_ends({"bot@x.service": "signal", "other.service": "signal"})
        found = await scene.everything()
        assert found["bot@x.service"].result == "signal"
        assert "other.service" not in found
        await systemd.change("bot@x.service", active="active", sub="running")
        await scene.next()
        await systemd.change("bot@x.service", active="inactive", sub="dead")
        assert (await scene.next())["bot@x.service"].result == "success"

    play(bus, part, "bot@*.service")


def test_an_instance_that_nobody_configures_is_watched_only_while_it_runs(bus: PrivateBus) -> None:
    """systemd loads one for whoever asks after it, and keeps one that a target once wanted."""
    configured = {"bot@x.service"}

    async def part(scene: Scene) -> None:
        systemd = scene.systemd
        systemd.add("bot@x.service")
        systemd.add("bot@y.service", active="inactive", sub="dead")
        assert sorted(await scene.everything()) == ["bot@x.service", "standfast-master-restart.service"]
        configured.clear()
        await systemd.change("bot@x.service", active="active", sub="running", invocation=b"\x02")
        assert (await scene.next())["bot@x.service"].load_state == "loaded"
        await systemd.change("bot@x.service", active="inactive", sub="dead")
        assert (await scene.next())["bot@x.service"].load_state == "not-found"
        assert "bot@x.service" not in await scene.everything()

    play(bus, part, "bot@*.service", configured=lambda unit: "@" not in unit or unit in configured)


def test_a_stop_that_comes_while_a_crash_goes_on_is_the_jobs(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        await scene.everything()
        systemd = scene.systemd
        await systemd.change("a.service", active="deactivating", sub="stop-post", result="signal")
        await systemd.job_new("a.service", 7)
        await systemd.change("a.service", active="deactivating", sub="stop-post", job=(7, "stop"))
        await systemd.change("a.service", active="failed", sub="failed", job=(0, ""))
        await systemd.job_removed("a.service", 7, "done")
        seen = (await scene.next())["a.service"]
        assert (seen.ended_by, seen.result) == (Ending.JOB, "signal")

    play(bus, part)


def test_a_start_that_comes_down_step_by_step_is_its_own(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        await scene.everything()
        systemd = scene.systemd
        await systemd.job_new("a.service", 7)
        for active, sub in (("activating", "start"), ("deactivating", "stop-sigterm"), ("deactivating", "stop-post")):
            await systemd.change("a.service", active=active, sub=sub, job=(7, "start"))
        await systemd.change("a.service", active="failed", sub="failed", job=(0, ""))
        assert (await scene.next())["a.service"].ended_by is Ending.ITSELF

    play(bus, part)


def test_a_start_that_fails_is_its_own_though_its_job_was_on_it(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        await scene.everything()
        systemd = scene.systemd
        await systemd.job_new("a.service", 7)
        await systemd.change("a.service", active="deactivating", sub="stop-sigterm", job=(7, "restart"))
        await systemd.change("a.service", active="activating", sub="start", job=(7, "start"))
        await systemd.change("a.service", active="failed", sub="failed", job=(7, "start"))
        await systemd.change("a.service", active="failed", sub="failed", job=(0, ""))
        await systemd.job_removed("a.service", 7, "failed")
        assert (await scene.next())["a.service"].ended_by is Ending.ITSELF

    play(bus, part)


def test_a_crash_during_a_reload_is_its_own(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        await scene.everything()
        await scene.systemd.job_new("a.service", 7)
        await scene.systemd.change("a.service", active="reloading", sub="reload", job=(7, "reload"))
        await scene.next()
        await scene.systemd.change("a.service", active="failed", sub="failed", job=(7, "reload"))
        assert (await scene.next())["a.service"].ended_by is Ending.ITSELF

    play(bus, part)


def test_a_dependency_that_failed_shows_in_the_jobs_result(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        scene.systemd.add("a.service", active="inactive", sub="dead", needs=["c.service"])
        await scene.everything()
        await scene.systemd.job_new("a.service", 7)
        await scene.systemd.job_removed("a.service", 7, "dependency")
        assert (await scene.next())["a.service"].job_result == "dependency"

    play(bus, part)


def test_what_a_watched_unit_is_ordered_after_is_known_as_far_as_it_is_watched(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        scene.systemd.units["a.service"].needs = ["b.service", "c.service", "sysinit.target"]
        await scene.everything()
        assert scene.link.after == {"a.service": ("b.service",), "b.service": ()}

    play(bus, part)


def test_what_a_watched_unit_needs_is_looked_at_too(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        scene.systemd.units["a.service"].needs = ["c.service", "sysinit.target"]
        found = await scene.everything()
        assert found["a.service"].needs == ("c.service",)
        assert "c.service" in found
        await scene.systemd.change("c.service", active="failed", sub="failed")
        assert (await scene.next())["c.service"].ended_by is Ending.ITSELF

    play(bus, part, "a.service")


def test_a_glob_finds_what_comes_later_and_keeps_what_is_only_stopped(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        scene.systemd.add("bot@1.service")
        assert "bot@1.service" in await scene.everything()
        scene.systemd.add("bot@2.service")
        await scene.systemd.unit_new("bot@2.service")
        assert "bot@2.service" in await scene.next()
        scene.systemd.add("bot@1.service", active="inactive", sub="dead")
        assert (await scene.everything())["bot@1.service"].active_state == "inactive"
        assert "bot@1.service" in await scene.everything()

    play(bus, part, "bot@*.service")


def test_a_transient_unit_that_is_gone_is_said_once_and_forgotten(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        scene.systemd.add("run-1.service")
        assert "run-1.service" in await scene.everything()
        assert "run-1.service" in scene.link.after
        scene.systemd.add("run-1.service", active="inactive", sub="dead", load="not-found")
        assert (await scene.everything())["run-1.service"].load_state == "not-found"
        assert "run-1.service" not in scene.link.after
        # Looking at what is not there makes systemd load it, and say so.
        await scene.systemd.unit_new("run-1.service")
        scene.systemd.add("run-2.service")
        await scene.systemd.unit_new("run-2.service")
        assert list(await scene.next()) == ["run-2.service"]
        assert "run-1.service" not in await scene.everything()
        scene.systemd.add("run-1.service")
        await scene.systemd.unit_new("run-1.service")
        assert list(await scene.next()) == ["run-1.service"]  # another of this name

    play(bus, part, "run-*.service")


def test_a_unit_that_is_loaded_by_looking_at_it_is_no_news(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        await scene.everything()
        await scene.systemd.unit_new("a.service")
        await scene.systemd.change("b.service", sub="exited")
        assert list(await scene.next()) == ["b.service"]

    play(bus, part)


def test_after_a_reload_dependencies_are_read_anew(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        assert (await scene.everything())["a.service"].needs == ()
        scene.systemd.units["a.service"].needs = ["c.service"]
        await scene.systemd.reloading(True)
        await scene.systemd.reloading(False)
        assert (await scene.next())["a.service"].needs == ("c.service",)

    play(bus, part)


@pytest.mark.parametrize("asked", ["Requires", "Type", "After"])
def test_a_reload_in_the_middle_of_a_look(bus: PrivateBus, asked: str) -> None:
    async def part(scene: Scene) -> None:
        scene.systemd.reloads_when_asked_for = asked
        assert set(await scene.everything()) >= {"a.service", "b.service"}
        scene.systemd.reloads_when_asked_for = ""
        scene.systemd.units["a.service"].needs = ["c.service"]
        assert (await scene.next())["a.service"].needs == ("c.service",), "what was read before it is not kept"

    play(bus, part)


@pytest.mark.parametrize(
    ("wait_us", "next_us", "restart_s"), [(100_000, 0, 0.1), (100_000, 5_000_000, 5.0), (UNLIMITED, 0, None)]
)
def test_how_long_a_pending_restart_is_waited_for_is_asked(
    bus: PrivateBus, wait_us: int, next_us: int, restart_s: float | None
) -> None:
    async def part(scene: Scene) -> None:
        assert (await scene.everything())["a.service"].restart_s is None
        waits = {"restart_us": wait_us, "restart_next_us": next_us}
        await scene.systemd.change("a.service", active="activating", sub="auto-restart", **waits)
        assert (await scene.next())["a.service"].restart_s == restart_s

    play(bus, part)


def test_a_lost_signal_is_found_by_the_reconciliation(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        await scene.everything()
        scene.systemd.units["b.service"].active = "failed"
        assert (await scene.everything())["b.service"].active_state == "failed"

    play(bus, part)


def test_a_restart_that_no_signal_told_of_is_found_too(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        await scene.everything()
        scene.systemd.units["b.service"].n_restarts = 4
        assert (await scene.everything())["b.service"].n_restarts == 4

    play(bus, part)


# dbus_fast leaves closing the socket of a connection that could not be made to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_bus_that_went_away_is_found_again(bus: PrivateBus) -> None:
    async def part(scene: Scene) -> None:
        await scene.everything()
        bus.stop()
        async with asyncio.timeout(PATIENCE_S):
            await scene.link.wake.wait()
        assert not scene.link.is_up
        assert await scene.link.observe(everything=True) == []
        bus.start()
        await scene.systemd.close()
        scene.systemd.units["b.service"].active = "failed"
        await scene.systemd.serve(bus.address)
        found = await scene.link.observe(everything=False)  # all is read again, though nothing was signalled
        assert units(found)["b.service"].active_state == "failed"
        assert ManagerObservation in {type(one) for one in found}

    play(bus, part)


def test_systemd_that_does_not_answer_is_said_and_its_return_too(
    bus: PrivateBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(systemd1, "CALL_TIMEOUT_S", 0.2)

    async def part(scene: Scene) -> None:
        await scene.everything()
        scene.systemd.is_silent = True
        assert await scene.link.observe(everything=True) == []  # it may be busy for a moment
        (silent,) = await scene.link.observe(everything=True)
        assert isinstance(silent, ManagerObservation)
        assert not silent.answers
        scene.systemd.is_silent = False
        again = [one for one in await scene.link.observe(everything=True) if isinstance(one, ManagerObservation)]
        assert [one.answers for one in again] == [True]

    play(bus, part, silence_s=0.3)


def test_many_units_are_read_at_once(bus: PrivateBus) -> None:
    """Unbounded, so many calls would make dbus_fast drop the connection."""

    async def part(scene: Scene) -> None:
        many = [f"bot{number}.service" for number in range(300)]
        scene.systemd.add(*many)
        assert set(many) <= set(await scene.everything())

    play(bus, part, "bot*.service")


def test_the_escapes_of_object_paths() -> None:
    assert unit_name("/org/freedesktop/systemd1/unit/bot_40a_2db_2eservice") == "bot@a-b.service"
