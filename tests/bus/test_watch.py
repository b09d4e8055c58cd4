"""What the watch over units makes of what systemd says, in the orders that only chance shows on a real one."""

from __future__ import annotations

import asyncio

import pytest

from standfast import systemd1
from standfast.detector.model import Ending, ManagerObservation
from standfast.detector.watch import unit_name
from tests.bus.fake_systemd import UNLIMITED
from tests.bus.private_bus import PrivateBus
from tests.bus.scene import PATIENCE_S, Scene, play, units


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
